using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Node.Files;

/// <summary>What is told.</summary>
internal sealed partial class NodeFileLink : IFileNews
{
    /// <inheritdoc/>
    public event Action<ContactId>? ChannelOpened;

    /// <inheritdoc/>
    public event Action<ContactId>? ChannelClosed;

    /// <inheritdoc/>
    public event Action<ContactId, byte[]>? ControlReceived;

    /// <inheritdoc/>
    public event Action<TransferId>? DestinationReady;

    /// <inheritdoc/>
    public event Action<TransferId, TransferTrouble, bool>? DestinationFailed;

    /// <inheritdoc/>
    public event Action<TransferId, byte[]>? ManifestRead;

    /// <inheritdoc/>
    public event Action<TransferId, ChunkRange, FileCarrier>? Verified;

    /// <inheritdoc/>
    public event Action<TransferId, ChunkRange, bool>? Wrong;

    /// <inheritdoc/>
    public event Action<TransferId, ByteString, bool>? FetchFailed;

    /// <inheritdoc/>
    public event Action<ContactId, TransferId, ChunkRange>? Served;

    /// <inheritdoc/>
    public event Action<TransferId, bool>? SourceReady;

    /// <inheritdoc/>
    public event Action<TransferId, uint, bool>? SourceFailed;

    /// <inheritdoc/>
    public event Action<TransferId, ulong>? Uploaded;

    /// <inheritdoc/>
    public event Action<TransferId, DropOff?>? LeftAtServer;

    /// <inheritdoc/>
    public event Action<TransferId, UploadFault>? UploadFailed;

    /// <inheritdoc/>
    public event Action<TransferId, IReadOnlyList<ReadOnlyMemory<byte>>>? Finished;

    void IFileNews.DestinationFailed(TransferId transfer, TransferTrouble trouble, bool lost) => DestinationFailed?.Invoke(transfer, trouble, lost);

    void IFileNews.Verified(TransferId transfer, ChunkRange range, FileCarrier carrier) => Verified?.Invoke(transfer, range, carrier);

    void IFileNews.Wrong(TransferId transfer, ChunkRange range, bool fromDropOff) => Wrong?.Invoke(transfer, range, fromDropOff);

    void IFileNews.FetchFailed(TransferId transfer, ByteString blob, bool gone) => FetchFailed?.Invoke(transfer, blob, gone);

    void IFileNews.Served(ContactId contact, TransferId transfer, ChunkRange range) => Served?.Invoke(contact, transfer, range);

    void IFileNews.SourceFailed(TransferId transfer, int item, bool changed) => SourceFailed?.Invoke(transfer, (uint)item, changed);

    void IFileNews.Uploaded(TransferId transfer, ulong bytes) => Uploaded?.Invoke(transfer, bytes);

    void IFileNews.LeftAtServer(TransferId transfer, DropOff? dropOff) => LeftAtServer?.Invoke(transfer, dropOff);

    void IFileNews.UploadFailed(TransferId transfer, UploadFault fault) => UploadFailed?.Invoke(transfer, fault);
}
