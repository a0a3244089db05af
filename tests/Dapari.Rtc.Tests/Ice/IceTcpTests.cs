using Dapari.Rtc.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Ice;

/// <summary>Candidates of TCP (RFC 6544): one end connects from a port of the moment, and datagrams go both ways by that connection.</summary>
public sealed class IceTcpTests
{
    private static readonly Endpoint Connecting = Endpoint.V4(0x0A00_0001, 9).AsTcp();
    private static readonly Endpoint Listening = Endpoint.V4(0x0A00_0002, 4_000).AsTcp();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_connects_and_who_listens_settle_on_the_connection(bool connectingControls)
    {
        var line = new Line(connectingControls);
        line.Run(5_000);
        Assert.Equal((IceState.Connected, IceState.Connected), (line.Client.State, line.Server.State));
        var (here, there) = (line.Client.Selected!.Value, line.Server.Selected!.Value);
        Assert.Equal((Connecting, Listening, CandidateType.Host, CandidateType.Host), (here.Local, here.Remote, here.LocalType, here.RemoteType));
        Assert.Equal((Listening, line.Port, CandidateType.PeerReflexive), (there.Local, there.Remote, there.RemoteType));
        Assert.True(line.Client.MayReceive(Connecting, Listening));
        Assert.True(line.Server.MayReceive(Listening, line.Port));
    }

    [Fact]
    public void What_a_connection_carries_is_not_sent_again()
    {
        var line = new Line(connectingControls: true) { IsDeaf = true };
        line.Run(35_000);
        Assert.Equal(1, line.Sent);
        line.Run(10_000);
        Assert.Equal(IceState.Failed, line.Client.State);
    }

    [Fact]
    public void A_connection_that_breaks_ends_its_pair_at_both_ends_and_after_a_restart_there_is_another()
    {
        var line = new Line(connectingControls: true);
        line.Run(5_000);
        line.Break();
        line.Run(100);
        Assert.Equal((IceState.Failed, IceState.Failed), (line.Client.State, line.Server.State));
        line.Restart();
        line.Run(5_000);
        Assert.Equal((IceState.Connected, IceState.Connected), (line.Client.State, line.Server.State));
        Assert.Equal(line.Port, line.Server.Selected!.Value.Remote);
    }

    [Fact]
    public void Ends_that_both_connect_or_both_listen_are_no_pair_and_neither_is_one_of_udp()
    {
        var agent = new IceAgent(new IceOptions { Controlling = true }, new SeededEntropy(1));
        agent.AddBase(Connecting, CandidateType.Host, 65_535, 0, tcp: IceTcpType.Active);
        agent.AddBase(Listening, CandidateType.Host, 65_535, 0, tcp: IceTcpType.Passive);
        agent.SetRemote(IceCredentials.Random(new SeededEntropy(2)), 0);
        Assert.True(agent.AddRemote(new IceCandidate("1", 1, Endpoint.V4(0x0A00_0003, 9).AsTcp(), CandidateType.Host) { Tcp = IceTcpType.Active }, 0));
        Assert.True(agent.AddRemote(new IceCandidate("1", 1, Endpoint.V4(0x0A00_0003, 4_000), CandidateType.Host), 0));
        agent.Tick(1_000);
        Assert.False(agent.TryTake(out IceDatagram _));
        Assert.True(agent.AddRemote(new IceCandidate("1", 1, Endpoint.V4(0x0A00_0003, 4_000).AsTcp(), CandidateType.Host) { Tcp = IceTcpType.Passive }, 0));
        agent.Tick(2_000);
        Assert.True(agent.TryTake(out IceDatagram check));
        Assert.Equal(Connecting, check.Local);
        Assert.False(agent.TryTake(out check));
        Assert.Throws<ArgumentException>(() => agent.AddBase(Endpoint.V4(1 << 24, 5), CandidateType.Host, 1, 0, tcp: IceTcpType.Passive));
        Assert.Throws<ArgumentException>(() => agent.AddBase(Listening, CandidateType.Host, 1, 0));
    }

    [Fact]
    public void Connections_that_come_and_break_leave_nothing_behind()
    {
        var line = new Line(connectingControls: false);
        for (var i = 0; i < 3 * IceAgent.MaxRemotes; i++)
        {
            line.Run(200);
            line.Break();
            line.Restart();
        }

        line.Run(5_000);
        Assert.Equal(IceState.Connected, line.Server.State);
    }

