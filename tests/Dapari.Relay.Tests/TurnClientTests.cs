using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Turn;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>The library's TURN client and this relay.</summary>
public sealed class TurnClientTests
{
    private static readonly Endpoint Peer = World.At("9.9.9.9:9000");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_address_is_lent_and_datagrams_go_both_ways(bool stream)
    {
        var line = new Line(stream);
        line.Lend();
        Assert.Equal(World.At(stream ? "192.0.2.11:5000" : "192.0.2.10:4000"), line.Client.Mapped);
        Assert.True(line.World.Bound.ContainsKey(line.Client.Relayed));
        // The first as an indication behind the binding, the second by the channel; lengths that need padding.
        foreach (byte[] payload in new byte[][] { [1, 2, 3, 4, 5], [6, 7, 8], [] })
        {
            var sent = line.SendTo(Peer, payload);
            Assert.NotNull(sent);
            Assert.Equal((RelayAction.ToPeer, Peer), (sent.Action, sent.Peer));
            Assert.Equal(payload, sent.Bytes);
        }

        Assert.Equal((Peer, 3), (line.FromPeer(Peer, [9, 9, 9]).From, line.Got.Length));
        // Another port of the same address is permitted too, but has no channel: an indication.
        var other = World.At("9.9.9.9:9001");
        Assert.Equal((other, 2), (line.FromPeer(other, [1, 2]).From, line.Got.Length));
        Assert.Null(line.World.FromPeer(line.Client.Relayed, World.At("9.9.9.8:1"), [1]));
    }

    [Fact]
    public void It_lives_as_long_as_its_client_wants_through_stale_nonces()
    {
        var line = new Line(false);
        line.Lend();
        line.SendTo(Peer, [1]);
        for (var minute = 0; minute < 180; minute++)
        {
            line.Pass(TimeSpan.FromMinutes(1));
            Assert.Equal(TurnState.Lent, line.Client.State);
            Assert.NotNull(line.SendTo(Peer, [2]));
            Assert.Equal(Peer, line.FromPeer(Peer, [3]).From);
        }

        var relayed = line.Client.Relayed;
        line.Client.Close(line.Now);
        line.Exchange();
        Assert.False(line.World.Bound.ContainsKey(relayed));
        Assert.Equal(TurnState.Closed, line.Client.State);
    }

    [Fact]
    public void A_wrong_password_is_refused_and_not_tried_for_ever()
    {
        var line = new Line(false, password: "another");
        line.Client.Start(line.Now);
        line.Exchange();
        Assert.Equal((TurnState.Failed, 401), (line.Client.State, line.Client.Code));
        Assert.InRange(line.Requests, 2, 3);
    }

    [Fact]
    public void Lost_requests_and_answers_are_made_good()
    {
        for (var lost = 0; lost < 6; lost++)
        {
            var line = new Line(false);
            var number = 0;
            line.Loses = () => number++ == lost;
            line.Client.Start(line.Now);
            line.Exchange();
            for (var i = 0; i < 100 && line.Client.State != TurnState.Lent; i++)
                line.Pass(TimeSpan.FromMilliseconds(100));
            Assert.Equal(TurnState.Lent, line.Client.State);
            line.SendTo(Peer, [1]);
            for (var i = 0; i < 20; i++)
                line.Pass(TimeSpan.FromMilliseconds(100));
            Assert.NotNull(line.SendTo(Peer, [1]));
        }
    }

    [Fact]
    public void A_server_that_does_not_answer_is_given_up()
    {
        var line = new Line(false) { Loses = () => true };
        line.Client.Start(line.Now);
        for (var i = 0; i < 450 && line.Client.State == TurnState.Asking; i++)
            line.Pass(TimeSpan.FromMilliseconds(100));
        Assert.Equal((TurnState.Failed, 0), (line.Client.State, line.Client.Code));
        Assert.Equal(long.MaxValue, line.Client.NextDeadlineUs);
    }

