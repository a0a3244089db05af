using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>What calls need of the engine around them, for one step. Tests play it.</summary>
internal interface ICallHost
{
    /// <summary>Both clocks.</summary>
    Moment Now { get; }

    /// <summary>The servers for finding ways, relays among them.</summary>
    IReadOnlyList<IceServer> Servers { get; }

    /// <summary>A random number that names a leg.</summary>
    ulong RandomLeg();

    /// <summary>A random id for a call.</summary>
    MessageId RandomCall();

    /// <summary>The way in effect with a contact.</summary>
    CallReach ReachOf(ContactId contact, Policy forCall);

    /// <summary>A contact as others in a call are told of them.</summary>
    CallPerson PersonOf(ContactId contact);

    /// <summary>What somebody who is named in a call is to us, and the id that they have or would have as a contact.</summary>
    Standing Judge(CallPerson person, out ContactId id);

    /// <summary>Of two whom another brought together, this end begins.</summary>
    bool Begins(CallPerson person);

    /// <summary>Whether this end yields in a collision of offers.</summary>
    bool IsPolite(ContactId contact);

    /// <summary>Whether the contact can be told things, and relays are known if there are any.</summary>
    bool IsReady(ContactId contact, Policy forCall);

    /// <summary>The next clock of a conversation, taken.</summary>
    ulong GiveClock(ContactId contact);

    /// <summary>The clock to file their call under.</summary>
    ulong AcceptClock(ContactId contact, ulong said);

    /// <summary>Sends a signal now, by path or server; false: neither takes it at the moment.</summary>
    bool TrySend(ContactId contact, CallSignal signal);

    /// <summary>Signs a signal for somebody in a call of several, and gives it to who began that.</summary>
    void Forward(ContactId by, MessageId group, CallPerson to, CallSignal signal);

    /// <summary>Something for the media driver.</summary>
    void Do(PeerEffect effect);

    /// <summary>A call changed: its row is written, and the snapshot made anew.</summary>
    void Changed(Call call);

    /// <summary>Something shown changed that is not kept.</summary>
    void Shown();

    /// <summary>A call is over for good: its row goes.</summary>
    void Forget(Call call);

    /// <summary>A call has ended, or how it ended is known better: its entry is put.</summary>
    void Enter(Call call);

    /// <summary>The other does not know how it ended: a note is kept for it until its server has it.</summary>
    void Note(Call call);
}
