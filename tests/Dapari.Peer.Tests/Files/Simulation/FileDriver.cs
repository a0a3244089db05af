using Dapari.Peer.Files;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Files.Simulation;

/// <summary>A driver of files with a real verifier, a model disk and a model line.</summary>
internal sealed class FileDriver(FilePeer peer)
{
    private readonly Dictionary<(TransferId, int), TreeVerifier> _verifiers = [];
    private readonly HashSet<(TransferId, uint, uint)> _expected = [];
    private readonly Dictionary<TransferId, int> _serving = [];
    private readonly Dictionary<TransferId, int> _fetching = [];
    private readonly Dictionary<TransferId, (int Run, List<long> Done)> _uploads = [];

    /// <summary>What this device sends: by transfer and item, survives crashes.</summary>
    public Dictionary<(TransferId, int), SourceFile> Sources { get; } = [];

    /// <summary>Verified chunks: survive crashes.</summary>
    public Dictionary<(TransferId, uint, uint), byte[]> Disk { get; } = [];

    public HashSet<TransferId> InPlace { get; } = [];

    public int RoomFailures { get; set; }

    /// <summary>The most items of a transfer that keep pages at once would be more memory than one; the driver keeps one verifier at a time for each.</summary>
    public int MostPages => _verifiers.Values.Select(verifier => verifier.PagesKept).DefaultIfEmpty().Max();

    private FileWorld World => peer.World;

    public void Reset()
    {
        _verifiers.Clear();
        _expected.Clear();
        _serving.Clear();
        _fetching.Clear();
        _uploads.Clear();
    }

    public void ChannelClosed()
    {
        _expected.Clear();
        _serving.Clear();
    }

    public void Perform(FileEffect effect)
    {
        switch (effect)
        {
            case FileEffect.SendFrame(_, var frame):
                var bytes = FileChannelCodec.Write(frame);
                World.Carry(0, () =>
                {
                    Assert.True(FileChannelCodec.TryRead(bytes, out var read, out var fault), fault.ToString());
                    var control = read.Control!;
                    peer.Other.Do((machine, step) => machine.FrameArrived(step, peer.Id, control));
                });
                break;
            case FileEffect.OpenSource(var id, _):
                Later(5, () => peer.Do((machine, step) => machine.SourceReady(step, id, true)));
                break;
            case FileEffect.OpenDestination(var id, _):
                Later(5, () =>
                {
                    if (RoomFailures-- > 0)
                        peer.Do((machine, step) => machine.DestinationFailed(step, id, Store.TransferTrouble.NoRoom));
                    else
                        peer.Do((machine, step) => machine.Ready(step, id));
                });
                break;
            case FileEffect.ReadManifest(var id):
                Later(5, () =>
                {
                    var manifest = Read(id, 0);
                    peer.Do((machine, step) => machine.ManifestRead(step, id, manifest));
                });
                break;
            case FileEffect.Expect(_, var id, var range):
                for (var chunk = range.First; chunk < range.First + range.Count; chunk++)
                    _expected.Add((id, range.Item, chunk));
                break;
            case FileEffect.ExpectNothing(_, var id):
                _expected.RemoveWhere(expected => expected.Item1 == id);
                break;
            case FileEffect.Serve(var contact, var id, var range, var pages):
                Serve(contact, id, range, pages);
                break;
            case FileEffect.StopServing(_, var id):
                _serving[id] = _serving.GetValueOrDefault(id) + 1;
                break;
            case FileEffect.Fetch(var id, var dropOff, var range):
                Fetch(id, dropOff, range);
                break;
            case FileEffect.StopFetch(var id):
                _fetching[id] = _fetching.GetValueOrDefault(id) + 1;
                break;
            case FileEffect.Upload(var id, var spans):
                Upload(id, spans);
                break;
            case FileEffect.StopUpload(var id):
                Later(3, () => EndUpload(id));
                break;
            case FileEffect.Finish(var id):
                InPlace.Add(id);
                Later(5, () => peer.Do((machine, step) => machine.Finished(step, id)));
                break;
        }
    }

    /// <summary>An item's bytes, as far as they are on disk.</summary>
    public byte[] Read(TransferId id, int item) =>
        [.. Disk.Where(chunk => chunk.Key.Item1 == id && chunk.Key.Item2 == item).OrderBy(chunk => chunk.Key.Item3).SelectMany(chunk => chunk.Value)];

    private void Later(long ms, Action what)
    {
        var life = peer.Life;
        World.After(ms, () =>
        {
            if (life == peer.Life)
                what();
        });
    }

    private void Serve(ContactId contact, TransferId id, ChunkRange range, bool pages)
    {
        var source = Sources[(id, (int)range.Item)];
        var run = _serving.GetValueOrDefault(id);
        if (pages)
        {
            for (var level = source.Id.Shape.Levels; level >= 1; level--)
            {
                var name = new TreePage(level, FileShape.PageOver(range.First, level));
                var hashes = source.Pages[name];
                World.Carry(1, () => peer.Other.Driver.PageArrived(id, range.Item, name, hashes));
            }
        }

        for (var chunk = range.First; chunk < range.First + range.Count; chunk++)
        {
            var number = chunk;
            var bytes = source.Chunk(number);
            if (World.Lies > 0 && World.Chance(10))
            {
                World.Lies--;
                bytes = [.. bytes];
                bytes[World.Random.Next(bytes.Length)] ^= 0x40;
            }

            var last = chunk + 1 == range.First + range.Count;
            World.Carry(5, () => peer.Other.Driver.ChunkArrived(id, range.Item, number, bytes), !last ? null : () =>
            {
                if (_serving.GetValueOrDefault(id) == run)
                    peer.Do((machine, step) => machine.Served(step, contact, id, range));
            });
        }
    }

