using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Hosting;

/// <summary>What a driver of files says, as an input of the engine: the events of <see cref="IFileLink"/>, one for one.</summary>
public abstract record FileEvent
{
    private FileEvent()
    {
    }

    /// <inheritdoc cref="IFileLink.ChannelOpened"/>
    public sealed record ChannelOpened(ContactId Contact) : FileEvent;

    /// <inheritdoc cref="IFileLink.ChannelClosed"/>
    public sealed record ChannelClosed(ContactId Contact) : FileEvent;

    /// <inheritdoc cref="IFileLink.ControlReceived"/>
    public sealed record ControlReceived(ContactId Contact, byte[] Message) : FileEvent;

    /// <inheritdoc cref="IFileLink.DestinationReady"/>
    public sealed record DestinationReady(TransferId Transfer) : FileEvent;

    /// <inheritdoc cref="IFileLink.DestinationFailed"/>
    public sealed record DestinationFailed(TransferId Transfer, TransferTrouble Trouble, bool Lost) : FileEvent;

    /// <inheritdoc cref="IFileLink.ManifestRead"/>
    public sealed record ManifestRead(TransferId Transfer, byte[] Manifest) : FileEvent;

    /// <inheritdoc cref="IFileLink.Verified"/>
    public sealed record Verified(TransferId Transfer, ChunkRange Range, FileCarrier Carrier) : FileEvent;

    /// <inheritdoc cref="IFileLink.Wrong"/>
    public sealed record Wrong(TransferId Transfer, ChunkRange Range, bool FromDropOff) : FileEvent;

    /// <inheritdoc cref="IFileLink.FetchFailed"/>
    public sealed record FetchFailed(TransferId Transfer, ByteString Blob, bool Gone) : FileEvent;

    /// <inheritdoc cref="IFileLink.Served"/>
    public sealed record Served(ContactId Contact, TransferId Transfer, ChunkRange Range) : FileEvent;

    /// <inheritdoc cref="IFileLink.SourceReady"/>
    public sealed record SourceReady(TransferId Transfer, bool Ready) : FileEvent;

    /// <inheritdoc cref="IFileLink.SourceFailed"/>
    public sealed record SourceFailed(TransferId Transfer, uint Item, bool Changed) : FileEvent;

    /// <inheritdoc cref="IFileLink.Uploaded"/>
    public sealed record Uploaded(TransferId Transfer, ulong Bytes) : FileEvent;

    /// <inheritdoc cref="IFileLink.LeftAtServer"/>
    public sealed record LeftAtServer(TransferId Transfer, DropOff? DropOff) : FileEvent;

    /// <inheritdoc cref="IFileLink.UploadFailed"/>
    public sealed record UploadFailed(TransferId Transfer, UploadFault Fault) : FileEvent;

    /// <inheritdoc cref="IFileLink.Finished"/>
    public sealed record Finished(TransferId Transfer, IReadOnlyList<ReadOnlyMemory<byte>> Heads) : FileEvent;
}
