using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Testing;

/// <summary>
/// A driver of files over memory: real trees, real messages of the channel, real seals; a line and servers that a test holds. A restart
/// (<see cref="Reset"/>) leaves sources and what is on disk.
/// </summary>
public sealed partial class MemoryFileLink(MemoryFileLine line, Func<string, ModelServer?> servers) : IFileLink
{
    private readonly Dictionary<(TransferId, int), TreeVerifier> _verifiers = [];
    private readonly HashSet<(TransferId, uint, uint)> _expected = [];
    private readonly Dictionary<(TransferId, uint, uint), (byte[] Bytes, int Got)> _coming = [];
    private readonly Dictionary<TransferId, IReadOnlyList<FileId>> _destinations = [];

    public event Action<ContactId>? ChannelOpened;

    public event Action<ContactId>? ChannelClosed;

    public event Action<ContactId, byte[]>? ControlReceived;

    public event Action<TransferId>? DestinationReady;

    public event Action<TransferId, TransferTrouble, bool>? DestinationFailed;

    public event Action<TransferId, byte[]>? ManifestRead;

    public event Action<TransferId, ChunkRange, FileCarrier>? Verified;

    public event Action<TransferId, ChunkRange, bool>? Wrong;

    public event Action<TransferId, ByteString, bool>? FetchFailed;

    public event Action<ContactId, TransferId, ChunkRange>? Served;

    public event Action<TransferId, bool>? SourceReady;

    public event Action<TransferId, uint, bool>? SourceFailed;

    public event Action<TransferId, ulong>? Uploaded;

    public event Action<TransferId, DropOff?>? LeftAtServer;

    public event Action<TransferId, UploadFault>? UploadFailed;

    public event Action<TransferId, IReadOnlyList<ReadOnlyMemory<byte>>>? Finished;

    public bool IsSupported { get; init; } = true;

    /// <summary>What this device sends, by transfer; the first is the manifest, or empty.</summary>
    public Dictionary<TransferId, IReadOnlyList<MemoryFile>> Sources { get; } = [];

    /// <summary>Items whose source is not the one that was hashed any more.</summary>
    public HashSet<(TransferId, uint)> Changed { get; } = [];

    /// <summary>Chunks on disk.</summary>
    public Dictionary<(TransferId, uint, uint), byte[]> Disk { get; } = [];

    public HashSet<TransferId> InPlace { get; } = [];

    public HashSet<TransferId> Released { get; } = [];

    /// <summary>The destinations that are opened next find the disk full.</summary>
    public int FullDisks { get; set; }

    public bool IsEasy { get; private set; }

    /// <summary>What was sealed with one key and number: never two different units.</summary>
    public Dictionary<(ByteString Key, uint Number), byte[]> Sealed { get; } = [];

    public int FetchedChunks { get; private set; }

    public void Reset()
    {
        line.Detach(this, _ => true);
        _verifiers.Clear();
        _expected.Clear();
        _coming.Clear();
        _destinations.Clear();
        _uploads.Clear();
        _fetches.Clear();
    }

    /// <summary>The bytes of an item, as far as they are on disk.</summary>
    public byte[] Read(TransferId id, uint item) =>
        [.. Disk.Where(chunk => chunk.Key.Item1 == id && chunk.Key.Item2 == item).OrderBy(chunk => chunk.Key.Item3).SelectMany(chunk => chunk.Value)];

    /// <summary>The platform empties what was kept of a transfer.</summary>
    public void Evict(TransferId id)
    {
        foreach (var key in Disk.Keys.Where(key => key.Item1 == id).ToList())
            Disk.Remove(key);
        DestinationFailed?.Invoke(id, TransferTrouble.StorageFailed, true);
    }

    /// <summary>A message on the channel, from whoever holds its other end.</summary>
    public void Arrived(ContactId contact, byte[] bytes)
    {
        if (!FileChannelCodec.TryRead(bytes, out var message, out _))
            return;
        switch (message.Kind)
        {
            case FileMessageKind.Control:
                ControlReceived?.Invoke(contact, bytes);
                break;
            case FileMessageKind.Page when _destinations.ContainsKey(message.Transfer):
                Verifier(message.Transfer, message.Item).AddPage(message.Page, message.Bytes, out _);
                break;
            case FileMessageKind.Piece when _expected.Contains((message.Transfer, message.Item, message.Chunk)):
                Assemble(message);
                break;
        }
    }

    public void Opened(ContactId contact) => ChannelOpened?.Invoke(contact);

    public void Closed(ContactId contact)
    {
        _expected.Clear();
        _coming.Clear();
        ChannelClosed?.Invoke(contact);
    }

    /// <summary>So many channels that are asked for do not come about.</summary>
    public int LostChannels { get; set; }

    public void Attach(ContactId contact, ulong path, bool offerer)
    {
        if (LostChannels > 0)
            LostChannels--;
        else
            line.Attach(this, path, contact);
    }

    public void Detach(ContactId contact) => line.Detach(this, other => other == contact);

    public void OpenSource(TransferId transfer, IReadOnlyList<FileId> items) =>
        SourceReady?.Invoke(transfer, Sources.TryGetValue(transfer, out var files) && files.Select(file => file.Id).SequenceEqual(items));

    public void SendControl(ContactId contact, ReadOnlyMemory<byte> message) => line.Send(this, contact, default, message.ToArray());

