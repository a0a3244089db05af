using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Files;

/// <summary>
/// A driver of files by the contract of <see cref="IFileLink"/>: sources and what is on disk outlive the app, all else dies with it. A chunk is told as
/// verified only when it is on disk.
/// </summary>
internal sealed partial class SimFiles(World world, SimPeer peer, SimRandom random)
{
    private readonly Dictionary<ContactId, (SimFileChannel Channel, SimPathEnd End)> _channels = [];
    private readonly Dictionary<TransferId, IReadOnlyList<FileId>> _destinations = [];
    private readonly HashSet<(TransferId, uint, long)> _expected = [];
    private readonly HashSet<(TransferId, uint, long)> _pages = [];
    private readonly HashSet<TransferId> _halted = [];
    private readonly List<(TransferId Transfer, uint Item, long Chunk, ulong Bytes, bool Left)> _unflushed = [];
    private readonly Dictionary<(ContactId, TransferId), int> _serving = [];
    private bool _flushDue;
    private int _run;
    private bool _easy;

    /// <summary>What this device sends.</summary>
    public Dictionary<TransferId, IReadOnlyList<SimFile>> Sources { get; } = [];

    /// <summary>Items whose source is not the one that was hashed any more.</summary>
    public HashSet<(TransferId, uint)> Changed { get; } = [];

    /// <summary>Chunks on disk, and what they are known by.</summary>
    public Dictionary<TransferId, Dictionary<(uint Item, long Chunk), ulong>> Disk { get; } = [];

    /// <summary>What was put where it belongs.</summary>
    public Dictionary<TransferId, Dictionary<(uint Item, long Chunk), ulong>> Placed { get; } = [];

    /// <summary>Chunks that were told as verified since the device's present life began.</summary>
    public HashSet<(TransferId, uint, long)> Told { get; } = [];

    /// <summary>The disk takes no new transfer.</summary>
    public bool Full { get; set; }

    /// <summary>So many pieces that it sends next are not what was offered.</summary>
    public int Lies { get; set; }

    /// <summary>The app starts, or is gone.</summary>
    public void Reset()
    {
        _run++;
        _channels.Clear();
        _destinations.Clear();
        _expected.Clear();
        _pages.Clear();
        _halted.Clear();
        _unflushed.Clear();
        _serving.Clear();
        _uploads.Clear();
        _fetches.Clear();
        (_flushDue, _easy) = (false, false);
    }

    /// <summary>Another device, to which nothing but the backup came.</summary>
    public void Lose(bool sources)
    {
        Disk.Clear();
        Told.Clear();
        if (sources)
            Sources.Clear();
    }

    /// <summary>The platform empties what it kept of transfers.</summary>
    public void Evict()
    {
        foreach (var id in Disk.Keys.ToArray())
        {
            Disk.Remove(id);
            _unflushed.RemoveAll(one => one.Transfer == id);
            if (_destinations.ContainsKey(id))
                Tell(new FileEvent.DestinationFailed(id, TransferTrouble.StorageFailed, true));
        }
    }

    public void Opened(ContactId contact, SimFileChannel channel, SimPathEnd end)
    {
        if (end.Peer != peer || end.Gone)
            return;
        _channels[contact] = (channel, end);
        Tell(new FileEvent.ChannelOpened(contact));
    }

    public void Closed(ContactId contact, SimFileChannel channel)
    {
        if (!_channels.TryGetValue(contact, out var known) || known.Channel != channel)
            return;
        _channels.Remove(contact);
        _expected.Clear();
        Tell(new FileEvent.ChannelClosed(contact));
    }

