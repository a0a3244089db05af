using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Hosting;

/// <summary>
/// Moves the bytes of files: sources, destinations, the channel "dapari-files" of direct paths, drop-offs over HTTP. It hashes, verifies, keeps and counts;
/// it decides nothing. Calls never block. None of the bytes pass the engine but control messages and manifests.
/// </summary>
/// <remarks>
/// Memory: one chunk for each range that is under way in order, one <see cref="TreeVerifier"/> for each item under way, and what the channel holds. A
/// chunk is told as verified only when it is on disk.
/// </remarks>
public interface IFileLink
{
    /// <summary>Whether this platform can move files at all.</summary>
    bool IsSupported { get; }

    /// <summary>How much it wants under way; asked once.</summary>
    FileCredit Credit => FileCredit.Default;

    /// <summary>The channel to a contact is open.</summary>
    event Action<ContactId>? ChannelOpened;

    /// <summary>It is gone.</summary>
    event Action<ContactId>? ChannelClosed;

    /// <summary>A control message of the channel, whole: <see cref="FileChannelCodec"/> reads it.</summary>
    event Action<ContactId, byte[]>? ControlReceived;

    /// <summary>The destination is open, and there is room for all of it.</summary>
    event Action<TransferId>? DestinationReady;

    /// <summary>The destination is full or fails; true: what was kept there is lost.</summary>
    event Action<TransferId, TransferTrouble, bool>? DestinationFailed;

    /// <summary>The manifest that was asked for.</summary>
    event Action<TransferId, byte[]>? ManifestRead;

    /// <summary>Chunks were verified and are on disk, and what brought them.</summary>
    event Action<TransferId, ChunkRange, FileCarrier>? Verified;

    /// <summary>A chunk, or a page over it, was not what was offered; true: it came from a drop-off.</summary>
    event Action<TransferId, ChunkRange, bool>? Wrong;

    /// <summary>A fetch did not get all: of this drop-off; true: its server does not know it.</summary>
    event Action<TransferId, ByteString, bool>? FetchFailed;

    /// <summary>A range was handed to the channel.</summary>
    event Action<ContactId, TransferId, ChunkRange>? Served;

    /// <summary>A source can be read, or must be chosen again.</summary>
    event Action<TransferId, bool>? SourceReady;

    /// <summary>An item's source is gone, or (true) changed since it was hashed.</summary>
    event Action<TransferId, uint, bool>? SourceFailed;

    /// <summary>So many bytes of chunks are durable at the server so far.</summary>
    event Action<TransferId, ulong>? Uploaded;

    /// <summary>What was left at a server until the upload ended or was stopped: the drop-off with the spans that are whole there; null: nothing.</summary>
    event Action<TransferId, DropOff?>? LeftAtServer;

    /// <summary>An upload failed, after what <see cref="Uploaded"/> told.</summary>
    event Action<TransferId, UploadFault>? UploadFailed;

    /// <summary>All is where it belongs; with the first bytes (at most 1 KiB each) of the first 64 items, to be judged.</summary>
    event Action<TransferId, IReadOnlyList<ReadOnlyMemory<byte>>>? Finished;

    /// <summary>
    /// A path to a contact is open: the channel is made on its peer connection by the offerer, and taken by the other. A contact has one channel at a time:
    /// an earlier path's is closed. Answered by <see cref="ChannelOpened"/>.
    /// </summary>
    void Attach(ContactId contact, ulong path, bool offerer);

    /// <summary>The path is gone, or no files may go by it; answered by <see cref="ChannelClosed"/> if the channel was open.</summary>
    void Detach(ContactId contact);

    /// <summary>Known again after a restart: what is served, its items in order (the first is the manifest, of no bytes if there is none). Answered by <see cref="SourceReady"/>.</summary>
    void OpenSource(TransferId transfer, IReadOnlyList<FileId> items);

    /// <summary>Sends a control message; dropped if the channel is gone.</summary>
    void SendControl(ContactId contact, ReadOnlyMemory<byte> message);

    /// <summary>Makes, or finds again, where chunks are kept. The first is the manifest, of no bytes if there is none. Answered by ready or failed.</summary>
    void OpenDestination(TransferId transfer, IReadOnlyList<FileId> items);

    /// <summary>Gives the verified manifest's bytes.</summary>
    void ReadManifest(TransferId transfer);

    /// <summary>These chunks may arrive by the channel; everything else is thrown away.</summary>
    void Expect(ContactId contact, TransferId transfer, ChunkRange range);

    /// <summary>None of the transfer's chunks may arrive by the channel any more.</summary>
    void ExpectNothing(ContactId contact, TransferId transfer);

    /// <summary>Fetches, opens and verifies chunks of a drop-off.</summary>
    void Fetch(TransferId transfer, DropOff dropOff, ChunkRange range);

    /// <summary>Stops fetching; nothing is answered.</summary>
    void StopFetch(TransferId transfer);

    /// <summary>Sends chunks, with the pages over them first if told; answered by <see cref="Served"/>.</summary>
    void Serve(ContactId contact, TransferId transfer, ChunkRange range, bool pages);

    /// <summary>Sends no more of a transfer; nothing is answered.</summary>
    void StopServing(ContactId contact, TransferId transfer);

    /// <summary>
    /// Leaves the chunks of a drop-off's spans at its server, each held to the tree first, then sealed; from the offset that the server has. The token is
    /// the upload token. Answered by <see cref="LeftAtServer"/> or <see cref="UploadFailed"/>.
    /// </summary>
    void Upload(TransferId transfer, DropOff dropOff, ReadOnlyMemory<byte> token);

    /// <summary>Leaves no more than was left; answered by <see cref="LeftAtServer"/>.</summary>
    void StopUpload(TransferId transfer);

    /// <summary>Drop-offs are of no use any more: removed at their servers by their read tokens, tried again a few times, then left to their end.</summary>
    void RemoveDropOffs(IReadOnlyList<DropOff> dropOffs);

    /// <summary>Puts all where it belongs, under clean names; said again after a restart. Answered by <see cref="Finished"/>.</summary>
    void Finish(TransferId transfer);

    /// <summary>The transfer is over: what was kept of it besides finished files goes.</summary>
    void Release(TransferId transfer);

    /// <summary>A call is on, or is over: fetch and leave with little of the line.</summary>
    void GoEasy(bool easy);
}

/// <summary>What brought chunks.</summary>
public enum FileCarrier
{
    /// <summary>The channel "dapari-files" of the path.</summary>
    Channel,

    /// <summary>A drop-off at a server.</summary>
    DropOff,

    /// <summary>A lane by HTTPS between a browser and a node, beside the channel.</summary>
    Https,
}

/// <summary>Why an upload ended.</summary>
public enum UploadFault
{
    /// <summary>The server is out of reach, or busy: it goes on later.</summary>
    Unreachable,

    /// <summary>The server knows no such drop-off by this token: it is begun again (which gives a new token).</summary>
    UnknownToken,

    /// <summary>The server takes no more: its disk or its cap.</summary>
    NoRoom,

    /// <summary>The source cannot be read: <see cref="IFileLink.SourceFailed"/> told which item, or <see cref="IFileLink.SourceReady"/> says false.</summary>
    Source,
}
