using System.Net.WebSockets;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What breaks the protocol is refused and closed; what is only later than this version is not.</summary>
public sealed class ProtocolTests
{
    [Fact]
    public async Task A_farewell_outlives_who_goes_at_once_and_who_never_answers()
    {
        await using var server = await TestServer.StartAsync();
        await using var polite = await server.ConnectAsync();
        await using var silent = await server.ConnectAsync();
        var farewell = server.Host.Hub.GoAwayAsync(TimeSpan.FromSeconds(1));
        await polite.UntilClosedAsync();
        await farewell;
        Assert.Equal(ServerFrame.KindOneofCase.GoingAway, (await silent.ReceiveAsync())?.KindCase);
    }

    [Fact]
    public async Task Hello_is_answered_with_limits_and_a_challenge_of_this_connection()
    {
        await using var server = await TestServer.StartAsync(o => o with { IceServers = [new IceServer { Urls = { "stun:stun.example.org" } }], RetentionDays = 7 });
        await using var one = await server.ConnectAsync();
        await using var two = await server.ConnectAsync();
        Assert.Equal(1u, one.Welcome!.Version);
        Assert.Equal(32, one.Challenge.Length);
        Assert.NotEqual(one.Challenge, two.Challenge);
        Assert.Equal(7u, one.Welcome.Limits.RetentionDays);
        Assert.Equal((uint)WireLimits.EnvelopeBytes, one.Welcome.Limits.EnvelopeBytes);
        Assert.Equal("stun:stun.example.org", one.Welcome.IceServers[0].Urls[0]);
        Assert.Equal((ulong)server.Time.GetUtcNow().ToUnixTimeMilliseconds(), one.Welcome.ServerTimeMs);
    }

