using System.Net;
using Dapari.Node.Files.Https;
using Dapari.Wire.Files;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Node.Tests.Files.Https;

/// <summary>Files over HTTPS to a browser: what its ticket opens, what strangers see, and that nothing is lost with it.</summary>
public sealed class HttpsLaneTests
{
    [Fact]
    public async Task Pieces_go_both_ways_sealed_and_control_stays_where_it_was()
    {
        await using var scene = await HttpsScene.BeginAsync();
        await using var body = await scene.OpenAsync();
        var cancellation = TestContext.Current.CancellationToken;
        for (var i = 0U; i < 3; i++)
        {
            await scene.Channel.SendAsync(0, HttpsScene.Piece(i), cancellation);
            Assert.Equal(HttpsScene.Piece(i), await scene.ReadAsync(body, 1 + i));
        }

        // The second request overtakes the first, and waits for it.
        var second = scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/1", scene.Seal(1, HttpsScene.Piece(9)));
        var first = await scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/0", scene.Seal(0, HttpsScene.Piece(7), HttpsScene.Piece(8, 5)));
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first.StatusCode, (await second).StatusCode));
        Assert.Equal(HttpsScene.Page, Assert.Single(first.Headers.GetValues("Access-Control-Allow-Origin")));
        foreach (var piece in new[] { HttpsScene.Piece(7), HttpsScene.Piece(8, 5), HttpsScene.Piece(9) })
        {
            var (lane, message) = await scene.Arrived.All.Reader.ReadAsync(cancellation);
            Assert.Equal(1, lane);
            Assert.Equal(piece, message);
        }

        Assert.True(scene.Channel.TrySendControl(new byte[] { 1, 2 }));
        Assert.Equal(new byte[] { 1, 2 }, await scene.NextSentAsync());
    }

    [Fact]
    public async Task Until_it_is_open_and_after_it_broke_all_goes_by_the_data_channel()
    {
        await using var scene = await HttpsScene.BeginAsync();
        var cancellation = TestContext.Current.CancellationToken;
        await scene.WishAsync();
        var piece = HttpsScene.Piece(4, 70_000);
        await scene.Channel.SendAsync(0, piece, cancellation);
        Assert.Equal(piece[..FileChannelCodec.MaxBytes], await scene.NextSentAsync());
        byte[] second = [.. piece[..23], 0, 1, 0, 0, .. piece[FileChannelCodec.MaxBytes..]];
        Assert.Equal(second, await scene.NextSentAsync());

        var body = await (await scene.AskAsync(HttpMethod.Get, "/" + scene.Ticket)).Content.ReadAsStreamAsync(cancellation);
        await scene.ReadAsync(body, 0);
        scene.Say(1);
        await Waiting.UntilAsync("open", () => Task.FromResult(scene.Channel.IsByHttps));
        await scene.Channel.SendAsync(0, HttpsScene.Piece(1, 10), cancellation);
        await scene.Channel.SendAsync(0, HttpsScene.Piece(2, 10), cancellation);
        await scene.Channel.SendAsync(0, HttpsScene.Piece(3, 10), cancellation);
        await scene.ReadAsync(body, 1);
        scene.Say(2);

        // The first was said to have come: the others go again, in their order.
        await body.DisposeAsync();
        Assert.Equal(new[] { LaneWord.Over }, await scene.NextSentAsync());
        var next = await scene.NextSentAsync();
        if (next.AsSpan().SequenceEqual(HttpsScene.Piece(1, 10)))
            next = await scene.NextSentAsync();
        Assert.Equal(HttpsScene.Piece(2, 10), next);
        Assert.Equal(HttpsScene.Piece(3, 10), await scene.NextSentAsync());
        await scene.Channel.SendAsync(0, HttpsScene.Piece(5, 10), cancellation);
        Assert.Equal(HttpsScene.Piece(5, 10), await scene.NextSentAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Get, "/" + scene.Ticket)).StatusCode);
    }

    [Fact]
    public async Task A_lane_that_says_nothing_is_left_and_what_it_had_goes_again()
    {
        var time = new FakeTimeProvider();
        await using var scene = await HttpsScene.BeginAsync(time);
        await using var body = await scene.OpenAsync();
        await scene.Channel.SendAsync(0, HttpsScene.Piece(1, 10), TestContext.Current.CancellationToken);
        await Waiting.UntilAsync("it is left", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(!scene.Channel.IsByHttps);
        });
        Assert.Equal(new[] { LaneWord.Over }, await scene.NextSentAsync());
        Assert.Equal(HttpsScene.Piece(1, 10), await scene.NextSentAsync());
    }

    [Fact]
    public async Task A_lane_with_nothing_to_carry_stays()
    {
        var time = new FakeTimeProvider();
        await using var scene = await HttpsScene.BeginAsync(time);
        await using var body = await scene.OpenAsync();
        for (var i = 0; i < 120; i++)
            time.Advance(TimeSpan.FromSeconds(1));
        await scene.Channel.SendAsync(0, HttpsScene.Piece(1, 10), TestContext.Current.CancellationToken);
        Assert.Equal(HttpsScene.Piece(1, 10), await scene.ReadAsync(body, 1));
        Assert.True(scene.Channel.IsByHttps);
    }

    [Fact]
    public async Task Four_chunks_in_the_pieces_of_a_browser_are_one_request()
    {
        await using var scene = await HttpsScene.BeginAsync();
        await using var body = await scene.OpenAsync();
        var pieces = Enumerable.Range(0, 16).Select(i => HttpsScene.Piece((uint)i, 64 * 1024)).ToArray();
        Assert.Equal(HttpStatusCode.NoContent, (await scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/0", scene.Seal(0, pieces))).StatusCode);
        foreach (var piece in pieces)
            Assert.Equal(piece, (await scene.Arrived.All.Reader.ReadAsync(TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public async Task A_stranger_is_told_nothing()
    {
        await using var scene = await HttpsScene.BeginAsync();
        await using var body = await scene.OpenAsync();
        var ticket = scene.Ticket;
        foreach (var (method, path, origin) in new (HttpMethod, string, string)[]
        {
            (HttpMethod.Get, "/", HttpsScene.Page), (HttpMethod.Get, "/v1/status", HttpsScene.Page), (HttpMethod.Get, "/" + new string('0', 32), HttpsScene.Page),
            (HttpMethod.Get, "/" + ticket, "https://other.example"), (HttpMethod.Get, "/" + ticket, "null"), (HttpMethod.Options, "/" + ticket, "https://other.example"),
            (HttpMethod.Get, "/" + ticket + "/../" + ticket, "https://other.example"),
        })
        {
            var answer = await scene.AskAsync(method, path, origin: origin);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }

        // Nor does the ticket open more than one answer, or anything else.
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/" + ticket), (HttpMethod.Put, "/" + ticket), (HttpMethod.Get, $"/{ticket}/0"), (HttpMethod.Get, $"/{ticket}/0/0") })
            Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(method, path)).StatusCode);
        Assert.True(scene.Channel.IsByHttps);
    }

    [Fact]
    public async Task A_forger_ends_the_lane_and_a_replay_is_refused()
    {
        await using var scene = await HttpsScene.BeginAsync();
        await using var body = await scene.OpenAsync();
        var good = scene.Seal(0, HttpsScene.Piece(1, 10));
        Assert.Equal(HttpStatusCode.NoContent, (await scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/0", [.. good])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/0", [.. good])).StatusCode);
        Assert.True(scene.Channel.IsByHttps);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Post, $"/{scene.Ticket}/1", [.. good])).StatusCode);
        Assert.Equal(new[] { LaneWord.Over }, await scene.NextSentAsync());
        await scene.Arrived.All.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, scene.Arrived.All.Reader.Count);
    }

    [Fact]
    public async Task So_much_is_under_way_and_no_more()
    {
        await using var scene = await HttpsScene.BeginAsync();
        await using var body = await scene.OpenAsync();
        var cancellation = TestContext.Current.CancellationToken;
        const uint Chunks = 64;
        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (var i = 0U; i < Chunks; i++)
            {
                await scene.Channel.SendAsync(0, HttpsScene.Piece(i), cancellation);
                Interlocked.Increment(ref sent);
            }
        }, cancellation);
        const int Most = HttpsLane.Window / HttpsLane.MostMessage;
        for (var i = 0U; i < Chunks; i++)
        {
            Assert.Equal(HttpsScene.Piece(i), await scene.ReadAsync(body, 1 + i));
            Assert.True(Volatile.Read(ref sent) <= i + Most);
            scene.Say(i + 2);
        }

        await sending.WaitAsync(LinkPair.Patience, cancellation);
    }

    [Theory]
    [InlineData("node.example", "node.example", 443)]
    [InlineData("node.example:8443", "node.example", 8443)]
    [InlineData("192.0.2.1:8443", "192.0.2.1", 8443)]
    [InlineData("[2001:db8::1]:8443", "[2001:db8::1]", 8443)]
    public void A_place_is_read(string text, string name, int port)
    {
        Assert.True(HttpsOptions.TryRead(text, out var readName, out var readPort));
        Assert.Equal((name, port), (readName, readPort));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("user@node.example")]
    [InlineData("node.example/path")]
    [InlineData("node.example:70000")]
    [InlineData("node.example:0")]
    [InlineData("https://node.example")]
    public void What_is_no_place_is_not(string text) => Assert.False(HttpsOptions.TryRead(text, out _, out _));

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://app.example:8443", true)]
    [InlineData("https://app.example/", false)]
    [InlineData("https://app.example\r\nX: y", false)]
    [InlineData("null", false)]
    [InlineData("file:///x", false)]
    [InlineData("", false)]
    public void A_wish_names_an_origin(string origin, bool good) =>
        Assert.Equal(good, LaneWord.TryReadWish([LaneWord.Wish, .. System.Text.Encoding.ASCII.GetBytes(origin)], out _));
}
