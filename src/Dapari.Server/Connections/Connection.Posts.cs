using System.Diagnostics;
using System.Net.WebSockets;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>A mailbox that this connection may post to.</summary>
internal sealed class SenderSlot(MailboxId id, long number)
{
    private int _waiting;
    private bool _broken;

    public MailboxId Id { get; } = id;

    public long Number { get; } = number;

    /// <summary>A post could not be kept, and nothing of this sender may overtake it (<see cref="Offices.IPostOffice.BreaksOnFailure"/>).</summary>
    public bool IsBroken
    {
        get => Volatile.Read(ref _broken);
        set => Volatile.Write(ref _broken, value);
    }

    /// <summary>No post of this connection is on its way through the file: the next may be handed over without overtaking one.</summary>
    public bool IsClear => Volatile.Read(ref _waiting) == 0;

    public void Queued() => Interlocked.Increment(ref _waiting);

    public void Completed() => Interlocked.Decrement(ref _waiting);
}

/// <summary>
/// Posts and acknowledgements. A post is answered when it is durable, or when the owner has acknowledged it, whichever comes first; a connected owner
/// gets it before either, and what is acknowledged before the writer comes to it is never written.
/// </summary>
internal sealed partial class Connection
{
    private async Task PostAsync(ulong request, Post post)
    {
        MailboxId.TryRead(post.MailboxId, out var id);
        if (IsBlocked(request, id))
            return;
        if (!_senders.TryGetValue(id, out var sender))
        {
            Refuse(request, Refusal.NotOpen);
            return;
        }

        if (!_hub.Limits.Posts.TryTake(sender.Number, out var retryAfterMs))
        {
            Refuse(request, Refusal.Rate, retryAfterMs);
            return;
        }

        var span = Spans.Begin("post");
        await _inFlight.WaitAsync(_gone.Token);
        span.Reached("queued");
        var operation = new PostOperation(sender.Number, post.EnvelopeId, post.Envelope, _hub.Options.Quota, (done, stored) => PostCompleted(sender, done, stored, span)) { Request = request };
        await _hub.Office.PostAsync(sender, operation, _gone.Token);
    }

    private void PostCompleted(SenderSlot sender, PostOperation post, bool stored, Activity? span)
    {
        _inFlight.Release();
        span.Reached("settled");
        if (!stored || post.Refusal != Refusal.Unspecified)
            Refuse(post.Request, stored ? post.Refusal : Refusal.Storage);
        else
            Send(new ServerFrame { Request = post.Request, Posted = new Posted { RecipientConnected = post.IsOwnerElsewhere || _hub.Owner(post.Number) is not null } });
        if (!stored && _hub.Office.BreaksOnFailure)
        {
            sender.IsBroken = true;
            Close(WebSocketCloseStatus.EndpointUnavailable);
        }

        span.End(stored ? post.Refusal : Refusal.Storage);
        _hub.Settle(sender, post, stored);
    }

    private async Task AcknowledgeAsync(ulong request, Acknowledge acknowledge)
    {
        if (OwnedSlot(request, acknowledge.MailboxId) is not { } slot)
            return;
        List<ulong>? written = null;
        // Those who posted are answered together, and what they get leaves in as few writes.
        Outbox.Gather(() => written = _deliveries.AcknowledgeUnwritten(slot, acknowledge.Sequences));
        if (written is null)
        {
            Done(request);
            _deliveries.Pump();
            return;
        }

        await _inFlight.WaitAsync(_gone.Token);
        await _hub.Office.AcknowledgeAsync(
            new AcknowledgeOperation(slot.Number, written, (operation, stored) => Acknowledged(slot, operation, stored)) { Request = request }, _gone.Token);
    }

    private void Acknowledged(OwnerSlot slot, AcknowledgeOperation operation, bool stored)
    {
        _inFlight.Release();
        if (!stored || operation.Refusal != Refusal.Unspecified)
        {
            Refuse(operation.Request, stored ? operation.Refusal : Refusal.Storage);
            return;
        }

        Done(operation.Request);
        _deliveries.Acknowledged(slot, operation.Sequences);
    }
}
