using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>What happens after a step's rows are durable, in order: most of it by the driver of files.</summary>
internal abstract record FileEffect
{
    private FileEffect()
    {
    }

    /// <summary>A control message to the other end's channel.</summary>
    public sealed record SendFrame(ContactId Contact, FileFrame Frame) : FileEffect;

    /// <summary>Find again, after a restart, what is sent: answered by SourceReady.</summary>
    public sealed record OpenSource(TransferId Transfer, TransferLayout Layout) : FileEffect;

    /// <summary>Make (or find again) where a transfer's chunks are kept: answered by Ready or by DestinationFailed.</summary>
    public sealed record OpenDestination(TransferId Transfer, TransferLayout Layout) : FileEffect;

    /// <summary>Give the verified manifest's bytes.</summary>
    public sealed record ReadManifest(TransferId Transfer) : FileEffect;

    /// <summary>These chunks may arrive by the channel; what else comes is thrown away.</summary>
    public sealed record Expect(ContactId Contact, TransferId Transfer, ChunkRange Range) : FileEffect;

    /// <summary>None of the transfer's chunks may arrive by the channel any more.</summary>
    public sealed record ExpectNothing(ContactId Contact, TransferId Transfer) : FileEffect;

    /// <summary>Fetch and verify chunks of a drop-off.</summary>
    public sealed record Fetch(TransferId Transfer, DropOff DropOff, ChunkRange Range) : FileEffect;

    /// <summary>Stop fetching; nothing is answered.</summary>
    public sealed record StopFetch(TransferId Transfer) : FileEffect;

    /// <summary>Send chunks by the channel, with the pages over them first if told; answered by Served.</summary>
    public sealed record Serve(ContactId Contact, TransferId Transfer, ChunkRange Range, bool Pages) : FileEffect;

    /// <summary>Send no more of a transfer; nothing is answered.</summary>
    public sealed record StopServing(ContactId Contact, TransferId Transfer) : FileEffect;

    /// <summary>Leave chunks at a server: answered by LeftAtServer or UploadFailed.</summary>
    public sealed record Upload(TransferId Transfer, IReadOnlyList<ChunkSpan> Spans) : FileEffect;

    /// <summary>Leave no more than was left: answered by LeftAtServer, with nothing if it is nothing.</summary>
    public sealed record StopUpload(TransferId Transfer) : FileEffect;

    /// <summary>The drop-offs of a transfer are of no use any more.</summary>
    public sealed record RemoveDropOffs(TransferId Transfer, IReadOnlyList<DropOff> DropOffs) : FileEffect;

    /// <summary>All is verified: put it where it belongs; answered by Finished. Told again after a restart.</summary>
    public sealed record Finish(TransferId Transfer) : FileEffect;

    /// <summary>The transfer is over: what was kept of it here besides finished files may go.</summary>
    public sealed record Release(TransferId Transfer) : FileEffect;

    /// <summary>A call is on, or is over: fetch and leave with little of the line.</summary>
    public sealed record GoEasy(bool Easy) : FileEffect;
}
