using Dapari.Peer.Hosting;
using Dapari.Simulation.Servers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Files;

/// <summary>Drop-offs: sealed and left a chunk at a time from where the server is; fetched a range at a time; removed, tried again a few times.</summary>
internal sealed partial class SimFiles
{
    private const int RemoveTries = 4;

    private readonly Dictionary<TransferId, UploadJob> _uploads = [];
    private readonly Dictionary<TransferId, object> _fetches = [];
    private readonly long _webMs = random.PickAny(3, 10, 40, 150);

    private void Upload(TransferId id, DropOff dropOff, byte[] token)
    {
        if (!Sources.TryGetValue(id, out var files))
        {
            Tell(new FileEvent.SourceReady(id, false));
            Tell(new FileEvent.UploadFailed(id, UploadFault.Source));
            return;
        }

        world.Ledger.Left(dropOff.BlobId, id, peer);
        var job = new UploadJob(dropOff, token, [.. Chunks([.. files.Select(file => file.Id)], dropOff)]);
        _uploads[id] = job;
        Later(5, 5 + _webMs, () => Leave(id, job));
    }

    private void Leave(TransferId id, UploadJob job)
    {
        if (_uploads.GetValueOrDefault(id) != job)
            return;
        if (world.ServerAt(job.DropOff.Server) is not { } server || !server.Answers(peer))
            Fail(id, UploadFault.Unreachable);
        else if (server.ByUpload(job.DropOff.BlobId, job.Token) is not { } blob)
            Fail(id, UploadFault.UnknownToken);
        else if (server.DiskFull)
            Fail(id, UploadFault.NoRoom);
        else if (blob.Units.Count >= job.Chunks.Length)
        {
            job.Done = blob.Units.Count;
            _uploads.Remove(id);
            Tell(new FileEvent.LeftAtServer(id, WholeOf(job)));
        }
        else
        {
            var (item, chunk, _) = job.Chunks[blob.Units.Count];
            if (blob.Size != DropOffLayout.Size([.. Sources[id].Select(file => file.Id)], job.DropOff.Spans))
                world.Broken($"{peer.Name} begins a drop-off of another size than what it leaves");
            if (!TryGive(id, item, out var file))
            {
                Fail(id, UploadFault.Source);
                return;
            }

            world.Ledger.Seal(job.DropOff.Key, blob.Units.Count, file.Chunk(chunk), world);
            blob.Units.Add((job.DropOff.Key, file.Chunk(chunk)));
            job.Done = blob.Units.Count;
            job.Bytes += (ulong)file.Id.Shape.ChunkLength(chunk);
            Tell(new FileEvent.Uploaded(id, job.Bytes));
            Later(_webMs, (_easy ? 4 : 2) * _webMs, () => Leave(id, job));
        }
    }

    private void Fail(TransferId id, UploadFault fault)
    {
        _uploads.Remove(id);
        Tell(new FileEvent.UploadFailed(id, fault));
    }

    private void StopUpload(TransferId id)
    {
        if (_uploads.Remove(id, out var job))
            Tell(new FileEvent.LeftAtServer(id, WholeOf(job)));
    }

    private void Fetch(TransferId id, DropOff dropOff, ChunkRange range)
    {
        var job = new object();
        _fetches[id] = job;
        if (world.ServerAt(dropOff.Server) is not { } server)
        {
            world.Broken($"{peer.Name} fetches from a server that is nobody's: {dropOff.Server}");
            return;
        }

        Later(5, 5 + _webMs, () => FetchOne(id, job, server, dropOff, range, 0));
    }

    private void FetchOne(TransferId id, object job, SimServer server, DropOff dropOff, ChunkRange range, long at)
    {
        if (_fetches.GetValueOrDefault(id) != job || !_destinations.TryGetValue(id, out var items))
            return;
        var chunk = range.First + at;
        if (!server.Answers(peer))
        {
            _fetches.Remove(id);
            Tell(new FileEvent.FetchFailed(id, dropOff.BlobId, false));
            return;
        }

        var place = Array.FindIndex([.. Chunks(items, dropOff)], one => one.Item == range.Item && one.Chunk == chunk);
        if (server.ByRead(dropOff.BlobId, dropOff.ReadToken) is not { } blob || place < 0 || place >= blob.Units.Count)
        {
            _fetches.Remove(id);
            Tell(new FileEvent.FetchFailed(id, dropOff.BlobId, true));
            return;
        }

        var unit = blob.Units[place];
        if (unit.Key != dropOff.Key)
        {
            _fetches.Remove(id);
            Tell(new FileEvent.Wrong(id, new ChunkRange { Item = range.Item, First = (uint)chunk, Count = 1 }, true));
        }
        else if (Take(id, range.Item, chunk, unit.Chunk, left: true) && at + 1 < range.Count)
        {
            Later(_webMs, (_easy ? 4 : 2) * _webMs, () => FetchOne(id, job, server, dropOff, range, at + 1));
        }
        else
        {
            _fetches.Remove(id);
        }
    }

    private void Remove(DropOff dropOff, int tries)
    {
        if (world.ServerAt(dropOff.Server) is not { } server)
            return;
        Later(5, 5 + _webMs, () =>
        {
            if (server.Answers(peer))
                server.Remove(dropOff.BlobId, dropOff.ReadToken);
            else if (tries < RemoveTries)
                Later(5_000L << tries, 10_000L << tries, () => Remove(dropOff, tries + 1));
        });
    }

    private static DropOff? WholeOf(UploadJob job)
    {
        var left = job.DropOff.Clone();
        left.Spans.Clear();
        foreach (var (_, _, counted) in job.Chunks.Take(job.Done))
        {
            if (left.Spans.Count > 0 && left.Spans[^1].First + left.Spans[^1].Count == (ulong)counted)
                left.Spans[^1].Count++;
            else
                left.Spans.Add(new ChunkSpan { First = (ulong)counted, Count = 1 });
        }

        return left.Spans.Count == 0 ? null : left;
    }

    /// <summary>The chunks of a drop-off in the blob's order.</summary>
    private static IEnumerable<(uint Item, long Chunk, long Counted)> Chunks(IReadOnlyList<FileId> items, DropOff dropOff)
    {
        foreach (var span in dropOff.Spans)
        {
            for (var counted = (long)span.First; counted < (long)(span.First + span.Count); counted++)
            {
                var rest = counted;
                var item = 0;
                while (item < items.Count && rest >= items[item].Shape.Chunks)
                    rest -= items[item++].Shape.Chunks;
                if (item == items.Count)
                    yield break;
                yield return ((uint)item, rest, counted);
            }
        }
    }

    private sealed class UploadJob(DropOff dropOff, byte[] token, (uint Item, long Chunk, long Counted)[] chunks)
    {
        public DropOff DropOff { get; } = dropOff;

        public byte[] Token { get; } = token;

        public (uint Item, long Chunk, long Counted)[] Chunks { get; } = chunks;

        /// <summary>Chunks that are whole at the server.</summary>
        public int Done { get; set; }

        public ulong Bytes { get; set; }
    }
}