    public void Do(FileOrder order)
    {
        switch (order)
        {
            case FileOrder.Attach(var contact, var path, _):
                if (peer.PathOf(path) is { Pair: { IsDead: false } pair } end)
                    (pair.Files ??= new SimFileChannel(world, pair, random.Fork(path))).Attach(end, this, contact);
                break;
            case FileOrder.Detach(var contact):
                if (_channels.TryGetValue(contact, out var channel))
                    channel.Channel.Close(channel.End);
                break;
            case FileOrder.OpenSource(var id, var items):
                Later(1, 60, () => Tell(new FileEvent.SourceReady(id, Sources.TryGetValue(id, out var files) && files.Select(file => file.Id).SequenceEqual(items))));
                break;
            case FileOrder.SendControl(var contact, var message):
                world.Trace.Fold(message);
                if (_channels.TryGetValue(contact, out var line))
                    line.Channel.Send(line.End, 0, (there, from) => there.Tell(new FileEvent.ControlReceived(from, message)));
                break;
            case FileOrder.OpenDestination(var id, var items):
                Later(1, 60, () => OpenDestination(id, items));
                break;
            case FileOrder.ReadManifest(var id):
                Later(1, 30, () => ReadManifest(id));
                break;
            case FileOrder.Expect(_, var id, var range):
                for (var chunk = 0L; chunk < range.Count; chunk++)
                    _expected.Add((id, range.Item, range.First + chunk));
                break;
            case FileOrder.ExpectNothing(_, var id):
                _expected.RemoveWhere(one => one.Item1 == id);
                break;
            case FileOrder.Serve(var contact, var id, var range, var pages):
                Serve(contact, id, range, pages);
                break;
            case FileOrder.StopServing(var contact, var id):
                _serving[(contact, id)] = _serving.GetValueOrDefault((contact, id)) + 1;
                break;
            case FileOrder.Fetch(var id, var dropOff, var range):
                Fetch(id, dropOff, range);
                break;
            case FileOrder.StopFetch(var id):
                _fetches.Remove(id);
                break;
            case FileOrder.Upload(var id, var dropOff, var token):
                Upload(id, dropOff, token);
                break;
            case FileOrder.StopUpload(var id):
                Later(1, 60, () => StopUpload(id));
                break;
            case FileOrder.RemoveDropOffs(var dropOffs):
                foreach (var dropOff in dropOffs)
                    Remove(dropOff, 0);
                break;
            case FileOrder.Finish(var id):
                Later(1, 200, () => Finish(id));
                break;
            case FileOrder.Release(var id):
                Release(id);
                break;
            case FileOrder.GoEasy(var easy):
                _easy = easy;
                break;
        }
    }

    private void Tell(FileEvent happened) => peer.FileHappened(happened);

    private void Later(long least, long most, Action act)
    {
        var run = _run;
        world.After(random.Between(least, most), () =>
        {
            if (run == _run && peer.Running)
                act();
        });
    }

    private void OpenDestination(TransferId id, IReadOnlyList<FileId> items)
    {
        if (Full)
        {
            Tell(new FileEvent.DestinationFailed(id, TransferTrouble.NoRoom, false));
            return;
        }

        _destinations[id] = items;
        if (Disk.TryAdd(id, []))
        {
            // Of a new place nothing can be verified, whatever was believed.
            Told.RemoveWhere(one => one.Item1 == id);
            Tell(new FileEvent.DestinationFailed(id, TransferTrouble.Unspecified, true));
        }

        Tell(new FileEvent.DestinationReady(id));
    }

    private void ReadManifest(TransferId id)
    {
        if (!_destinations.TryGetValue(id, out var items) || !Disk.TryGetValue(id, out var disk) || Enumerable.Range(0, (int)items[0].Shape.Chunks).Any(chunk => !disk.ContainsKey((0, chunk))))
            Tell(new FileEvent.DestinationFailed(id, TransferTrouble.StorageFailed, true));
        else
            Tell(new FileEvent.ManifestRead(id, world.Ledger.FileOf(items[0].Root)!.Content!));
    }

    private void Serve(ContactId contact, TransferId id, ChunkRange range, bool pages)
    {
        if (!_channels.TryGetValue(contact, out var line))
            return;
        if (!TryGive(id, range.Item, out var file))
            return;
        var life = _serving.GetValueOrDefault((contact, id));
        var run = _run;
        bool Stopped() => run != _run || life != _serving.GetValueOrDefault((contact, id));
        if (pages)
            line.Channel.Send(line.End, 0, (there, _) => there.PagesArrived(id, range), Stopped);
        for (var at = 0L; at < range.Count; at++)
        {
            var chunk = range.First + at;
            var bytes = file.Chunk(chunk);
            if (Lies > 0)
            {
                Lies--;
                bytes ^= 1;
                if (world.Ledger.Sent.TryGetValue(id, out var lied))
                    lied.LiedAbout = true;
            }

            var last = at + 1 == range.Count;
            line.Channel.Send(line.End, _easy ? 3 : 1, (there, _) => there.Arrived(id, range.Item, chunk, bytes), Stopped,
                last ? () => Tell(new FileEvent.Served(contact, id, range)) : null);
        }
    }

