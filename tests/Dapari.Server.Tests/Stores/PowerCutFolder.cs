using Dapari.Server.Storage.Journal;

namespace Dapari.Server.Tests.Stores;

/// <summary>The power went, or the process was killed, in the middle of this call.</summary>
internal sealed class PowerOffException : Exception;

/// <summary>
/// A disk in memory that tells what was written from what is durable. A cut keeps of each write since the last sync some sectors and not others, and of names made or removed
/// since the last <see cref="SyncNames"/> some; a kill keeps everything. It can be full, and it can fail.
/// </summary>
internal sealed class PowerCutFolder(Random random) : IJournalFolder
{
    private const int Sector = 512;
    private readonly Dictionary<string, MemoryFile> _files = [];
    private readonly Dictionary<string, MemoryFile> _durableNames = [];

    /// <summary>Bytes of all files at most; making another one fails then.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>The power goes at so many calls from now; negative: never.</summary>
    public int OffAfter { get; set; } = -1;

    public bool SyncFails { get; set; }

    public bool WriteFails { get; set; }

    public bool ReadFails { get; set; }

    public IReadOnlyList<string> Names() => [.. _files.Keys];

    public IJournalFile Create(string name, long bytes)
    {
        Call();
        if (_files.Values.Sum(f => f.Length) + bytes > Capacity)
            throw new IOException("No space left on device", 28);
        return _files[name] = new MemoryFile(this, bytes);
    }

    public IJournalFile Open(string name) => _files[name].Reopened();

    public void Delete(string name)
    {
        Call();
        _files.Remove(name);
    }

    public void SyncNames()
    {
        Call();
        _durableNames.Clear();
        foreach (var (name, file) in _files)
            _durableNames[name] = file;
    }

    /// <summary>What a kill leaves: all that was written.</summary>
    public void Kill() => OffAfter = -1;

    /// <summary>What a power cut leaves. Names are kept or lost in the order in which file systems journal them: the changes up to some moment.</summary>
    public void Cut()
    {
        OffAfter = -1;
        foreach (var name in _files.Keys.Except(_durableNames.Keys).ToList())
        {
            if (random.Next(2) == 0)
                _files.Remove(name);
        }

        // Removals that were not synced come back from the newest on: some of them, or none.
        foreach (var name in _durableNames.Keys.Except(_files.Keys).OrderDescending().TakeWhile(_ => random.Next(2) == 0).ToList())
            _files[name] = _durableNames[name];
        foreach (var file in _files.Values)
            file.Cut(random);
        _durableNames.Clear();
        foreach (var (name, file) in _files)
            _durableNames[name] = file;
    }

    /// <summary>One bit of what is durable is another one from now on.</summary>
    public void Spoil(string name, int at) => _files[name].Spoil(at);

    private void Call()
    {
        if (OffAfter >= 0 && OffAfter-- == 0)
            throw new PowerOffException();
    }

    private sealed class MemoryFile(PowerCutFolder folder, long bytes) : IJournalFile
    {
        private byte[] _written = new byte[bytes];
        private byte[] _durable = new byte[bytes];
        private bool _disposed;

        public long Length => _written.Length;

        public MemoryFile Reopened()
        {
            _disposed = false;
            return this;
        }

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            if (offset + source.Length > _written.Length)
                Array.Resize(ref _written, (int)offset + source.Length);
            var whole = folder.OffAfter != 0;
            // The power may go when a part of it is written.
            (whole ? source : source[..(source.Length / 2)]).CopyTo(_written.AsSpan((int)offset));
            folder.Call();
            if (folder.WriteFails)
                throw new IOException("Input/output error", 5);
        }

        public int Read(Span<byte> target, long offset)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            folder.Call();
            if (folder.ReadFails)
                throw new IOException("Input/output error", 5);
            var count = (int)Math.Max(0, Math.Min(target.Length, _written.Length - offset));
            _written.AsSpan((int)offset, count).CopyTo(target);
            return count;
        }

        public void Sync()
        {
            folder.Call();
            if (folder.SyncFails)
                throw new IOException("Input/output error", 5);
            _durable = [.. _written];
        }

        public void Cut(Random random)
        {
            Array.Resize(ref _durable, _written.Length);
            for (var at = 0; at < _written.Length; at += Sector)
            {
                var length = Math.Min(Sector, _written.Length - at);
                if (random.Next(2) == 0)
                    _written.AsSpan(at, length).CopyTo(_durable.AsSpan(at));
            }

            _written = [.. _durable];
        }

        public void Spoil(int at) => _written[at] = _durable[at] ^= 1;

        public void Dispose() => _disposed = true;
    }
}
