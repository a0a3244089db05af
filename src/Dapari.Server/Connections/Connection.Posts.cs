using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>A mailbox that this connection may post to.</summary>
internal sealed class SenderSlot(long number)
{
    private int _waiting;

    public long Number { get; } = number;

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

        await _inFlight.WaitAsync(_gone.Token);
        var owner = _hub.Owner(sender.Number);
        var operation = new PostOperation(sender.Number, post.EnvelopeId, post.Envelope, _hub.Options.Quota, (done, stored) => PostCompleted(sender, done, stored))
        {
            Request = request,
            IsOwnerThere = owner is not null,
        };
        if (owner is null || !sender.IsClear || !owner.Deliveries.TryHandOver(owner, operation, _hub.Writer.PatienceTicks))
            sender.Queued();
        // What the owner has is settled in any case, whether this connection lives on or not.
        await _hub.Writer.EnqueueAsync(operation, operation.Holder is null ? _gone.Token : CancellationToken.None);
    }

    private void PostCompleted(SenderSlot sender, PostOperation post, bool stored)
    {
        _inFlight.Release();
        var owner = _hub.Owner(post.Number);
        if (!stored || post.Refusal != Refusal.Unspecified)
            Refuse(post.Request, stored ? post.Refusal : Refusal.Storage);
        else
        {
            Send(new ServerFrame { Request = post.Request, Posted = new Posted { RecipientConnected = owner is not null } });
            if (owner is not null && post.Sequence != 0)
                owner.Deliveries.Posted(owner, post);
        }

        if (post.Holder is OwnerSlot holder)
        {
            holder.Deliveries.Settled(holder, post);
            post.Mailbox!.Settled();
        }
        else
        {
            if (post.Sequence != 0)
                post.Mailbox!.Announced();
            sender.Completed();
        }
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
        await _hub.Writer.EnqueueAsync(
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
