using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Testing;

/// <summary>Drop-offs: sealed and left a unit at a time, fetched a range at a time, as far as a test allows.</summary>
public sealed partial class MemoryFileLink
{
    private readonly Dictionary<TransferId, UploadJob> _uploads = [];
    private readonly Dictionary<TransferId, (DropOff DropOff, ChunkRange Range)> _fetches = [];

    /// <summary>Chunks that may still be left or fetched; what is behind them waits.</summary>
    public int Chunks { get; set; } = int.MaxValue;

    public void Upload(TransferId transfer, DropOff dropOff, ReadOnlyMemory<byte> token)
    {
        if (!Sources.TryGetValue(transfer, out var files))
        {
            SourceReady?.Invoke(transfer, false);
            UploadFailed?.Invoke(transfer, UploadFault.Source);
            return;
        }

        _uploads[transfer] = new UploadJob(dropOff, token.ToArray(), [.. DropOffUnits.Of([.. files.Select(file => file.Id)], dropOff.Spans)]);
    }

    public void StopUpload(TransferId transfer)
    {
        if (_uploads.Remove(transfer, out var job))
            LeftAtServer?.Invoke(transfer, WholeOf(job));
    }

    public void Fetch(TransferId transfer, DropOff dropOff, ChunkRange range) => _fetches[transfer] = (dropOff, range);

    public void StopFetch(TransferId transfer) => _fetches.Remove(transfer);

    /// <summary>A little of what is under way; false: nothing is, or nothing may.</summary>
    public bool Work()
    {
        var any = false;
        foreach (var (transfer, job) in _uploads.ToList())
        {
            if (Chunks <= 0)
                break;
            any = true;
            Leave(transfer, job);
        }

        foreach (var (transfer, (dropOff, range)) in _fetches.ToList())
        {
            if (Chunks <= 0)
                break;
            any = true;
            _fetches.Remove(transfer);
            Fetched(transfer, dropOff, range);
        }

        return any;
    }

    private static DropOff? WholeOf(UploadJob job)
    {
        var left = job.DropOff.Clone();
        left.Spans.Clear();
        foreach (var unit in job.Units.Where(unit => !unit.Pages && unit.Offset + unit.Length <= job.Received))
        {
            if (left.Spans.Count > 0 && left.Spans[^1].First + left.Spans[^1].Count == (ulong)unit.Counted)
                left.Spans[^1].Count++;
            else
                left.Spans.Add(new ChunkSpan { First = (ulong)unit.Counted, Count = 1 });
        }

        return left.Spans.Count == 0 ? null : left;
    }

    private void Leave(TransferId transfer, UploadJob job)
    {
        if (servers(job.DropOff.Server) is not { } server)
        {
            _uploads.Remove(transfer);
            UploadFailed?.Invoke(transfer, UploadFault.Unreachable);
            return;
        }

        if (server.ReceivedOf(job.DropOff.BlobId, job.Token) is not { } received)
        {
            _uploads.Remove(transfer);
            UploadFailed?.Invoke(transfer, UploadFault.UnknownToken);
            return;
        }

        job.Received = received;
        var next = job.Units.FirstOrDefault(unit => unit.Offset + unit.Length > received);
        if (next.Length == 0)
        {
            _uploads.Remove(transfer);
            LeftAtServer?.Invoke(transfer, WholeOf(job));
            return;
        }

        if (!TryGive(transfer, (uint)next.Item, out var file))
        {
            _uploads.Remove(transfer);
            UploadFailed?.Invoke(transfer, UploadFault.Source);
            return;
        }

        var plain = next.Pages ? file.PagesOver(next.Chunk) : file.Chunk(next.Chunk).ToArray();
        if (Sealed.TryGetValue((job.DropOff.Key, next.Number), out var before) && !before.AsSpan().SequenceEqual(plain))
            throw new InvalidOperationException("One key and number for two different units.");
        Sealed[(job.DropOff.Key, next.Number)] = plain;
        var cipher = DropOffUnits.Seal(job.DropOff.Key, next.Number, plain);
        // A part of a unit may be there already, of a body that broke.
        server.Put(job.DropOff.BlobId, job.Token, received, cipher.AsSpan((int)(received - next.Offset)));
        job.Received = next.Offset + next.Length;
        if (next.Pages)
            return;
        Chunks -= Chunks == int.MaxValue ? 0 : 1;
        Uploaded?.Invoke(transfer, (ulong)job.Units.Where(unit => !unit.Pages && unit.Offset + unit.Length <= job.Received).Sum(unit => unit.Length - DropOffLayout.TagBytes));
    }