    [Fact]
    public async Task A_client_of_the_next_version_is_met_at_this_one_and_one_beyond_reach_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await using var next = await TestClient.ConnectAsync(server.Uri);
        Assert.Equal(1u, (await next.AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 9 } })).Welcome.Version);
        await using var far = await TestClient.ConnectAsync(server.Uri);
        await far.SendAsync(new ClientFrame { Hello = new Hello { LowestVersion = 8, HighestVersion = 9 } });
        Assert.Equal(Refusal.Version, Assert.Single(await far.UntilClosedAsync()).Refused.Refusal);
    }

    [Fact]
    public async Task A_kind_of_a_later_version_is_answered_and_the_connection_stays()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await server.ConnectAsync();
        // request = 9; field 99, a length-delimited message this version does not know.
        await client.SendBytesAsync([0x08, 9, 0x9A, 0x06, 2, 0x08, 1]);
        Assert.Equal(ServerFrame.KindOneofCase.Refused, (await client.AnswerAsync(9)).KindCase);
        Assert.Equal(ServerFrame.KindOneofCase.Pong, (await client.AskAsync(new ClientFrame { Ping = new Ping() })).KindCase);
    }

    [Fact]
    public async Task Anything_before_hello_and_a_second_hello_close_the_connection()
    {
        await using var server = await TestServer.StartAsync();
        await using var early = await TestClient.ConnectAsync(server.Uri);
        await early.SendAsync(new ClientFrame { Ping = new Ping() });
        Assert.Equal(Refusal.Malformed, Assert.Single(await early.UntilClosedAsync()).Refused.Refusal);
        await using var twice = await server.ConnectAsync();
        await twice.SendAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1 } });
        Assert.Equal(Refusal.Malformed, Assert.Single(await twice.UntilClosedAsync()).Refused.Refusal);
    }

    public static TheoryData<string> BadFrames =>
    [
        "", // Empty: no request number.
        "08", // Truncated after a tag.
        "0801FF", // A tag that ends too early.
        "080182FFFFFFFF0F", // An unknown field's length of 4 GiB with nothing behind it.
        "0801320A0A10", // A post cut off.
        "08013202" + "0A00", // A post with an empty mailbox id.
        "1200", // Hello without a request number.
        "0801" + "2A120A10" + "00000000000000000000000000000000", // OpenSender with no signature.
        "0000000000000000",
        "FFFFFFFFFFFFFFFFFFFFFFFF",
    ];

    [Theory, MemberData(nameof(BadFrames))]
    public async Task A_malformed_frame_is_refused_and_the_connection_closed(string hex)
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendBytesAsync(Convert.FromHexString(hex));
        Assert.Equal(Refusal.Malformed, Assert.Single(await client.UntilClosedAsync()).Refused.Refusal);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, client.CloseStatus);
    }

    [Fact]
    public async Task Text_is_refused_and_the_connection_closed()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendBytesAsync("hello"u8.ToArray(), WebSocketMessageType.Text);
        Assert.Equal(Refusal.Malformed, Assert.Single(await client.UntilClosedAsync()).Refused.Refusal);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, client.CloseStatus);
    }

    [Fact]
    public async Task A_frame_beyond_the_cap_is_refused_before_it_is_complete()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendBytesAsync(new byte[WireLimits.FrameBytes + 1], end: false);
        Assert.Equal(Refusal.TooLarge, Assert.Single(await client.UntilClosedAsync()).Refused.Refusal);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.CloseStatus);
    }

    [Fact]
    public async Task A_frame_in_many_fragments_is_put_together()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using var client = await server.ConnectAsync();
        await client.OpenSenderAsync(box);
        var frame = TestClient.PostFrame(box, EnvelopeId.Random(RandomSource.System), RandomSource.System.Bytes(40_000));
        frame.Request = 77;
        var bytes = frame.ToByteArray();
        for (var at = 0; at < bytes.Length; at += 7000)
            await client.SendBytesAsync(bytes[at..Math.Min(bytes.Length, at + 7000)], end: at + 7000 >= bytes.Length);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await client.AnswerAsync(77)).KindCase);
    }

    [Fact]
    public async Task Random_bytes_and_mutated_frames_never_hurt_the_others()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using var bystander = await server.ConnectAsync();
        await bystander.OpenAsync(box);
        var random = new Random(20260501);
        for (var round = 0; round < 60; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.OpenSenderAsync(box);
            var bytes = TestClient.PostFrame(box, EnvelopeId.Random(RandomSource.System), [1, 2, 3, 4]).ToByteArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            await client.SendBytesAsync(bytes[..random.Next(1, bytes.Length + 1)]);
            // No request number: refused and closed, each and every one.
            Assert.Contains(await client.UntilClosedAsync(), f => f.KindCase == ServerFrame.KindOneofCase.Refused);
        }

        Assert.Equal(0u, (await MailboxTests.UsageAsync(bystander, box)).StoredEnvelopes);
    }

    [Fact]
    public async Task Who_says_no_hello_in_time_is_closed()
    {
        await using var server = await TestServer.StartAsync(o => o with { HelloDeadline = TimeSpan.FromSeconds(10) });
        await using var client = await TestClient.ConnectAsync(server.Uri);
        await UntilAsync(() => server.Host.Hub.ConnectionCount == 1);
        server.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(1, server.Host.Hub.ConnectionCount);
        server.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(await client.UntilClosedAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, client.CloseStatus);
    }

    [Fact]
    public async Task A_silent_connection_is_closed_and_one_that_pings_stays()
    {
        await using var server = await TestServer.StartAsync(o => o with { IdleDeadline = TimeSpan.FromSeconds(60) });
        await using var silent = await server.ConnectAsync();
        await using var pinging = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(25));
            Assert.Equal(ServerFrame.KindOneofCase.Pong, (await pinging.AskAsync(new ClientFrame { Ping = new Ping() })).KindCase);
        }

        Assert.Empty(await silent.UntilClosedAsync());
        Assert.Equal(WebSocketState.Open, pinging.State);
    }

    [Fact]
    public async Task When_the_server_goes_away_it_says_so_to_everybody_and_spreads_their_return()
    {
        var server = await TestServer.StartAsync();
        var clients = new List<TestClient>();
        for (var i = 0; i < 20; i++)
            clients.Add(await server.ConnectAsync());
        var ends = clients.Select(c => c.UntilClosedAsync()).ToArray();
        await server.DisposeAsync();
        var waits = (await Task.WhenAll(ends)).Select(frames => Assert.Single(frames).GoingAway.ComeBackAfterMs).ToArray();
        Assert.All(waits, w => Assert.InRange(w, 500u, 62_000u));
        Assert.True(waits.Distinct().Count() > 10);
        foreach (var client in clients)
        {
            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, client.CloseStatus);
            await client.DisposeAsync();
        }
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(30), "the awaited state did not come");
            await Task.Yield();
        }
    }
}
