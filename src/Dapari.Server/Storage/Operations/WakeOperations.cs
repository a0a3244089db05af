using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Storage.Operations;

/// <summary>Says how a mailbox's owner is woken; null: not at all.</summary>
internal sealed class SetWakeOperation(MailboxId id, long number, WakeSubscription? subscription) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        // It may have been deleted meanwhile: nothing is to be left of it then.
        if (!session.TryFindMailbox(id.ToArray(), out var row) || row.Number != number)
        {
            Result = new Outcome(Refusal.UnknownMailbox);
            return;
        }

        if (subscription is null)
            session.DeleteWake(number);
        else
            session.SetWake(number, subscription.Endpoint, WakeMark.Of(subscription).Span, subscription.ToByteArray());
        Result = new Outcome(Refusal.Unspecified);
    }
}

/// <summary>A push service says that a device is not to be reached any more.</summary>
internal sealed class ForgetWakesOperation(string endpoint) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session) => session.ForgetWakes(endpoint);
}
