using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Network;

/// <summary>
/// One end of a model of a call's media connection: it connects only after both descriptions were carried through the engines, if the networks allow
/// it, and stops when either end is gone or without a network.
/// </summary>
internal sealed class SimLeg(World world, SimPeer peer, ulong id, bool offerer, bool relayOnly, SimRandom random)
{
    private LegState _state;
    private bool _described;

    public ulong Id { get; } = id;

    public SimPeer Peer { get; } = peer;

    public bool RelayOnly { get; private set; } = relayOnly;

    private SimLeg? Other => world.Legs.FirstOrDefault(leg => leg.Id == Id && leg != this);

    public void Begin()
    {
        world.Legs.Add(this);
        if (offerer)
            Make(new Signal { OfferSdp = Sdp() });
        // A driver gives up what does not connect.
        world.After(random.Between(12_000, 40_000), () =>
        {
            if (world.Legs.Contains(this) && _state == LegState.Opening)
                Fail();
        });
    }

    public void Accept(Signal signal)
    {
        switch (signal.PartCase)
        {
            case Signal.PartOneofCase.OfferSdp:
                _described = true;
                Make(new Signal { AnswerSdp = Sdp() });
                break;
            case Signal.PartOneofCase.AnswerSdp:
                _described = true;
                TryConnect();
                break;
        }
    }

    public void Restart(bool onlyRelay)
    {
        RelayOnly = onlyRelay;
        TryConnect();
    }

    /// <summary>This end is gone; the other notices after a while.</summary>
    public void Close()
    {
        world.Legs.Remove(this);
        if (Other is { } other)
            world.After(random.Between(20, 6_000), other.Interrupt);
    }

    /// <summary>The driver gives it up.</summary>
    public void Fail()
    {
        Close();
        Peer.LegEnded(this);
    }

    public void Interrupt()
    {
        if (_state != LegState.Connected || !world.Legs.Contains(this))
            return;
        _state = LegState.Interrupted;
        Tell();
        // ICE looks again by itself, once both have a network.
        world.After(random.Between(1_000, 8_000), TryConnect);
    }

    private void Make(Signal signal) => world.After(random.Between(3, 60), () =>
    {
        if (world.Legs.Contains(this))
            Peer.Give(new PeerInput.LegSignalMade(Id, signal));
    });

    private void TryConnect() => world.After(random.Between(20, 400), () =>
    {
        if (!world.Legs.Contains(this) || Other is not { _described: true } other || !_described || !Peer.Online || !other.Peer.Online)
            return;
        if (!RelayOnly && !other.RelayOnly && !world.CanPunch(Peer, other.Peer) && random.Chance(0.3))
            return;
        Connect();
        other.Connect();
    });

    private void Connect()
    {
        _state = LegState.Connected;
        Tell();
    }

    private void Tell()
    {
        var relayed = RelayOnly || Other is { RelayOnly: true } || (Other is { } other && !world.CanPunch(Peer, other.Peer));
        Peer.Give(new PeerInput.LegFactsChanged(Id, new LegFacts(
            _state, new PathFacts(relayed ? Wire.V1.Network.Relayed : Wire.V1.Network.Internet, (uint)random.Between(3, 90)), Other is { } theirs ? Certificate(theirs.Peer) : default)));
    }

    private static byte[] Certificate(SimPeer owner) => SHA256.HashData(Encoding.UTF8.GetBytes(owner.Name));

    private string Sdp() =>
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 "
        + string.Join(':', Certificate(Peer).Select(value => value.ToString("X2", CultureInfo.InvariantCulture))) + "\r\n";
}