    [Fact]
    public void What_a_router_maps_for_who_listens_is_told_as_such()
    {
        var agent = new IceAgent(new IceOptions(), new SeededEntropy(1));
        agent.AddBase(Listening, CandidateType.Host, 65_535, 0, tcp: IceTcpType.Passive);
        Assert.True(agent.AddMapped(Listening, Endpoint.V4(0xCB00_7107, 5_000), 0));
        Assert.True(agent.TryTake(out IceEvent? _));
        Assert.True(agent.TryTake(out IceEvent? told));
        Assert.EndsWith("203.0.113.7 5000 typ srflx raddr 10.0.0.2 rport 4000 tcptype passive ufrag " + agent.Local.Fragment, Assert.IsType<IceEvent.CandidateFound>(told).Candidate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_are_read_as_they_come()
    {
        byte[] bytes = [.. TcpFrame.Of([1, 2, 3]), .. TcpFrame.Of([]), .. TcpFrame.Of(new byte[ushort.MaxValue])];
        Assert.Equal([0, 3, 1, 2, 3, 0, 0, 0xFF, 0xFF], bytes[..9]);
        for (var cut = 0; cut <= bytes.Length; cut += cut < 9 ? 1 : 5_000)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(0, cut);
            Assert.Equal(cut >= 5, TcpFrame.TryRead(ref rest, out var first) && first.SequenceEqual((byte[])[1, 2, 3]));
        }

        ReadOnlySpan<byte> all = bytes;
        Assert.True(TcpFrame.TryRead(ref all, out _) && TcpFrame.TryRead(ref all, out var empty) && empty.IsEmpty);
        Assert.Equal(TcpFrame.Longest, TcpFrame.LengthOf(all));
        Assert.True(TcpFrame.TryRead(ref all, out var longest) && longest.Length == ushort.MaxValue && all.IsEmpty);
        Assert.Throws<ArgumentException>(() => TcpFrame.Of(new byte[ushort.MaxValue + 1]));
    }

    /// <summary>Two ends, and the connections between them: one at a time, each from another port.</summary>
    private sealed class Line
    {
        private long _now;
        private ushort _port = 50_000;

        public Line(bool connectingControls)
        {
            Client = new IceAgent(new IceOptions { Controlling = connectingControls }, new SeededEntropy(1));
            Server = new IceAgent(new IceOptions { Controlling = !connectingControls }, new SeededEntropy(2));
            Client.AddBase(Connecting, CandidateType.Host, 65_535, 0, tcp: IceTcpType.Active);
            Server.AddBase(Listening, CandidateType.Host, 65_535, 0, tcp: IceTcpType.Passive);
            Meet();
        }

        public IceAgent Client { get; }

        public IceAgent Server { get; }

        public bool IsDeaf { get; init; }

        public int Sent { get; private set; }

        public Endpoint Port => Endpoint.V4(0x0A00_0001, _port).AsTcp();

        public void Run(int forMs)
        {
            for (var end = _now + forMs; _now < end; _now += 10)
            {
                Client.Tick(_now);
                Server.Tick(_now);
                Carry();
            }
        }

        public void Break()
        {
            Client.Broke(Connecting, Listening, _now);
            Server.Broke(Listening, Port, _now);
            _port++;
        }

        public void Restart()
        {
            Client.Restart(_now);
            Server.Restart(_now);
            Meet();
        }

        private void Meet()
        {
            Client.EndOfBases(_now);
            Server.EndOfBases(_now);
            Client.SetRemote(Server.Local, _now);
            Server.SetRemote(Client.Local, _now);
            foreach (var (from, to) in (IEnumerable<(IceAgent, IceAgent)>)[(Client, Server), (Server, Client)])
            {
                while (from.TryTake(out IceEvent? told))
                {
                    if (told is IceEvent.CandidateFound found && IceCandidate.TryParse(found.Candidate.ToString(), out var candidate))
                        to.AddRemote(candidate, _now);
                }

                to.EndOfRemotes(_now);
            }
        }

        private void Carry()
        {
            for (var moved = true; moved;)
            {
                moved = false;
                while (Client.TryTake(out IceDatagram datagram))
                {
                    Assert.Equal((Connecting, Listening), (datagram.Local, datagram.Remote));
                    Sent++;
                    moved = true;
                    if (!IsDeaf)
                        Server.Receive(Listening, Port, datagram.Bytes, _now);
                }

                while (Server.TryTake(out IceDatagram datagram))
                {
                    moved = true;
                    if (datagram.Remote == Port)
                        Client.Receive(Connecting, Listening, datagram.Bytes, _now);
                }
            }
        }
    }
}