    [Fact]
    public void A_machine_that_slept_while_two_requests_waited_finds_the_address_gone()
    {
        var line = new Line(true);
        line.Lend();
        line.Pass(TimeSpan.FromSeconds(535));
        line.Loses = () => true;
        // A channel is asked for, then the refresh; both have run out when the client is next advanced.
        line.SendTo(Peer, [1]);
        line.Pass(TimeSpan.FromSeconds(6));
        line.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal((TurnState.Failed, 0), (line.Client.State, line.Client.Code));
        Assert.Equal(long.MaxValue, line.Client.NextDeadlineUs);
    }

    [Fact]
    public void A_server_that_has_forgotten_the_allocation_is_noticed_with_the_next_channel()
    {
        var line = new Line(false);
        line.Lend();
        line.SendTo(Peer, [1]);
        line.World.Advance(TimeSpan.FromMinutes(11));
        Assert.Null(line.SendTo(World.At("9.9.9.8:9000"), [2]));
        Assert.Equal((TurnState.Failed, 437), (line.Client.State, line.Client.Code));
    }

    [Fact]
    public void A_peer_for_which_there_is_no_channel_is_reached_by_indications_until_there_is_one()
    {
        var line = new Line(false, options: new RelayOptions { ChannelsPerAllocation = 1 });
        line.Lend();
        Assert.NotNull(line.SendTo(Peer, [1]));
        var second = World.At("9.9.9.7:9000");
        // 508 to the channel, and then a permission: longer than one lives without being asked for again.
        line.SendTo(second, [2]);
        for (var minute = 0; minute < 30; minute++)
        {
            line.Pass(TimeSpan.FromMinutes(1));
            var sent = line.SendTo(second, [2, 3]);
            Assert.Equal((RelayAction.ToPeer, second), (sent?.Action, sent!.Peer));
            Assert.Equal(second, line.FromPeer(second, [3]).From);
            Assert.NotNull(line.SendTo(Peer, [1]));
        }

        // 508 three times a minute would be a flood: one request for a channel, one for a permission.
        Assert.InRange(line.Requests, 60, 90);
        Assert.Equal(TurnState.Lent, line.Client.State);
    }