    private void PageArrived(TransferId id, uint item, TreePage name, byte[] hashes)
    {
        if (peer.Machine.Find(id) is not { } transfer)
            return;
        Assert.NotEqual(TreeVerdict.Wrong, Verifier(id, transfer, (int)item).AddPage(name, hashes, out _));
    }

    private void ChunkArrived(TransferId id, uint item, uint chunk, byte[] bytes)
    {
        if (!_expected.Remove((id, item, chunk)) || peer.Machine.Find(id) is not { } transfer)
            return;
        Take(id, transfer, item, chunk, bytes, Route.Direct);
    }

    private bool Take(TransferId id, Transfer transfer, uint item, uint chunk, byte[] bytes, Route route)
    {
        var range = new ChunkRange { Item = item, First = chunk, Count = 1 };
        switch (Verifier(id, transfer, (int)item).CheckChunk(chunk, bytes, out _))
        {
            case TreeVerdict.Right:
                Disk[(id, item, chunk)] = bytes;
                peer.Do((machine, step) => machine.Verified(step, id, range, route));
                return true;
            case TreeVerdict.Wrong:
                peer.Do((machine, step) => machine.Wrong(step, id, range, route));
                return false;
            default:
                return true;
        }
    }

    private void Fetch(TransferId id, DropOff dropOff, ChunkRange range)
    {
        var run = _fetching.GetValueOrDefault(id);
        Later(30, () =>
        {
            if (_fetching.GetValueOrDefault(id) != run || peer.Machine.Find(id) is not { IsOver: false } transfer)
                return;
            if (!World.ServerUp || !World.Server.TryGetValue(dropOff.BlobId, out var blob))
            {
                peer.Do((machine, step) => machine.FetchFailed(step, id, dropOff.BlobId, gone: World.ServerUp));
                return;
            }

            var life = peer.Life;
            var source = peer.Other.Driver.Sources[(id, (int)range.Item)];
            var verifier = Verifier(id, transfer, (int)range.Item);
            for (var level = source.Id.Shape.Levels; level >= 1; level--)
            {
                var name = new TreePage(level, FileShape.PageOver(range.First, level));
                Assert.Equal(TreeVerdict.Right, verifier.AddPage(name, source.Pages[name], out _));
            }

            transfer.Layout.TryPlace(range, out var first, out _);
            for (var at = 0U; at < range.Count && life == peer.Life && _fetching.GetValueOrDefault(id) == run; at++)
            {
                if (!Take(id, transfer, range.Item, range.First + at, blob[first + at], Route.DropOff))
                    return;
            }
        });
    }

    private void Upload(TransferId id, IReadOnlyList<ChunkSpan> spans)
    {
        var run = _uploads.TryGetValue(id, out var before) ? before.Run + 1 : 1;
        var chunks = new Queue<long>(spans.SelectMany(span => Enumerable.Range(0, (int)span.Count).Select(at => (long)span.First + at)));
        _uploads[id] = (run, []);
        Later(8, Next);

        void Next()
        {
            if (_uploads.GetValueOrDefault(id) is not { Done: { } done } upload || upload.Run != run)
                return;
            if (!World.ServerUp)
            {
                _uploads[id] = (run + 1, []);
                peer.Do((machine, step) => machine.UploadFailed(step, id, Store.TransferTrouble.Unspecified));
            }
            else if (chunks.TryDequeue(out var chunk))
            {
                done.Add(chunk);
                Later(8, Next);
            }
            else
            {
                EndUpload(id);
            }
        }
    }

    private void EndUpload(TransferId id)
    {
        if (_uploads.GetValueOrDefault(id) is not { Done: { } done } upload || peer.Machine.Find(id) is not { } transfer)
            return;
        _uploads[id] = (upload.Run + 1, null!);
        if (done.Count == 0)
        {
            peer.Do((machine, step) => machine.LeftAtServer(step, id, null));
            return;
        }

        var blob = new Dictionary<long, byte[]>();
        var set = new ChunkSet();
        foreach (var chunk in done)
        {
            var range = transfer.Layout.Range(chunk, 1);
            blob[chunk] = Sources[(id, (int)range.Item)].Chunk(range.First);
            set.Add(chunk, chunk + 1);
        }

        var bytes = new byte[16];
        World.Random.NextBytes(bytes);
        var name = ByteString.CopyFrom(bytes);
        var key = ByteString.CopyFrom(new byte[32]);
        World.Server[name] = blob;
        var dropOff = new DropOff { Server = "https://example.org", BlobId = name, ReadToken = key, Key = key, KeepDays = 14, Spans = { set.Spans() } };
        peer.Do((machine, step) => machine.LeftAtServer(step, id, dropOff));
    }

    private TreeVerifier Verifier(TransferId id, Transfer transfer, int item)
    {
        if (_verifiers.TryGetValue((id, item), out var known) && known.File == transfer.Layout[item])
            return known;
        return _verifiers[(id, item)] = new TreeVerifier(transfer.Layout[item], FileShape.MaxLevels);
    }
}

/// <summary>A file that is sent.</summary>
internal sealed class SourceFile
{
    public SourceFile(byte[] bytes)
    {
        Bytes = bytes;
        var hasher = new FileHasher(page: (name, hashes) => Pages[name] = hashes.ToArray());
        hasher.Append(bytes);
        Id = hasher.Finish();
    }

    public byte[] Bytes { get; }

    public FileId Id { get; }

    public Dictionary<TreePage, byte[]> Pages { get; } = [];

    public byte[] Chunk(uint chunk) => Bytes.AsSpan((int)chunk * FileShape.ChunkBytes, Id.Shape.ChunkLength(chunk)).ToArray();
}
