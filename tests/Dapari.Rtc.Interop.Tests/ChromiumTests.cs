using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Peer;
using Microsoft.Playwright;
using Xunit;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>The peer and a real Chromium, each as the one that offers and as the one that answers.</summary>
public sealed class ChromiumTests : IAsyncLifetime
{
    private const int Size = 64 << 20;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private BrowserPage _browser = null!;

    public async ValueTask InitializeAsync() => _browser = await BrowserPage.StartAsync();

    public ValueTask DisposeAsync() => _browser.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_go_both_ways_unharmed(bool browserOffers)
    {
        var page = await _browser.OpenAsync();
        using var loop = new PeerLoop(offerer: !browserOffers);
        var opened = new TaskCompletionSource<RtcChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (received, hash) = (0L, IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
        var whole = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new ArrayBufferWriter<byte>(1 << 20);
        var (given, source, channel) = (Size, Array.Empty<byte>(), default(RtcChannel));
        loop.On = (peer, told) =>
        {
            if (told.Kind == RtcEventKind.ChannelOpened)
                opened.TrySetResult(told.Channel!);
        };
        loop.Each = peer =>
        {
            while (peer.TryReceive(out _, out _, message))
            {
                hash.AppendData(message.WrittenSpan);
                received += message.WrittenCount;
                message.ResetWrittenCount();
                if (received == Size)
                    whole.TrySetResult(Convert.ToHexStringLower(hash.GetHashAndReset()));
            }

            while (given < Size && peer.Send(channel!, source.AsSpan(given, Math.Min(200_000, Size - given)), text: false, loop.Now) == SendResult.Accepted)
                given += Math.Min(200_000, Size - given);
        };
        await MeetAsync(page, loop, browserOffers);
        channel = await opened.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(!browserOffers, channel.IsOurs);
        Assert.Equal(browserOffers ? "from the browser" : "from here", channel.Label);
        await page.EvaluateAsync("channelFacts()");

        // From the browser.
        var told = await page.EvaluateAsync<string>($"give({Size}, 65536)");
        Assert.Equal(told, await whole.Task.WaitAsync(Limit, TestContext.Current.CancellationToken));

        // To the browser.
        await page.EvaluateAsync($"take({Size})");
        source = RandomNumberGenerator.GetBytes(Size);
        await loop.AskAsync(_ => given = 0);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(source)), await page.EvaluateAsync<string>("taken"));
        Assert.Null(loop.Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Channels_are_what_their_maker_said_and_close_at_both_ends(bool browserOffers)
    {
        var page = await _browser.OpenAsync();
        using var loop = new PeerLoop(offerer: !browserOffers);
        var opened = new TaskCompletionSource<RtcChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var echoes = System.Threading.Channels.Channel.CreateUnbounded<(bool Text, byte[] Bytes)>();
        var message = new ArrayBufferWriter<byte>();
        loop.On = (_, told) =>
        {
            if (told.Kind == RtcEventKind.ChannelOpened)
                opened.TrySetResult(told.Channel!);
            else if (told.Kind == RtcEventKind.ChannelClosed)
                closed.TrySetResult();
        };
        loop.Each = peer =>
        {
            while (peer.TryReceive(out _, out var text, message))
            {
                echoes.Writer.TryWrite((text, message.WrittenSpan.ToArray()));
                message.ResetWrittenCount();
            }
        };
        await MeetAsync(page, loop, browserOffers, "{ ordered: false, maxRetransmits: 3, protocol: 'p' }", new ChannelReliability(MaxRetransmits: 3), ordered: false);
        var channel = await opened.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal((false, 3), (channel.IsOrdered, channel.Reliability.MaxRetransmits!.Value));
        var facts = await page.EvaluateAsync<JsonElement>("channelFacts()");
        Assert.Equal((false, 3, channel.Id), (facts.GetProperty("ordered").GetBoolean(), facts.GetProperty("maxRetransmits").GetInt32(), facts.GetProperty("id").GetInt32()));
        await page.EvaluateAsync("echo()");
        byte[] long1 = RandomNumberGenerator.GetBytes(100_000);
        foreach (var (text, bytes) in new[] { (true, "grüß dich 🙂"u8.ToArray()), (false, [0, 1, 2]), (true, []), (false, []), (false, long1) })
        {
            Assert.Equal(SendResult.Accepted, await loop.AskAsync(peer => peer.Send(channel, bytes, text, loop.Now)));
            var echo = await echoes.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
            Assert.Equal(text, echo.Text);
            Assert.Equal(bytes, echo.Bytes);
        }

        Assert.Equal(SendResult.Accepted, await loop.AskAsync(peer => peer.Send(channel, Encoding.UTF8.GetBytes("close"), true, loop.Now)));
        await closed.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal(ChannelState.Closed, channel.State);
        Assert.Null(loop.Failure);
    }

    private static async Task MeetAsync(IPage page, PeerLoop loop, bool browserOffers, string options = "undefined", ChannelReliability reliability = default, bool ordered = true)
    {
        loop.Start();
        if (browserOffers)
        {
            Assert.True(await loop.SetRemoteAsync(await page.EvaluateAsync<string>($"offer({options})")));
            await page.EvaluateAsync("accept", await loop.DescribeAsync());
        }
        else
        {
            await loop.AskAsync(peer => peer.OpenChannel("from here", "p", reliability, ordered));
            Assert.True(await loop.SetRemoteAsync(await page.EvaluateAsync<string>("answer", await loop.DescribeAsync())));
        }
    }
}