    [Fact]
    public void A_peer_that_may_not_be_reached_is_refused_and_no_other()
    {
        var line = new Line(false);
        line.Lend();
        var inside = World.At("10.0.0.1:9000");
        line.SendTo(inside, [1]);
        Assert.False(line.TryWrap(inside));
        var asked = line.Requests;
        line.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(asked, line.Requests);
        Assert.NotNull(line.SendTo(Peer, [1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_channel_whose_requests_are_all_lost_is_asked_for_again_and_serves(bool bound)
    {
        var line = new Line(false);
        line.Lend();
        if (bound)
        {
            line.SendTo(Peer, [1]);
            line.Pass(TimeSpan.FromSeconds(239));
        }

        line.Loses = () => true;
        if (!bound)
            line.SendTo(Peer, [1]);
        for (var second = 0; second < 45; second++)
            line.Pass(TimeSpan.FromSeconds(1));
        line.Loses = () => false;
        for (var second = 0; second < 120; second++)
            line.Pass(TimeSpan.FromSeconds(1));
        var sent = line.SendTo(Peer, [4, 5]);
        Assert.Equal((RelayAction.ToPeer, Peer), (sent?.Action, sent!.Peer));
        // By a channel again: 4 bytes in front of the payload.
        Assert.Equal(6, line.LastWhole);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_server_that_is_suspected_is_asked_at_once(bool stream, bool isThere)
    {
        var line = new Line(stream);
        line.Lend();
        line.Loses = () => !isThere;
        line.Client.Probe(line.Now);
        line.Client.Probe(line.Now);
        line.Exchange();
        for (var i = 0; i < 80; i++)
            line.Pass(TimeSpan.FromMilliseconds(100));
        Assert.Equal(isThere ? TurnState.Lent : TurnState.Failed, line.Client.State);
        if (!isThere)
            return;
        // And it is still refreshed in time.
        for (var minute = 0; minute < 30; minute++)
            line.Pass(TimeSpan.FromMinutes(1));
        Assert.True(line.World.Bound.ContainsKey(line.Client.Relayed));
    }

    [Fact]
    public void A_server_that_started_anew_says_so_to_whoever_asks()
    {
        var line = new Line(false);
        line.Lend();
        line.World.Advance(TimeSpan.FromMinutes(11));
        line.Client.Probe(line.Now);
        line.Exchange();
        Assert.Equal((TurnState.Failed, 437), (line.Client.State, line.Client.Code));
    }

    [Fact]
    public void What_is_not_the_servers_answer_changes_nothing()
    {
        var line = new Line(false);
        line.Client.Start(line.Now);
        Assert.True(line.Client.TryTake(out var request));
        // An answer of somebody who saw the request but does not know the password.
        var forged = request.ToArray();
        forged[0] = 1;
        forged[1] = 3;
        Assert.Equal(TurnReceipt.Refused, line.Client.Receive(forged, out _, out _, line.Now));
        Assert.Equal(TurnState.Asking, line.Client.State);
        var random = new SeededEntropy(5);
        var bytes = new byte[64];
        for (var i = 0; i < 20_000; i++)
        {
            random.Fill(bytes);
            Assert.Equal(TurnReceipt.Refused, line.Client.Receive(bytes.AsSpan(0, random.Below(64)), out _, out _, line.Now));
        }
    }

    /// <summary>A client and a relay with nothing between them but what a test loses.</summary>
    private sealed class Line
    {
        private readonly byte[] _buffer = new byte[2048];
        private readonly TestClient _door;

        public Line(bool stream, string? password = null, RelayOptions? options = null)
        {
            World = new World(options);
            _door = stream ? World.StreamClient() : World.Client();
            Client = new TurnClient(
                new TurnClientOptions { Username = _door.Credential.Username, Password = password ?? _door.Credential.Password, IsReliable = stream }, new SeededEntropy(77));
        }

        public World World { get; }

        public TurnClient Client { get; }

        public long Now => World.Now.MonotonicMs * 1_000;

        public int Requests { get; private set; }

        public byte[] Got { get; private set; } = [];

        /// <summary>Of the datagram that was wrapped last.</summary>
        public int LastWhole { get; private set; }

        public Func<bool> Loses { get; set; } = () => false;

        public void Lend()
        {
            Client.Start(Now);
            Exchange();
            Assert.Equal(TurnState.Lent, Client.State);
        }

        public void Exchange()
        {
            while (Client.TryTake(out var bytes))
            {
                Requests++;
                if (!Loses() && _door.Send(bytes) is { Action: RelayAction.ToClient } answer && !Loses())
                    Client.Receive(answer.Bytes, out _, out _, Now);
            }
        }

        public void Pass(TimeSpan time)
        {
            World.Advance(time);
            Client.Advance(Now);
            Exchange();
        }

        public bool TryWrap(Endpoint peer) => Client.TryWrap(peer, _buffer, TurnClient.HeadRoom, 1, out _, out _, Now);

        public Sent? SendTo(Endpoint peer, byte[] payload)
        {
            payload.CopyTo(_buffer, TurnClient.HeadRoom);
            Assert.True(Client.TryWrap(peer, _buffer, TurnClient.HeadRoom, payload.Length, out var start, out var whole, Now));
            LastWhole = whole;
            Exchange();
            return _door.Send(_buffer[start..(start + whole)]);
        }

        public (Endpoint From, byte[] Data) FromPeer(Endpoint peer, byte[] payload)
        {
            var sent = World.FromPeer(Client.Relayed, peer, payload);
            Assert.NotNull(sent);
            Assert.Equal(TurnReceipt.Data, Client.Receive(sent.Bytes, out var from, out var data, Now));
            Got = data.ToArray();
            return (from, Got);
        }
    }
}