    private bool TryGive(TransferId id, uint item, out SimFile file)
    {
        file = null!;
        if (!Sources.TryGetValue(id, out var files))
            Tell(new FileEvent.SourceReady(id, false));
        else if (Changed.Contains((id, item)))
            Tell(new FileEvent.SourceFailed(id, item, true));
        else
            file = files[(int)item];
        return file is not null;
    }

    private void PagesArrived(TransferId id, ChunkRange range) => _pages.Add((id, range.Item, range.First / FileShape.FanOut));

    private void Arrived(TransferId id, uint item, long chunk, ulong bytes)
    {
        if (!peer.Running || !_expected.Remove((id, item, chunk)) || !_destinations.TryGetValue(id, out var items))
            return;
        if (items[(int)item].Shape.Levels > 0 && !_pages.Contains((id, item, chunk / FileShape.FanOut)))
            Tell(new FileEvent.Wrong(id, new ChunkRange { Item = item, First = (uint)chunk, Count = 1 }, false));
        else
            Take(id, item, chunk, bytes, left: false);
    }

    private bool Take(TransferId id, uint item, long chunk, ulong bytes, bool left)
    {
        if (world.Ledger.FileOf(_destinations[id][(int)item].Root)?.Chunk(chunk) != bytes)
        {
            Tell(new FileEvent.Wrong(id, new ChunkRange { Item = item, First = (uint)chunk, Count = 1 }, left));
            return false;
        }

        _unflushed.Add((id, item, chunk, bytes, left));
        if (!_flushDue)
        {
            _flushDue = true;
            Later(5, 60, Flush);
        }

        return true;
    }

    private void Flush()
    {
        _flushDue = false;
        var all = _unflushed.ToArray();
        _unflushed.Clear();
        for (var at = 0; at < all.Length;)
        {
            var (id, item, chunk, _, left) = all[at];
            var count = 0;
            while (at < all.Length && all[at].Transfer == id && all[at].Item == item && all[at].Chunk == chunk + count && all[at].Left == left)
            {
                if (Disk.TryGetValue(id, out var disk))
                    disk[(item, chunk + count)] = all[at].Bytes;
                if (world.Options.Sabotage != Sabotage.TellsUnverified)
                    Told.Add((id, item, chunk + count));
                (at, count) = (at + 1, count + 1);
            }

            if (world.Ledger.Sent.TryGetValue(id, out var sent))
                sent.Carry(left ? Route.DropOff : Route.Direct, count);
            Tell(new FileEvent.Verified(id, new ChunkRange { Item = item, First = (uint)chunk, Count = (uint)count }, left ? FileCarrier.DropOff : FileCarrier.Channel));
        }
    }

    private void Finish(TransferId id)
    {
        if (!Disk.TryGetValue(id, out var disk))
        {
            if (Placed.ContainsKey(id))
                Tell(new FileEvent.Finished(id, []));
            else
                Tell(new FileEvent.DestinationFailed(id, TransferTrouble.Unspecified, true));
            return;
        }

        Placed[id] = new Dictionary<(uint, long), ulong>(disk);
        if (world.Options.Sabotage == Sabotage.SpoilsFile)
            Placed[id][Placed[id].Keys.Last()] ^= 1;
        Tell(new FileEvent.Finished(id, [new byte[] { 1, 2, 3 }]));
    }

    private void Release(TransferId id)
    {
        _uploads.Remove(id);
        _fetches.Remove(id);
        _destinations.Remove(id);
        Disk.Remove(id);
        Sources.Remove(id);
        _unflushed.RemoveAll(one => one.Transfer == id);
    }
}
