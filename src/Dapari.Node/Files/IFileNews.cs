using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Node.Files;

/// <summary>What the driver's parts have to tell the engine, as <see cref="IFileLink"/> has it. From any thread; nothing waits.</summary>
internal interface IFileNews
{
    /// <summary>See <see cref="IFileLink.DestinationFailed"/>.</summary>
    void DestinationFailed(TransferId transfer, TransferTrouble trouble, bool lost);

    /// <summary>See <see cref="IFileLink.Verified"/>.</summary>
    void Verified(TransferId transfer, ChunkRange range, FileCarrier carrier);

    /// <summary>See <see cref="IFileLink.Wrong"/>.</summary>
    void Wrong(TransferId transfer, ChunkRange range, bool fromDropOff);

    /// <summary>See <see cref="IFileLink.FetchFailed"/>.</summary>
    void FetchFailed(TransferId transfer, ByteString blob, bool gone);

    /// <summary>See <see cref="IFileLink.Served"/>.</summary>
    void Served(ContactId contact, TransferId transfer, ChunkRange range);

    /// <summary>See <see cref="IFileLink.SourceFailed"/>.</summary>
    void SourceFailed(TransferId transfer, int item, bool changed);

    /// <summary>See <see cref="IFileLink.Uploaded"/>.</summary>
    void Uploaded(TransferId transfer, ulong bytes);

    /// <summary>See <see cref="IFileLink.LeftAtServer"/>.</summary>
    void LeftAtServer(TransferId transfer, DropOff? dropOff);

    /// <summary>See <see cref="IFileLink.UploadFailed"/>.</summary>
    void UploadFailed(TransferId transfer, UploadFault fault);
}