    public void OpenDestination(TransferId transfer, IReadOnlyList<FileId> items)
    {
        _destinations[transfer] = items;
        if (FullDisks > 0)
        {
            FullDisks--;
            DestinationFailed?.Invoke(transfer, TransferTrouble.NoRoom, false);
            return;
        }

        DestinationReady?.Invoke(transfer);
    }

    void IFileLink.ReadManifest(TransferId transfer) => ManifestRead?.Invoke(transfer, Read(transfer, 0));

    public void Expect(ContactId contact, TransferId transfer, ChunkRange range)
    {
        for (var chunk = range.First; chunk < range.First + range.Count; chunk++)
            _expected.Add((transfer, range.Item, chunk));
    }

    public void ExpectNothing(ContactId contact, TransferId transfer) => _expected.RemoveWhere(expected => expected.Item1 == transfer);

    public void Serve(ContactId contact, TransferId transfer, ChunkRange range, bool pages)
    {
        if (!TryGive(transfer, range.Item, out var file))
            return;
        if (pages)
        {
            for (var level = file.Id.Shape.Levels; level >= 1; level--)
            {
                var name = new TreePage(level, FileShape.PageOver(range.First, level));
                var message = new byte[FileChannelCodec.PageHeader + file.Pages[name].Length];
                FileChannelCodec.WritePageHeader(message, transfer, (ushort)range.Item, name);
                file.Pages[name].CopyTo(message, FileChannelCodec.PageHeader);
                line.Send(this, contact, transfer, message);
            }
        }

        for (var chunk = range.First; chunk < range.First + range.Count; chunk++)
        {
            var bytes = file.Chunk(chunk);
            for (var at = 0; at < bytes.Length; at += WireLimits.FilePieceBytes)
            {
                var piece = bytes.Slice(at, Math.Min(WireLimits.FilePieceBytes, bytes.Length - at));
                var message = new byte[FileChannelCodec.PieceHeader + piece.Length];
                FileChannelCodec.WritePieceHeader(message, transfer, (ushort)range.Item, chunk, at);
                piece.CopyTo(message.AsSpan(FileChannelCodec.PieceHeader));
                var last = chunk + 1 == range.First + range.Count && at + piece.Length == bytes.Length;
                line.Send(this, contact, transfer, message, last ? () => Served?.Invoke(contact, transfer, range) : null);
            }
        }
    }

    public void StopServing(ContactId contact, TransferId transfer) => line.Remove(this, transfer);

    public void RemoveDropOffs(IReadOnlyList<DropOff> dropOffs)
    {
        foreach (var dropOff in dropOffs)
            servers(dropOff.Server)?.Delete(dropOff.BlobId, dropOff.ReadToken.Span);
    }

    public void Finish(TransferId transfer)
    {
        InPlace.Add(transfer);
        var items = _destinations.TryGetValue(transfer, out var known) ? known.Count - 1 : Disk.Keys.Where(key => key.Item1 == transfer).Max(key => (int)key.Item2);
        Finished?.Invoke(transfer, [.. Enumerable.Range(1, Math.Min(items, WireLimits.FilesPerOffer))
            .Select(item => (ReadOnlyMemory<byte>)(Disk.TryGetValue((transfer, (uint)item, 0), out var head) ? head.AsMemory(0, Math.Min(head.Length, 1024)) : default))]);
    }

    public void Release(TransferId transfer)
    {
        Released.Add(transfer);
        _uploads.Remove(transfer);
        _fetches.Remove(transfer);
    }

    public void GoEasy(bool easy) => IsEasy = easy;

    private bool TryGive(TransferId transfer, uint item, out MemoryFile file)
    {
        file = null!;
        if (!Sources.TryGetValue(transfer, out var files))
            SourceReady?.Invoke(transfer, false);
        else if (Changed.Contains((transfer, item)))
            SourceFailed?.Invoke(transfer, item, true);
        else
            file = files[(int)item];
        return file is not null;
    }

    private void Assemble(FileMessage message)
    {
        var key = (message.Transfer, (uint)message.Item, message.Chunk);
        var length = _destinations[message.Transfer][message.Item].Shape.ChunkLength(message.Chunk);
        if (message.Offset + message.Bytes.Length > length)
            return;
        var (bytes, got) = _coming.TryGetValue(key, out var before) ? before : (new byte[length], 0);
        message.Bytes.CopyTo(bytes.AsSpan(message.Offset));
        _coming[key] = (bytes, got + message.Bytes.Length);
        if (got + message.Bytes.Length < length)
            return;
        _coming.Remove(key);
        _expected.Remove(key);
        Take(message.Transfer, message.Item, message.Chunk, bytes, fromDropOff: false);
    }

    private bool Take(TransferId id, uint item, uint chunk, byte[] bytes, bool fromDropOff)
    {
        var range = new ChunkRange { Item = item, First = chunk, Count = 1 };
        if (Verifier(id, (int)item).CheckChunk(chunk, bytes, out _) != TreeVerdict.Right)
        {
            Wrong?.Invoke(id, range, fromDropOff);
            return false;
        }

        Disk[(id, item, chunk)] = bytes;
        Verified?.Invoke(id, range, fromDropOff ? FileCarrier.DropOff : FileCarrier.Channel);
        return true;
    }

    private TreeVerifier Verifier(TransferId id, int item)
    {
        var file = _destinations[id][item];
        if (_verifiers.TryGetValue((id, item), out var known) && known.File == file)
            return known;
        return _verifiers[(id, item)] = new TreeVerifier(file);
    }
}