    private void Fetched(TransferId transfer, DropOff dropOff, ChunkRange range)
    {
        if (servers(dropOff.Server) is not { } server)
        {
            FetchFailed?.Invoke(transfer, dropOff.BlobId, false);
            return;
        }

        var items = _destinations[transfer];
        DropOffUnits.Unit pages = default;
        foreach (var unit in DropOffUnits.Of(items, dropOff.Spans))
        {
            if (unit.Pages)
                pages = unit;
            if (unit.Pages || unit.Item != range.Item || unit.Chunk < range.First || unit.Chunk >= range.First + range.Count)
                continue;
            if (items[unit.Item].Shape.Levels > 0 && (!TryOpen(server, dropOff, pages, out var hashes) || !AddPages(transfer, unit, hashes)))
            {
                Lost(server, transfer, dropOff, range, unit);
                return;
            }

            if (!TryOpen(server, dropOff, unit, out var bytes))
            {
                Lost(server, transfer, dropOff, range, unit);
                return;
            }

            Chunks -= Chunks == int.MaxValue ? 0 : 1;
            FetchedChunks++;
            if (!Take(transfer, range.Item, (uint)unit.Chunk, bytes, fromDropOff: true))
                return;
        }
    }

    private void Lost(ModelServer server, TransferId transfer, DropOff dropOff, ChunkRange range, DropOffUnits.Unit unit)
    {
        if (server.Get(dropOff.BlobId, dropOff.ReadToken.Span, unit.Offset, unit.Length) is null)
            FetchFailed?.Invoke(transfer, dropOff.BlobId, true);
        else
            Wrong?.Invoke(transfer, new ChunkRange { Item = range.Item, First = (uint)unit.Chunk, Count = 1 }, true);
    }

    private bool AddPages(TransferId transfer, DropOffUnits.Unit unit, byte[] hashes)
    {
        var verifier = Verifier(transfer, unit.Item);
        var shape = verifier.File.Shape;
        var at = 0;
        for (var level = shape.Levels; level >= 1; level--)
        {
            var name = new TreePage(level, FileShape.PageOver(unit.Chunk, level));
            var length = shape.PageCount(level, name.Index) * TreeHash.Length;
            if (at + length > hashes.Length || verifier.AddPage(name, hashes.AsSpan(at, length), out _) != TreeVerdict.Right)
                return false;
            at += length;
        }

        return true;
    }

    private static bool TryOpen(ModelServer server, DropOff dropOff, DropOffUnits.Unit unit, out byte[] plain)
    {
        plain = server.Get(dropOff.BlobId, dropOff.ReadToken.Span, unit.Offset, unit.Length) is { } cipher
            ? DropOffUnits.Open(dropOff.Key, unit.Number, cipher) ?? [] : [];
        return plain.Length > 0;
    }

    private sealed class UploadJob(DropOff dropOff, byte[] token, IReadOnlyList<DropOffUnits.Unit> units)
    {
        public DropOff DropOff { get; } = dropOff;

        public byte[] Token { get; } = token;

        public IReadOnlyList<DropOffUnits.Unit> Units { get; } = units;

        public long Received { get; set; }
    }
}
