using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.Storage;

/// <summary>
/// The recipient's side of a transfer: chunks are held to the tree, written where they belong, and told when they are on disk. Safe for threads: chunks are hashed and written side by
/// side, judged one at a time.
/// </summary>
/// <remarks>
/// What was written is flushed by one task, again and again while there is something: chunks that came meanwhile go with the next flush. Verified pages are kept beside the chunks, so
/// that none is asked for twice.
/// </remarks>
internal sealed class Destination : IDisposable
{
    private const int DiskFull = 28; // ENOSPC, errno(3)
    private const int QuotaFull = 122; // EDQUOT
    private const int MostVerifiers = 64;

    // Chunks that come within this time are told together.
    private static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(5);
    private readonly TransferId _transfer;
    private readonly OpenFiles _files;
    private readonly IFileNews _news;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, (TreeVerifier Verifier, long Used)> _verifiers = [];
    private List<(int Item, long Chunk, FileCarrier Carrier)> _fresh = [];
    private bool _telling;
    private bool _failed;
    private bool _closed;
    private long _uses;

    private Destination(TransferId transfer, ItemPlace place, OpenFiles files, IFileNews news, TimeProvider time) =>
        (_transfer, Place, _files, _news, _time) = (transfer, place, files, news, time);

    /// <summary>What the items are.</summary>
    public ItemPlace Place { get; }

