using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Core;
using Dapari.Simulation.Network;

namespace Dapari.Simulation.Peers;

/// <summary>What the person does with calls, and the media driver.</summary>
internal sealed partial class SimPeer
{
    private readonly Dictionary<ulong, SimLeg> _legs = [];
    private readonly SimRandom _company;

    /// <summary>As last shown.</summary>
    public IReadOnlyList<CallView> Calls { get; private set; } = [];

    public bool InCall => Calls.Any(call => call.Stage != CallStage.Ended);

    /// <summary>A person with a telephone in the hand.</summary>
    public void Telephone(ContactRecord contact)
    {
        // Who is called together with others likes company.
        if (Calls.FirstOrDefault(one => one is { Group: true, Stage: CallStage.Ringing, Outgoing: false }) is { } gathering && _company.Chance(0.7))
        {
            Say(new Command { AnswerCall = new AnswerCall { CallId = gathering.CallId, Way = Policy.Automatic } });
            return;
        }

        var call = Calls.Count == 0 ? null : _random.Pick(Calls);
        if (call is null || _random.Chance(0.3))
        {
            Say(new Command
            {
                StartCall = new StartCall
                {
                    ContactIds = { Gathered(contact) }, Video = _random.Chance(0.5),
                    Way = _random.PickAny(Policy.Unspecified, Policy.Unspecified, Policy.Automatic, Policy.DirectOnly, Policy.ServerOnly),
                },
            });
            return;
        }

        if (call.CanAdd && _company.Chance(0.3))
        {
            Say(new Command { AddToCall = new AddToCall { CallId = call.CallId, ContactId = _company.Pick(View.Contacts.Values.ToArray()).Id } });
            return;
        }

        switch (_random.Below(8))
        {
            case < 4:
                Say(new Command { AnswerCall = new AnswerCall { CallId = call.CallId, Way = _random.PickAny(Policy.Unspecified, Policy.Automatic) } });
                break;
            case < 6:
                Say(new Command { EndCall = new EndCall { CallId = call.CallId } });
                break;
            case 6:
                Say(new Command { SetCallMedia = new SetCallMedia { CallId = call.CallId, Media = new Wire.V1.CallMedia { Camera = _random.Chance(0.5) } } });
                break;
            default:
                Say(new Command { SetCallWay = new SetCallWay { CallId = call.CallId, Way = _random.PickAny(Policy.Automatic, Policy.ServerOnly, Policy.DirectOnly) } });
                break;
        }
    }

    // Often one, at times all whom one knows.
    private IEnumerable<Google.Protobuf.ByteString> Gathered(ContactRecord contact) => _company.Chance(0.5)
        ? [contact.Id]
        : View.Contacts.Values.Where(one => one.State == ContactState.Accepted).Select(one => one.Id).Append(contact.Id).Distinct().OrderBy(id => id.ToBase64(), StringComparer.Ordinal).Take(7);

    /// <summary>Puts the receiver down.</summary>
    public void HangUpAll()
    {
        foreach (var call in Calls.Where(call => call.Stage != CallStage.Ended))
            Say(new Command { EndCall = new EndCall { CallId = call.CallId } });
    }

    public void LegEnded(SimLeg leg)
    {
        if (_legs.Remove(leg.Id))
            Give(new PeerInput.LegClosed(leg.Id));
    }

    private void Shown(Snapshot snapshot)
    {
        Calls = snapshot.Calls;
        foreach (var call in Calls)
        {
            if (call.Legs.Count(leg => leg.Leg != 0) > (call.Group ? 7 : 1))
                _world.Broken($"{Name} has more media legs than a call has people");
            if (call.Legs.FirstOrDefault(leg => leg.ContactId.IsEmpty && leg.Route == Wire.V1.Route.Direct && leg.Stage == LegStage.Connected) is { } stranger)
                _world.Broken($"{Name} is connected directly with a stranger, {stranger.Name}");
            if (call.Legs.GroupBy(leg => leg.IdentityKey).Any(legs => legs.Count() > 1))
                _world.Broken($"{Name} sees somebody twice in a call");
            _world.Figures.Strangers += call.Legs.Any(leg => leg.ContactId.IsEmpty && leg.Stage == LegStage.Connected) ? 1 : 0;
        }

        if (Calls.Count(call => call.Stage is CallStage.Connecting or CallStage.Connected || (call.Outgoing && call.Stage != CallStage.Ended)) > 1)
            _world.Broken($"{Name} is in two calls at once");
    }

    private void DoOnLeg(PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.OpenLeg open:
                if (_legs.Count >= 7)
                    _world.Broken($"{Name} opens an eighth media leg");
                if (open.RelayOnly && open.IceServers.Count == 0)
                    _world.Broken($"{Name} opens a leg by relays only, and has none");
                _world.Note(Name, $"opens leg {open.Leg:x8}{(open.Offerer ? ", offers" : "")}");
                var leg = new SimLeg(_world, this, open.Leg, open.Offerer, open.RelayOnly, _random.Fork(open.Leg));
                _legs[open.Leg] = leg;
                leg.Begin();
                break;
            case PeerEffect.AcceptLegSignal signal:
                _legs.GetValueOrDefault(signal.Leg)?.Accept(signal.Signal);
                break;
            case PeerEffect.RestartLeg restart:
                _legs.GetValueOrDefault(restart.Leg)?.Restart(restart.RelayOnly);
                break;
            case PeerEffect.CloseLeg close:
                if (_legs.Remove(close.Leg, out var closing))
                    closing.Close();
                break;
        }
    }

    private void DropLegs()
    {
        foreach (var leg in _legs.Values.ToArray())
            leg.Close();
        _legs.Clear();
        Calls = [];
    }
}
