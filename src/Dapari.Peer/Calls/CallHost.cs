using System.Buffers.Binary;
using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>The engine as calls see it, during one step.</summary>
internal sealed class CallHost(Parts parts, Step step) : ICallHost
{
    public Moment Now => step.Now;

    public IReadOnlyList<IceServer> Servers => parts.IceServers;

    public ulong RandomLeg() => BinaryPrimitives.ReadUInt64BigEndian(parts.State.Random.Bytes(8));

    public MessageId RandomCall() => MessageId.Random(parts.State.Random);

    public CallReach ReachOf(ContactId contact, Policy forCall) =>
        Find(contact) is { } known ? parts.State.ReachOf(known, forCall) : new CallReach(Policy.ServerOnly, Reason.ContactNotVerified);

    public CallPerson PersonOf(ContactId contact) =>
        Find(contact) is { } known ? new CallPerson { IdentityKey = known.Record.IdentityKey, Name = known.Record.Name } : new CallPerson();

    public Standing Judge(CallPerson person, out ContactId id) => Judge(parts.State, person, out id);

    /// <summary>What somebody who is named in a call is to us.</summary>
    public static Standing Judge(PeerState state, CallPerson person, out ContactId id)
    {
        id = default;
        if (!Crypto.IdentityPublicKey.TryRead(person.IdentityKey, out var identity) || state.Device is not { } own || own.Identity == identity)
            return Standing.None;
        var known = state.ByIdentity.GetValueOrDefault(identity);
        id = known?.Id ?? identity.ToContactId();
        return known switch
        {
            { IsAccepted: true } => Standing.Contact,
            { Record.State: ContactState.Blocked } => Standing.Blocked,
            _ => Standing.Stranger,
        };
    }

    public bool Begins(CallPerson person) =>
        Crypto.IdentityPublicKey.TryRead(person.IdentityKey, out var identity) && parts.State.Device is { } own && own.Identity.CompareTo(identity) < 0;

    public bool IsPolite(ContactId contact) => Find(contact) is { } known && parts.Paths.IsPolite(known);

    public bool IsReady(ContactId contact, Policy forCall) =>
        Find(contact) is { Box.Checked: true } && (ReachOf(contact, forCall).Way == Policy.ServerOnly ? CallWays.HasRelay(parts.IceServers) : parts.Relays.IsSettled);

    public ulong GiveClock(ContactId contact)
    {
        if (Find(contact) is not { } known)
            throw new InvalidOperationException("A call to nobody.");
        step.Changed(known);
        return ++known.Record.Clock;
    }

    public ulong AcceptClock(ContactId contact, ulong said)
    {
        if (Find(contact) is not { } known)
            return said;
        var clock = MessageOrder.Accept(Math.Clamp(said, 1, long.MaxValue), known.Record.Clock);
        if (clock > known.Record.Clock)
        {
            known.Record.Clock = clock;
            step.Changed(known);
        }

        return clock;
    }

    public bool TrySend(ContactId contact, CallSignal signal) =>
        Find(contact) is { } known && parts.Live.TrySend(step, known, new Content { Call = signal });

    public void Forward(ContactId by, MessageId group, CallPerson to, CallSignal signal)
    {
        if (Find(by) is { } known && parts.Calls.Forwards.Seal(group, to, signal) is { } forward)
            parts.Live.TrySend(step, known, new Content { CallForward = forward });
    }

    public void Shown() => step.ViewDirty = true;

    public void Do(PeerEffect effect) => step.Do(effect);

    public void Changed(Call call)
    {
        step.ViewDirty = true;
        step.Changed(call);
    }

    public void Forget(Call call)
    {
        step.ViewDirty = true;
        step.Deleted(call);
    }

    public void Enter(Call call)
    {
        if (!call.Fellow && Find(call.With) is { } known)
            CallEntries.Put(parts, step, known, call);
    }

    public void Note(Call call)
    {
        if (!call.Fellow && Find(call.With) is { IsAccepted: true } known && call.Measure is { } measure)
            parts.Outbox.SendNote(step, known, new CallNote { CallId = call.Id.ToByteString(), State = CallEntries.Ended(call, measure) });
    }

    private Contact? Find(ContactId id) => parts.State.Contacts.GetValueOrDefault(id);
}