    /// <summary>Makes, or finds again, where chunks are kept; asks for all their room.</summary>
    /// <param name="folder">The transfer's.</param>
    /// <param name="transfer">Which.</param>
    /// <param name="items">In order; the first is the manifest.</param>
    /// <param name="news">Is told.</param>
    /// <param name="time">For gathering.</param>
    /// <param name="isNew">Nothing can be there yet, whatever was believed.</param>
    /// <exception cref="IOException">The disk refuses; <see cref="TroubleOf"/> says how.</exception>
    public static Destination Open(string folder, TransferId transfer, IReadOnlyList<FileId> items, IFileNews news, TimeProvider time, out bool isNew)
    {
        var place = new ItemPlace(items);
        var known = SourceIndex.TryRead(folder) is { Outgoing: false } index && index.Ids() is { } ids && ids.Count <= items.Count && ids.SequenceEqual(items.Take(ids.Count)) ? ids : null;
        if (known is null && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        isNew = known is null;
        var files = new OpenFiles(folder);
        try
        {
            var drive = new DriveInfo(folder);
            if (drive.AvailableFreeSpace < Missing(folder, place))
                throw new IOException("There is no room for it.", DiskFull);
            // A file system in memory fills every page as soon as its room is asked for: a third of a second for each GiB, which lanes do side by side as they write.
            var reserves = drive.DriveFormat != "tmpfs";
            for (var item = 0; item < items.Count; item++)
            {
                if (!place.IsShared(item) && items[item].Shape.Size > 0)
                    isNew |= files.Create(place.NameOf(item), items[item].Shape.Size, reserves) && known is not null && item < known.Count;
            }

            if (place.SharedBytes > 0)
                isNew |= files.Create(ItemPlace.Shared, place.SharedBytes, reserves) && known is not null && new ItemPlace(known).SharedBytes > 0;
            if (place.TreeBytes > 0)
                files.Create(ItemPlace.Tree, place.TreeBytes, reserves);
            if (known?.Count != items.Count)
                SourceIndex.Received(items).Write(folder);
            return new Destination(transfer, place, files, news, time);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>What the engine is told of a failing disk.</summary>
    public static TransferTrouble TroubleOf(Exception fault) =>
        fault is IOException { HResult: DiskFull or QuotaFull } ? TransferTrouble.NoRoom : TransferTrouble.StorageFailed;

    /// <summary>Judges and keeps a page; false: it is not the item's.</summary>
    public bool AddPage(int item, TreePage name, ReadOnlySpan<byte> hashes)
    {
        lock (_lock)
        {
            if (item >= Place.Items.Count || _closed)
                return false;
            var verdict = Verifier(item).AddPage(name, hashes, out _);
            if (verdict == TreeVerdict.NeedsPage && HasPages(item, name.Index * Power(name.Level), name.Level))
                verdict = Verifier(item).AddPage(name, hashes, out _);
            if (verdict != TreeVerdict.Right)
                return false;
        }

        try
        {
            _files.Write(ItemPlace.Tree, Place.HashAt(item, name.Level - 1, name.Index * FileShape.FanOut), hashes);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // It is asked for again then; a full disk is told by the next chunk.
        }

        return true;
    }

    /// <summary>Whether the pages over a chunk are here: in memory, or kept by an earlier run and still right.</summary>
    public bool HasPages(int item, long chunk)
    {
        lock (_lock)
            return !_closed && HasPages(item, chunk, 0);
    }

    /// <summary>A whole chunk: judged, written, and told when it is on disk. The memory is the caller's again.</summary>
    public void Take(int item, long chunk, ReadOnlySpan<byte> bytes, FileCarrier carrier)
    {
        lock (_lock)
        {
            if (_failed || _closed)
                return;
        }

        // Nothing is hashed for whoever sent what cannot be judged.
        if (HasPages(item, chunk))
            Take(item, chunk, bytes, FileHash.Leaf(bytes), carrier);
        else
            _news.Wrong(_transfer, new ChunkRange { Item = (uint)item, First = (uint)chunk, Count = 1 }, carrier == FileCarrier.DropOff);
    }

    /// <summary>A whole chunk that was hashed already: else as <see cref="Take(int, long, ReadOnlySpan{byte}, FileCarrier)"/>.</summary>
    public void Take(int item, long chunk, ReadOnlySpan<byte> bytes, TreeHash leaf, FileCarrier carrier)
    {
        bool right;
        lock (_lock)
        {
            if (_failed || _closed)
                return;
            right = HasPages(item, chunk, 0) && Verifier(item).CheckLeaf(chunk, bytes.Length, leaf, out _) == TreeVerdict.Right;
        }

        if (!right)
        {
            _news.Wrong(_transfer, new ChunkRange { Item = (uint)item, First = (uint)chunk, Count = 1 }, carrier == FileCarrier.DropOff);
            return;
        }

        try
        {
            _files.Write(Place.NameOf(item), Place.StartOf(item) + (chunk * FileShape.ChunkBytes), bytes);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            Fail(fault);
            return;
        }

        lock (_lock)
        {
            _fresh.Add((item, chunk, carrier));
            if (_telling || _closed)
                return;
            _telling = true;
        }

        _ = Task.Run(TellAsync);
    }

    /// <summary>The manifest's bytes; null: they cannot be read.</summary>
    public byte[]? ReadManifest()
    {
        try
        {
            var bytes = new byte[Place.Items[0].Shape.Size];
            return _files.TryRead(Place.NameOf(0), 0, bytes) ? bytes : null;
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first bytes of the first items.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Heads()
    {
        const int MostHeads = 64;
        const int HeadBytes = 1024;
        var heads = new List<ReadOnlyMemory<byte>>();
        for (var item = 1; item < Place.Items.Count && item <= MostHeads; item++)
        {
            var head = new byte[Math.Min(HeadBytes, Place.Items[item].Shape.Size)];
            if (head.Length > 0 && !_files.TryRead(Place.NameOf(item), Place.StartOf(item), head))
                throw new IOException("What was kept is shorter than it was.");
            heads.Add(head);
        }

        _files.Flush();
        return heads;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _closed = true;
        _files.Dispose();
    }

    private static long Missing(string folder, ItemPlace place)
    {
        var there = new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
        return Math.Max(0, place.TotalBytes + place.TreeBytes - there);
    }

    private static long Power(int levels)
    {
        var chunks = 1L;
        for (var level = 0; level < levels; level++)
            chunks *= FileShape.FanOut;
        return chunks;
    }

    private async Task TellAsync()
    {
        while (true)
        {
            await Task.Delay(_gather, _time);
            List<(int Item, long Chunk, FileCarrier Carrier)> told;
            lock (_lock)
            {
                if (_fresh.Count == 0 || _closed || _failed)
                {
                    _telling = false;
                    return;
                }

                (told, _fresh) = (_fresh, []);
            }

            try
            {
                _files.Flush();
            }
            catch (Exception fault) when (fault is IOException or ObjectDisposedException)
            {
                Fail(fault);
                continue;
            }

            foreach (var (range, carrier) in Joined(told))
                _news.Verified(_transfer, range, carrier);
        }
    }

    private static IEnumerable<(ChunkRange Range, FileCarrier Carrier)> Joined(List<(int Item, long Chunk, FileCarrier Carrier)> told)
    {
        told.Sort();
        for (var i = 0; i < told.Count;)
        {
            var first = told[i];
            var count = 1;
            while (i + count < told.Count && told[i + count] == (first.Item, first.Chunk + count, first.Carrier))
                count++;
            yield return (new ChunkRange { Item = (uint)first.Item, First = (uint)first.Chunk, Count = (uint)count }, first.Carrier);
            i += count;
        }
    }

    private void Fail(Exception fault)
    {
        lock (_lock)
        {
            if (_failed || _closed)
                return;
            _failed = true;
            _fresh.Clear();
        }

        _news.DestinationFailed(_transfer, TroubleOf(fault), lost: false);
    }

    // Down to the page of a level, from the root: those that memory lost are read again, and held to what is above them.
    private bool HasPages(int item, long chunk, int above)
    {
        var shape = Place.Items[item].Shape;
        if (chunk >= shape.Chunks)
            return false;
        var verifier = Verifier(item);
        for (var level = shape.Levels; level > above; level--)
        {
            var index = FileShape.PageOver(chunk, level);
            if (verifier.Has(new TreePage(level, index)))
                continue;
            var hashes = new byte[shape.PageCount(level, index) * TreeHash.Length];
            try
            {
                if (!_files.TryRead(ItemPlace.Tree, Place.HashAt(item, level - 1, index * FileShape.FanOut), hashes))
                    return false;
            }
            catch (Exception fault) when (fault is IOException or ObjectDisposedException)
            {
                return false;
            }

            if (verifier.AddPage(new TreePage(level, index), hashes, out _) != TreeVerdict.Right)
                return false;
        }

        return true;
    }

    private TreeVerifier Verifier(int item)
    {
        if (_verifiers.TryGetValue(item, out var known))
        {
            _verifiers[item] = (known.Verifier, ++_uses);
            return known.Verifier;
        }

        if (_verifiers.Count >= MostVerifiers)
            _verifiers.Remove(_verifiers.MinBy(one => one.Value.Used).Key);
        var made = new TreeVerifier(Place.Items[item]);
        _verifiers.Add(item, (made, ++_uses));
        return made;
    }
}
