using Dapari.Server.Telemetry;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>Drop-offs: beginning one, and what is used. The bytes go over HTTP.</summary>
internal sealed partial class Connection
{
    private async Task BeginBlobAsync(ulong request, BeginBlob begin)
    {
        if (!_hub.Blobs.Serving.On)
        {
            Refuse(request, Refusal.NoBlobs);
            return;
        }

        if (OwnedSlot(request, begin.MailboxId) is not { } slot || !IsAllowed(request, _hub.Limits.Creations))
            return;
        using var span = Spans.Begin("drop-off");
        var (beginning, token) = await _hub.Blobs.BeginAsync(slot.Number, begin, _gone.Token);
        if (beginning.Row is not { } row)
        {
            span.End(beginning.Refusal);
            Refuse(request, beginning.Refusal);
            return;
        }

        Send(new ServerFrame
        {
            Request = request,
            BlobBegun = new BlobBegun
            {
                UploadToken = token.ToByteString(),
                ExpiresInMs = (ulong)_hub.Blobs.LeftMs(row),
                Received = (ulong)row.Received,
                Usage = _hub.Blobs.Usage(beginning.UsedBytes, beginning.UsedBlobs),
            },
        });
        span.End(Refusal.Unspecified);
    }

    private async Task GetBlobUsageAsync(ulong request, GetBlobUsage get)
    {
        if (!_hub.Blobs.Serving.On)
            Refuse(request, Refusal.NoBlobs);
        else if (OwnedSlot(request, get.MailboxId) is { } slot)
            Send(new ServerFrame { Request = request, BlobUsage = await _hub.Blobs.UsageAsync(slot.Number, _gone.Token) });
    }
}
