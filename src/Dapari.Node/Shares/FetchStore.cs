using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Dapari.Node.Home;
using Dapari.Peer.Files;
using Dapari.Wire.Files;

namespace Dapari.Node.Shares;

/// <summary>What is kept beside an unfinished file: of which link, which file, by whose receipt, and how many chunks of it are right and on disk.</summary>
internal sealed record FetchRecord(string Share, string Receipt, IReadOnlyList<ShareFile> Files, IReadOnlyList<long> Chunks, IReadOnlyList<string> Saved);

/// <summary>Files that come by a link, on disk: each as a part of its own until it is whole. Nothing is ever written over. One owner.</summary>
/// <param name="folder">Where they go.</param>
/// <param name="share">The link's id, in hexadecimal.</param>
internal sealed class FetchStore(string folder, string share) : IDisposable
{
    private readonly List<string> _saved = [];
    private long[] _chunks = [];
    private FileStream? _part;
    private int _open;

    /// <summary>What this machine drew for this link, in hexadecimal.</summary>
    public string Receipt { get; private set; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The files as the sender tells of them; empty: not told yet.</summary>
    public IReadOnlyList<ShareFile> Files { get; private set; } = [];

    /// <summary>Full paths of what is whole.</summary>
    public IReadOnlyList<string> Saved => _saved;

    /// <summary>Verified bytes that are here.</summary>
    public long Held => Files.Select((file, at) => Math.Min(file.Size, _chunks[at] * FileShape.ChunkBytes)).Sum();

    private string RecordPath => Path.Combine(folder, $".dapari-{share[..16]}.part.json");

    /// <summary>Begins, or goes on with what an earlier run left here.</summary>
    /// <returns>False: this is not what the link offered before.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public bool TryBegin(IReadOnlyList<ShareFile> files)
    {
        if (Files.Count > 0)
            return files.SequenceEqual(Files);
        Directory.CreateDirectory(folder);
        _chunks = new long[files.Count];
        if (TryReadRecord() is { } before && before.Share == share && before.Files.SequenceEqual(files) && before.Chunks.Count == files.Count)
        {
            Receipt = before.Receipt;
            _saved.AddRange(before.Saved);
            for (var at = 0; at < files.Count; at++)
            {
                var part = new FileInfo(PartOf(at));
                var whole = before.Chunks[at] == long.MaxValue;
                _chunks[at] = whole ? long.MaxValue / FileShape.ChunkBytes : part.Exists ? Math.Clamp(before.Chunks[at], 0, part.Length / FileShape.ChunkBytes) : 0;
                if (part.Exists && part.Length == files[at].Size && before.Chunks[at] >= new FileShape(files[at].Size).Chunks)
                    _chunks[at] = before.Chunks[at];
            }
        }

        Files = files;
        return true;
    }

    /// <summary>The first chunk of an item (from 0) that is not here.</summary>
    public long Next(int item) => _chunks[item];

    /// <summary>Keeps the item's next chunk.</summary>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public void Append(int item, ReadOnlySpan<byte> chunk)
    {
        var part = Open(item);
        part.Write(chunk);
        if (++_chunks[item] % FileShape.FanOut == 0)
            Keep(part);
    }

    /// <summary>An item has all its chunks: it gets its name.</summary>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public void Finish(int item)
    {
        var part = Open(item);
        part.Flush(flushToDisk: true);
        Close();
        _saved.Add(Place(PartOf(item), FileName.Clean(Files[item].Name).Value));
        _chunks[item] = long.MaxValue / FileShape.ChunkBytes;
        WriteRecord();
    }

    /// <summary>Everything is here: nothing but the files is left.</summary>
    public void Clear() => File.Delete(RecordPath);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            if (_part is { } part)
                Keep(part);
        }
        catch (IOException)
        {
            // What is not known to be on disk is fetched again.
        }

        Close();
    }

    private FileStream Open(int item)
    {
        if (_part is { } open && _open == item)
            return open;
        Close();
        _open = item;
        _part = new FileStream(PartOf(item), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 0);
        var at = Math.Min(_chunks[item] * FileShape.ChunkBytes, Files[item].Size);
        _part.SetLength(at);
        _part.Position = at;
        return _part;
    }

    private void Close()
    {
        _part?.Dispose();
        _part = null;
    }

    // First the bytes, then the word that they are there.
    private void Keep(FileStream part)
    {
        part.Flush(flushToDisk: true);
        WriteRecord();
    }

    private void WriteRecord() => NodeHome.WriteSecret(
        RecordPath, JsonSerializer.SerializeToUtf8Bytes(new FetchRecord(share, Receipt, Files, [.. _chunks.Select(count => count >= long.MaxValue / FileShape.ChunkBytes ? long.MaxValue : count)], _saved), ShareJson.Default.FetchRecord));

    private FetchRecord? TryReadRecord()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(RecordPath), ShareJson.Default.FetchRecord);
        }
        catch (Exception fault) when (fault is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string PartOf(int item) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".dapari-{share[..16]}-{item + 1}.part"));

    // Moving refuses where there is something of that name: that holds against others who write here, as a look before does not.
    private string Place(string part, string name)
    {
        var (stem, extension) = (Path.GetFileNameWithoutExtension(name), Path.GetExtension(name));
        for (var number = 1; ; number++)
        {
            var path = Path.Combine(folder, number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{stem} ({number}){extension}"));
            if (Path.Exists(path))
                continue;
            try
            {
                File.Move(part, path, overwrite: false);
                return path;
            }
            catch (IOException) when (Path.Exists(path))
            {
                // Somebody was faster.
            }
        }
    }
}
