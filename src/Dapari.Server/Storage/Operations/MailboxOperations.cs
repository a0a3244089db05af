using Dapari.Server.Storage.Journal;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Storage.Operations;

/// <summary>What became of a change: a refusal, or <see cref="Refusal.Unspecified"/> for success, with a number where one was made.</summary>
internal readonly record struct Outcome(Refusal Refusal, long Number = 0);

/// <summary>Creates a mailbox, or finds that it is there with the same keys.</summary>
internal sealed class CreateMailboxOperation(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        var key = id.ToArray();
        if (session.TryFindMailbox(key, out var row))
        {
            Result = row.OwnerKey.AsSpan().SequenceEqual(ownerKey) && row.SenderKey.AsSpan().SequenceEqual(senderKey)
                ? new Outcome(Refusal.Unspecified, row.Number)
                : new Outcome(Refusal.Taken);
            return;
        }

        Result = mayCreate ? new Outcome(Refusal.Unspecified, session.InsertMailbox(key, ownerKey, senderKey)) : new Outcome(Refusal.RegistrationClosed);
    }
}

/// <summary>Removes a mailbox and all it holds.</summary>
internal sealed class DeleteMailboxOperation(long number) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        session.DeleteMailbox(number);
        Result = new Outcome(Refusal.Unspecified);
    }

    public override void Publish(MailboxStore store) => store.Forget(number);
}

/// <summary>What a mailbox holds, and the highest sequence its owner has acknowledged.</summary>
internal readonly record struct UsageOutcome(Refusal Refusal, long Bytes, int Envelopes, long HighestAcknowledged);

/// <summary>Asks the writer, who keeps count.</summary>
internal sealed class UsageOperation(long number) : MailboxOperation<UsageOutcome>
{
    public override bool IsQuestion => true;

    public override void Publish(MailboxStore store)
    {
        if (store.Mailbox(number) is not { } mailbox)
        {
            Result = new UsageOutcome(Refusal.UnknownMailbox, 0, 0, 0);
            return;
        }

        try
        {
            store.RemoveAll(mailbox);
        }
        catch (StorageException)
        {
            // Whoever wants to read is not kept from it by a full disk; what could not be removed still counts.
        }

        Result = new UsageOutcome(Refusal.Unspecified, mailbox.StoredBytes, mailbox.StoredEnvelopes, mailbox.HighestAcknowledged);
    }
}

/// <summary>Removes what lay too long, a portion at a time, so that posts do not wait for a big sweep. The result is how many went.</summary>
internal sealed class SweepMailboxOperation(long number, long cutoffMs, int limit) : MailboxOperation<int>
{
    private MailboxState? _mailbox;
    private List<uint> _removed = [];

    public override void Apply(MailboxStore store)
    {
        _mailbox = store.Mailbox(number);
        if (_mailbox is not null)
            _removed = store.Remove(RecordKind.Swept, _mailbox, store.Older(_mailbox, cutoffMs, limit));
    }

    public override void Publish(MailboxStore store)
    {
        if (_mailbox is not null)
            store.PublishRemoved(RecordKind.Swept, _mailbox, _removed);
        Result = _removed.Count;
    }
}
