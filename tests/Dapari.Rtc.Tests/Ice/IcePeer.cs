using Dapari.Rtc.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Ice;

/// <summary>A device with an agent, and the letters it writes to the other one.</summary>
internal sealed class IcePeer
{
    private readonly SimulatedNetwork _network;
    private readonly Home _home;
    private readonly int _signalMs;
    private readonly ulong _seed;
    private SimulatedTurn? _turn;
    private Endpoint? _relayed;

    public IcePeer(SimulatedNetwork network, Home home, IceOptions options, ulong seed, bool relay, uint inside = 0, int signalMs = 60)
    {
        _network = network;
        _home = home;
        (_signalMs, _seed) = (signalMs, seed);
        Agent = new IceAgent(options, new SeededEntropy(seed));
        Address = home.Kind == Router.None ? Endpoint.V4(home.PublicAddress, 4_000) : Endpoint.V4(inside == 0 ? 0xC0A8_0102 : inside, 4_000);
        Relay = relay;
    }

    public IceAgent Agent { get; }

    public Endpoint Address { get; private set; }

    public bool Relay { get; }

    public IcePeer Other { get; set; } = null!;

    public List<IceEvent> Events { get; } = [];

    /// <summary>What came that is no ICE's, and whether it may be listened to.</summary>
    public List<(byte[] Bytes, bool May)> Data { get; } = [];

    /// <summary>Silent from now on: neither sends nor hears.</summary>
    public bool IsGone { get; set; }

    public IEnumerable<IceCandidate> Told => Events.OfType<IceEvent.CandidateFound>().Select(found => found.Candidate);

    public static (IcePeer A, IcePeer B) Pair(SimulatedNetwork network, Router a, Router b, bool relay = true, IceOptions? optionsA = null, IceOptions? optionsB = null, ulong seed = 1)
    {
        var first = new IcePeer(network, network.AddHome(a), optionsA ?? new IceOptions { Controlling = true }, (seed * 2) + 1, relay);
        var second = new IcePeer(network, network.AddHome(b), optionsB ?? new IceOptions(), (seed * 2) + 2, relay, 0xC0A8_0203);
        (first.Other, second.Other) = (second, first);
        return (first, second);
    }

    public static void Run(SimulatedNetwork network, long forMs, params IcePeer[] peers) => network.Run(network.Now + forMs, now =>
    {
        long? next = null;
        foreach (var peer in peers)
        {
            peer.Agent.Tick(now);
            peer.Flush();
            if (peer.Agent.NextDeadline is { } due)
                next = Math.Min(next ?? long.MaxValue, Math.Max(due, now + 1));
        }

        return next;
    });

    public void Start()
    {
        Listen();
        Agent.AddServer(SimulatedNetwork.StunServer, _network.Now);
        Agent.AddBase(Address, CandidateType.Host, 65535, _network.Now);
        if (Relay)
            Lend(_home);
        else
            Agent.EndOfBases(_network.Now);
        TellCredentials();
        Flush();
    }

    /// <summary>To another network: other addresses, and the way is looked for anew at both ends.</summary>
    public void Move(Home home, Endpoint address)
    {
        _network.Unbind(Address);
        Agent.RemoveBase(Address, _network.Now);
        _turn?.Abandon();
        Lent(null);
        Address = address;
        _network.Bind(home, Address, Take);
        Agent.Restart(_network.Now);
        Agent.AddBase(Address, CandidateType.Host, 65535, _network.Now);
        if (Relay)
            Lend(home);
        Agent.EndOfBases(_network.Now);
        TellRestart();
        Flush();
    }

    public void Restart()
    {
        Agent.Restart(_network.Now);
        TellRestart();
        Flush();
    }

    public void SendData(byte[] bytes)
    {
        if (Agent.Selected is { } pair)
            Send(pair.Local, pair.Remote, bytes);
    }

    public void Flush()
    {
        while (Agent.TryTake(out IceDatagram datagram))
        {
            if (!IsGone)
                Send(datagram.Local, datagram.Remote, datagram.Bytes);
        }

        while (Agent.TryTake(out IceEvent? told))
        {
            Events.Add(told);
            var other = Other;
            switch (told)
            {
                case IceEvent.CandidateFound { Candidate: var candidate }:
                    _network.After(_signalMs, () => Assert.True(IceCandidate.TryParse(candidate.ToString(), out var read) && (other.Agent.AddRemote(read, _network.Now) || read.Fragment != other.Agent.Remote?.Fragment)));
                    break;
                case IceEvent.GatheringDone:
                    _network.After(_signalMs, () => other.Agent.EndOfRemotes(_network.Now));
                    break;
            }
        }
    }

    private void Lend(Home home)
    {
        _turn = new SimulatedTurn(_network, home, Address.WithPort((ushort)(Address.Port + 1)), _seed + 99)
        {
            Changed = Lent,
            Heard = (from, bytes) => TakeAt(_relayed!.Value, from, bytes),
        };
        _turn.Start();
    }

    private void Lent(Endpoint? lent)
    {
        if (_relayed is { } former)
            Agent.RemoveBase(former, _network.Now);
        _relayed = lent;
        if (lent is not { } address)
            return;
        Agent.AddBase(address, CandidateType.Relayed, 65535, _network.Now);
        Agent.EndOfBases(_network.Now);
        Flush();
    }

    private void Send(Endpoint from, Endpoint to, byte[] bytes)
    {
        if (from == _relayed)
            _turn!.Send(to, bytes);
        else
            _network.Send(from, to, bytes);
    }

    private void Listen() => _network.Bind(_home, Address, Take);

    private void TellCredentials()
    {
        var (credentials, other) = (Agent.Local, Other);
        _network.After(_signalMs, () => other.Agent.SetRemote(credentials, _network.Now));
    }

    private void TellRestart()
    {
        var (credentials, other) = (Agent.Local, Other);
        _network.After(_signalMs, () =>
        {
            if (other.Agent.Remote is not null && other.Agent.Remote != credentials)
            {
                other.Agent.Restart(_network.Now);
                other.Agent.EndOfBases(_network.Now);
                other.TellCredentials();
            }

            other.Agent.SetRemote(credentials, _network.Now);
            other.Flush();
        });
    }

    private void Take(Endpoint from, byte[] bytes) => TakeAt(Address, from, bytes);

    private void TakeAt(Endpoint local, Endpoint from, byte[] bytes)
    {
        if (IsGone)
            return;
        if (Agent.Receive(local, from, bytes, _network.Now) == IceReceipt.NotIce)
            Data.Add((bytes, Agent.MayReceive(local, from)));
        Flush();
    }
}
