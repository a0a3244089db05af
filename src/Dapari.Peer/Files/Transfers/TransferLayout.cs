using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>
/// The chunks of a transfer counted through: the manifest's first, then item 1's, and so on. One number for each chunk keeps what is said of thousands
/// of small files as short as what is said of a large one.
/// </summary>
internal sealed class TransferLayout
{
    private readonly FileId[] _items;
    private readonly long[] _starts;

    /// <summary>A layout.</summary>
    /// <param name="manifest">Item 0; null: there is none.</param>
    /// <param name="items">From item 1 on; empty while the manifest was not read.</param>
    public TransferLayout(FileId? manifest, IReadOnlyList<FileId> items)
    {
        _items = [manifest ?? new FileId(FileHash.Empty, new FileShape(0)), .. items];
        _starts = new long[_items.Length + 1];
        for (var i = 0; i < _items.Length; i++)
            _starts[i + 1] = _starts[i] + _items[i].Shape.Chunks;
    }

    /// <summary>Chunks of all.</summary>
    public long Chunks => _starts[^1];

    /// <summary>Chunks of the manifest: they are the first.</summary>
    public long ManifestChunks => _starts[1];

    /// <summary>Items, the manifest's place included.</summary>
    public int Items => _items.Length;

    public FileId this[int item] => _items[item];

    /// <summary>Which item a chunk is of.</summary>
    public int ItemOf(long chunk)
    {
        var at = Array.BinarySearch(_starts, chunk);
        // Empty items begin where the next one does: the last of them is meant.
        if (at < 0)
            return ~at - 1;
        while (_starts[at + 1] == chunk)
            at++;
        return at;
    }

    /// <summary>Where an item's chunks begin and end.</summary>
    public (long First, long End) Of(int item) => (_starts[item], _starts[item + 1]);

    /// <summary>At most so many chunks from one on, of one item and under one page of hashes.</summary>
    public ChunkRange Range(long first, long most)
    {
        var item = ItemOf(first);
        var own = first - _starts[item];
        var count = Math.Min(Math.Min(most, _starts[item + 1] - first), FileShape.FanOut - (own % FileShape.FanOut));
        return new ChunkRange { Item = (uint)item, First = (uint)own, Count = (uint)count };
    }

    /// <summary>A range, counted through; false if the transfer does not have it.</summary>
    public bool TryPlace(ChunkRange range, out long first, out long end)
    {
        (first, end) = (0, 0);
        if (range.Item >= _items.Length || range.Count == 0 || (long)range.First + range.Count > _items[(int)range.Item].Shape.Chunks)
            return false;
        first = _starts[(int)range.Item] + range.First;
        end = first + range.Count;
        return true;
    }

    /// <summary>All items in order; the first is the manifest, of no bytes if there is none.</summary>
    public IReadOnlyList<FileId> All => _items;

    /// <summary>Bytes of chunks of any items; what lies beyond the last one counts nothing.</summary>
    public long BytesOf(long first, long end)
    {
        var bytes = 0L;
        for (end = Math.Min(end, Chunks); first < end;)
        {
            var until = Math.Min(end, _starts[ItemOf(first) + 1]);
            bytes += Bytes(first, until);
            first = until;
        }

        return bytes;
    }

    /// <summary>Bytes of chunks of one item.</summary>
    public long Bytes(long first, long end)
    {
        var item = ItemOf(first);
        var shape = _items[item].Shape;
        var last = end - 1 - _starts[item];
        return ((end - first - 1) * FileShape.ChunkBytes) + shape.ChunkLength(last);
    }
}
