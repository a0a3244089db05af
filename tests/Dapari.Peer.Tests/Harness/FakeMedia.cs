using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Tests.Harness;

/// <summary>
/// Media drivers as the engine sees them: the offerer offers, the other answers, and both connect. A certificate is made of its owner's name, so
/// that each end shows its own; a test may make somebody show another.
/// </summary>
internal sealed class FakeMedia
{
    private readonly Dictionary<(Person Person, ulong Leg), Leg> _legs = [];

    /// <summary>Descriptions are exchanged, and no pair is ever found.</summary>
    public bool Blocked { get; set; }

    /// <summary>What the ends see of the pair, where no relay is asked for.</summary>
    public PathFacts Facts { get; set; } = new(Network.Same, 3);

    /// <summary>Shows this certificate instead of one's own in the handshake.</summary>
    public Dictionary<Person, byte[]> Shown { get; } = [];

    public IEnumerable<ulong> LegsOf(Person person) => _legs.Keys.Where(key => key.Person == person).Select(key => key.Leg);

    public Leg LegOf(Person person, ulong leg) => _legs[(person, leg)];

    public Leg Only(Person person) => _legs.Single(leg => leg.Key.Person == person).Value;

    public static byte[] Certificate(string name) => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name));

    public static string Sdp(string name) =>
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 "
        + string.Join(':', Certificate(name).Select(value => value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture))) + "\r\n";

    public void Do(Person person, PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.OpenLeg open:
                _legs.Add((person, open.Leg), new Leg(open.Leg) { RelayOnly = open.RelayOnly, Servers = open.IceServers });
                if (open.Offerer)
                {
                    person.Inputs.Enqueue(new PeerInput.LegSignalMade(open.Leg, new Signal { OfferSdp = Sdp(person.Name) }));
                    Candidate(person, open.Leg);
                }

                break;
            case PeerEffect.AcceptLegSignal accept:
                Accept(person, accept);
                break;
            case PeerEffect.RestartLeg restart:
                var leg = _legs[(person, restart.Leg)];
                leg.RelayOnly = restart.RelayOnly;
                leg.Servers = restart.IceServers;
                leg.Restarts++;
                if (leg.State != LegState.Opening && !Blocked)
                    Connect(restart.Leg);
                break;
            case PeerEffect.CloseLeg close:
                _legs.Remove((person, close.Leg));
                Interrupt(close.Leg);
                break;
        }
    }

    /// <summary>The process ends, and its connections with it.</summary>
    public void Cut(Person person)
    {
        foreach (var leg in LegsOf(person).ToList())
        {
            _legs.Remove((person, leg));
            Interrupt(leg);
        }
    }

    /// <summary>Nothing arrives on a leg any more.</summary>
    public void Interrupt(ulong leg)
    {
        foreach (var ((person, id), end) in _legs.Where(end => end.Key.Leg == leg && end.Value.State == LegState.Connected).ToList())
        {
            end.State = LegState.Interrupted;
            Tell(person, id, end);
        }
    }

    /// <summary>A driver gives a leg up.</summary>
    public void Fail(Person person, ulong leg)
    {
        _legs.Remove((person, leg));
        person.Inputs.Enqueue(new PeerInput.LegClosed(leg));
        Interrupt(leg);
    }

    /// <summary>Both ends have a pair.</summary>
    public void Connect(ulong leg)
    {
        var ends = _legs.Where(end => end.Key.Leg == leg).ToList();
        if (ends.Count != 2)
            return;
        for (var i = 0; i < 2; i++)
        {
            var (person, other) = (ends[i].Key.Person, ends[1 - i].Key.Person);
            ends[i].Value.State = LegState.Connected;
            ends[i].Value.Fingerprint = Shown.GetValueOrDefault(other, Certificate(other.Name));
            ends[i].Value.Path = ends[i].Value.RelayOnly ? new PathFacts(Network.Relayed, 40) : Facts;
            Tell(person, leg, ends[i].Value);
        }
    }

    private void Accept(Person person, PeerEffect.AcceptLegSignal accept)
    {
        var leg = _legs[(person, accept.Leg)];
        leg.Accepted.Add(accept.Signal);
        if (accept.Signal.PartCase == Part.OfferSdp)
        {
            person.Inputs.Enqueue(new PeerInput.LegSignalMade(accept.Leg, new Signal { AnswerSdp = Sdp(person.Name) }));
            Candidate(person, accept.Leg);
        }
        else if (accept.Signal.PartCase == Part.AnswerSdp && !Blocked)
        {
            Connect(accept.Leg);
        }
    }

    private static void Candidate(Person person, ulong leg)
    {
        foreach (var kind in new[] { "host", "srflx raddr 10.0.0.1 rport 9", "relay raddr 10.0.0.1 rport 9" })
        {
            person.Inputs.Enqueue(new PeerInput.LegSignalMade(leg, new Signal
            {
                Candidate = new Candidate { Candidate_ = $"candidate:1 1 udp 1 192.0.2.1 4000 typ {kind}", SdpMid = "0" },
            }));
        }
    }

    private static void Tell(Person person, ulong id, Leg leg) =>
        person.Inputs.Enqueue(new PeerInput.LegFactsChanged(id, new LegFacts(leg.State, leg.Path, leg.Fingerprint)));

    internal sealed class Leg(ulong id)
    {
        public ulong Id { get; } = id;

        public bool RelayOnly { get; set; }

        public IReadOnlyList<IceServer> Servers { get; set; } = [];

        public LegState State { get; set; }

        public PathFacts Path { get; set; }

        public byte[] Fingerprint { get; set; } = [];

        public int Restarts { get; set; }

        public List<Signal> Accepted { get; } = [];
    }
}
