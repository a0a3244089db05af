using Dapari.Crypto;
using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// Signals between two who have no session with each other. Ours are signed and given to who began the call; theirs are believed by their signature alone;
/// and in a call that we began we carry them, as they are, between two whom we called. docs/protocol/calls.md.
/// </summary>
internal sealed class ForwardDesk(PeerState state)
{
    /// <summary>Signals at once from one to another: an honest negotiation with all its candidates has fewer.</summary>
    public const int Burst = 60;

    /// <summary>Signals a second from one to another.</summary>
    public const int PerSecond = 10;

    private const int MaxKept = 64;

    private readonly Dictionary<(ContactId From, ContactId To), FlowLimit> _flows = [];
    private readonly Dictionary<ContactId, VerifiedDevice> _devices = [];

    // Whoever brings in ever new people has no more of it.
    private readonly FlowLimit _all = new(Burst * WireLimits.CallPeople, PerSecond * WireLimits.CallPeople);

    /// <summary>Signs a signal for somebody.</summary>
    public CallForward? Seal(MessageId group, CallPerson to, CallSignal signal) => state.Device is not { } device ? null : CallForwards.Sign(device, new CallForwardStatement
    {
        Group = group.ToByteString(), From = device.Identity.ToByteString(), To = to.IdentityKey, Signal = signal,
    });

    /// <summary>Whether the person whom the statement names signed it. What is too much is not looked at.</summary>
    public bool IsTheirs(CallForward forward, CallForwardStatement statement, ContactId from, long now)
    {
        if (!IdentityPublicKey.TryRead(statement.From, out var identity) || !MayFlow(from, default, now) || !_all.TryTake(now))
            return false;
        var good = CallForwards.Verify(forward, identity, out var device, _devices.GetValueOrDefault(from));
        if (device is not null && (_devices.Count < MaxKept || _devices.ContainsKey(from)))
            _devices[from] = device;
        return good;
    }

    /// <summary>Whether one may say one thing more to another.</summary>
    public bool MayFlow(ContactId from, ContactId to, long now)
    {
        if (!_flows.TryGetValue((from, to), out var flow))
        {
            // Those of calls long over; who is in one now has it anew, and full.
            if (_flows.Count >= MaxKept)
                _flows.Clear();
            _flows.Add((from, to), flow = new FlowLimit(Burst, PerSecond));
        }

        return flow.TryTake(now);
    }
}
