using System.Buffers;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Peer;

/// <summary>A device with a whole peer on the Internet in memory, and the letters it writes to the other one: descriptions and candidates as text.</summary>
internal sealed class PeerHost
{
    // Letters arrive in their order.
    private const int SignalMs = 60;
    private readonly SimulatedNetwork _network;
    private readonly byte[] _buffer = new byte[32 << 10];
    private readonly ArrayBufferWriter<byte> _message = new();
    private readonly ulong _seed;
    private Home _home;
    private SimulatedTurn? _turn;
    private readonly bool _holds;
    private bool _isLent;
    private bool _offersNow;
    private int _offers;

    public PeerHost(SimulatedNetwork network, Home home, RtcPeerOptions options, ulong seed, uint inside)
    {
        (_network, _home, _seed, _holds) = (network, home, seed, options.Offerer);
        Peer = new RtcPeer(options, new SeededEntropy(seed), Now);
        Address = home.Kind == Router.None ? Endpoint.V4(home.PublicAddress, 4_000) : Endpoint.V4(inside, 4_000);
        network.Bind(home, Address, (from, bytes) => Take(0, from, bytes));
    }

    public RtcPeer Peer { get; }

    public Endpoint Address { get; private set; }

    public PeerHost Other { get; set; } = null!;

    public List<RtcEvent> Events { get; } = [];

    public List<(RtcChannel Channel, bool Text, byte[] Bytes)> Messages { get; } = [];

    /// <summary>Messages are taken as they come.</summary>
    public bool Reads { get; set; } = true;

    /// <summary>Gets each message as it comes, which then is not kept in <see cref="Messages"/>.</summary>
    public event Action<RtcChannel, ReadOnlySpan<byte>>? Heard;

    /// <summary>A server lends it an address, too.</summary>
    public bool HasRelay { get; set; }

    /// <summary>Told instead of the address.</summary>
    public string? Name { get; set; }

    /// <summary>When nothing comes any more it looks for the way anew, as the link of a device does.</summary>
    public bool RestartsWhenSilent { get; set; }

    /// <summary>Neither sends nor hears.</summary>
    public bool IsGone { get; set; }

    /// <summary>Looks at every datagram before it goes; false: it is lost.</summary>
    public Func<byte[], bool>? Filter { get; set; }

    /// <summary>Done after everything that happens to it.</summary>
    public Action? Each { get; set; }

    public long Now => _network.Now * 1_000;

    public static (PeerHost A, PeerHost B) Pair(SimulatedNetwork network, Router a = Router.None, Router b = Router.None, ulong seed = 1, Func<RtcPeerOptions, RtcPeerOptions>? change = null)
    {
        change ??= options => options;
        var first = new PeerHost(network, network.AddHome(a), change(new RtcPeerOptions { Offerer = true, Certificate = Certificates.First }), (seed * 2) + 1, 0xC0A8_0102);
        var second = new PeerHost(network, network.AddHome(b), change(new RtcPeerOptions { Offerer = false, Certificate = Certificates.Second }), (seed * 2) + 2, 0xC0A8_0203);
        (first.Other, second.Other) = (second, first);
        return (first, second);
    }

    /// <summary>Offer and answer cross the network as text.</summary>
    public static void Connect(PeerHost offerer, PeerHost answerer)
    {
        offerer.Begin();
        answerer.Begin();
        Assert.True(answerer.Peer.SetRemote(Sent(offerer), answerer.Now));
        Assert.True(offerer.Peer.SetRemote(Sent(answerer), offerer.Now));
        offerer.Flush();
        answerer.Flush();
    }

    /// <summary>Lets time pass until the condition holds; false: it did not in time.</summary>
    public static bool Run(SimulatedNetwork network, Func<bool> until, long forMs, params PeerHost[] hosts)
    {
        var end = network.Now + forMs;
        while (!until())
        {
            if (network.Now >= end)
                return false;
            network.Run(Math.Min(end, network.Now + 20), now =>
            {
                var next = long.MaxValue;
                foreach (var host in hosts)
                {
                    host.Peer.Advance(now * 1_000);
                    host.Flush();
                    if (host.Peer.NextDeadlineUs is var due and < long.MaxValue)
                        next = Math.Min(next, Math.Max((due + 999) / 1_000, now + 1));
                }

                return next == long.MaxValue ? null : next;
            });
        }

        return true;
    }

