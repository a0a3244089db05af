using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Storage.Operations;

/// <summary>What became of a change: a refusal, or <see cref="Refusal.Unspecified"/> for success, with a number where one was made.</summary>
internal readonly record struct Outcome(Refusal Refusal, long Number = 0, long HighestAcknowledged = 0);

/// <summary>Creates a mailbox, or finds that it is there with the same keys.</summary>
internal sealed class CreateMailboxOperation(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        var key = id.ToArray();
        if (session.TryFindMailbox(key, out var row))
        {
            Result = row.OwnerKey.AsSpan().SequenceEqual(ownerKey) && row.SenderKey.AsSpan().SequenceEqual(senderKey)
                ? new Outcome(Refusal.Unspecified, row.Number, row.HighestAcknowledged)
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
}

/// <summary>What a mailbox holds.</summary>
internal readonly record struct UsageOutcome(Refusal Refusal, long Bytes, int Envelopes);

/// <summary>Asks the writer, who keeps count.</summary>
internal sealed class UsageOperation(long number) : WriteOperation<UsageOutcome>
{
    public override void Apply(WriteSession session) =>
        Result = session.Mailbox(number) is { } mailbox
            ? new UsageOutcome(Refusal.Unspecified, mailbox.StoredBytes, mailbox.StoredEnvelopes)
            : new UsageOutcome(Refusal.UnknownMailbox, 0, 0);
}

/// <summary>Removes what lay too long, a portion at a time, so that posts do not wait for a big sweep. The result is how many went.</summary>
internal sealed class SweepMailboxOperation(long number, long cutoffMs, int limit) : WriteOperation<int>
{
    public override void Apply(WriteSession session) =>
        Result = session.Mailbox(number) is { } mailbox ? session.RemoveOlder(mailbox, cutoffMs, limit) : 0;
}