    /// <summary>To another network in the middle of everything: another address, and the way is looked for anew at both ends.</summary>
    public void Move(Home home, Endpoint address)
    {
        _network.Unbind(Address);
        Peer.RemoveBase(0, Now);
        (_home, Address) = (home, address);
        _turn?.Abandon();
        Lent(null);
        _network.Bind(home, Address, (from, bytes) => Take(0, from, bytes));
        Peer.Restart(Now);
        Assert.Equal(0, Peer.AddBase(Address, CandidateType.Host, 65535, Now));
        if (HasRelay)
            Lend();
        Peer.EndOfBases(Now);
        TellAnew();
    }

    public bool Has(RtcEventKind kind) => Events.Exists(told => told.Kind == kind);

    public void Begin()
    {
        Peer.AddServer(SimulatedNetwork.StunServer, Now);
        Assert.Equal(0, Peer.AddBase(Address, CandidateType.Host, 65535, Now, name: Name));
        if (HasRelay)
            Lend();
        else
            Peer.EndOfBases(Now);
        Flush();
    }

    public void Flush()
    {
        Each?.Invoke();
        while (Peer.TryTakeDatagram(_buffer, out var length, out var id, out var to))
        {
            Assert.InRange(id, 0, HasRelay ? 1 : 0);
            var bytes = _buffer[..length];
            if (IsGone || Filter?.Invoke(bytes) == false)
                continue;
            if (id == 0)
                _network.Send(Address, to, bytes);
            else
                _turn!.Send(to, bytes);
        }

        while (Peer.TryTakeEvent(out var told))
        {
            Events.Add(told);
            var other = Other;
            if (told.Kind == RtcEventKind.Disconnected)
                _turn?.Probe();
            if (RestartsWhenSilent && told.Kind == RtcEventKind.Disconnected)
            {
                Peer.Restart(Now);
                TellAnew();
            }

            if (told.Kind == RtcEventKind.CandidateFound)
            {
                var line = told.Candidate!.ToString();
                _network.After(SignalMs, () =>
                {
                    Assert.True(IceCandidate.TryParse(line, out var read));
                    other.Peer.AddRemoteCandidate(read, other.Now);
                    other.Flush();
                });
            }
        }

        while (Reads && Peer.TryReceive(out var channel, out var text, _message))
        {
            if (Heard is null)
                Messages.Add((channel, text, _message.WrittenSpan.ToArray()));
            else
                Heard(channel, _message.WrittenSpan);
            _message.ResetWrittenCount();
        }
    }

    private void Lend()
    {
        _turn = new SimulatedTurn(_network, _home, Address.WithPort((ushort)(Address.Port + 1)), _seed + 99)
        {
            Changed = Lent,
            Heard = (from, bytes) => Take(1, from, bytes),
        };
        _turn.Start();
    }

    private void Lent(Endpoint? lent)
    {
        if (_isLent)
            Peer.RemoveBase(1, Now);
        _isLent = lent is not null;
        if (lent is not { } address)
            return;
        Assert.Equal(1, Peer.AddBase(address, CandidateType.Relayed, 65535, Now));
        Peer.EndOfBases(Now);
        Flush();
    }

    private static SessionDescription Sent(PeerHost from)
    {
        var text = SdpWriter.Write(from.Peer.LocalDescription, 7, 1);
        Assert.True(SdpReader.TryRead(text, out var read, out var fault), fault.ToString());
        return read;
    }

    // Of two offers that cross that of the end which began holds.
    private void TellAnew()
    {
        var (offer, other, number) = (Sent(this), Other, ++_offers);
        _offersNow = true;
        _network.After(SignalMs, () =>
        {
            if (other._offersNow && other._holds)
                return;
            other._offersNow = false;
            Assert.True(other.Peer.SetRemote(offer, other.Now));
            var answer = Sent(other);
            _network.After(SignalMs, () =>
            {
                if (!_offersNow || number != _offers)
                    return;
                _offersNow = false;
                Assert.True(Peer.SetRemote(answer, Now));
                Flush();
            });
            other.Flush();
        });
        Flush();
    }

    private void Take(int id, Endpoint from, byte[] bytes)
    {
        if (IsGone)
            return;
        Peer.Receive(id, from, bytes, Now);
        Flush();
    }
}

/// <summary>Made once: the keys' values matter to no test.</summary>
internal static class Certificates
{
    private static readonly DateTimeOffset Day = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    public static DtlsCertificate First { get; } = DtlsCertificate.Create(Day);

    public static DtlsCertificate Second { get; } = DtlsCertificate.Create(Day);
}
