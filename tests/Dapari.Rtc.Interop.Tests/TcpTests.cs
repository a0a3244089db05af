using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Sockets.Peers;
using Xunit;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A real Chromium that connects by TCP (RFC 6544): of all candidates each end is told those of TCP alone.</summary>
public sealed class TcpTests : IAsyncLifetime
{
    private const int Size = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private BrowserPage _browser = null!;

    public async ValueTask InitializeAsync() => _browser = await BrowserPage.StartAsync();

    public ValueTask DisposeAsync() => _browser.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chromium_connects_to_who_listens_and_both_ways_every_byte_arrives(bool browserOffers)
    {
        var page = await _browser.OpenAsync();
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        var here = new Listener();
        await using var driver = new RtcDriver(
            new RtcDriverOptions { Peer = new RtcPeerOptions { Offerer = !browserOffers, Certificate = certificate }, Addresses = [IPAddress.Loopback] }, here, Entropy.System);
        driver.Start();
        await here.Gathered.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        if (browserOffers)
        {
            Assert.True(await TakeAsync(driver, await page.EvaluateAsync<string>("offer()")));
            await page.EvaluateAsync("accept", await DescribeAsync(driver, here));
        }
        else
        {
            await driver.AskAsync((peer, _) => peer.OpenChannel("from here", "", ChannelReliability.Reliable, ordered: true), TestContext.Current.CancellationToken);
            Assert.True(await TakeAsync(driver, await page.EvaluateAsync<string>("answer", await DescribeAsync(driver, here))));
        }

        var channel = await here.Opened.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.True(here.Selected is { Local.IsTcp: true, RemoteType: CandidateType.PeerReflexive }, $"{here.Selected}");
        await page.EvaluateAsync("channelFacts()");
        var told = await page.EvaluateAsync<string>($"give({Size}, 65536)");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var received = 0; received < Size;)
        {
            var message = await here.Messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
            hash.AppendData(message);
            received += message.Length;
        }

        Assert.Equal(told, Convert.ToHexStringLower(hash.GetHashAndReset()));
        await page.EvaluateAsync($"take({Size})");
        var source = RandomNumberGenerator.GetBytes(Size);
        for (var given = 0; given < Size; given += 65_536)
            Assert.Equal(SendResult.Accepted, await driver.SendAsync(channel, source.AsMemory(given, 65_536), text: false).WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(source)), await page.EvaluateAsync<string>("taken"));
    }

    private static Task<bool> TakeAsync(RtcDriver driver, string sdp)
    {
        Assert.True(SdpReader.TryRead(sdp, out var description, out var fault), fault.ToString());
        // Without a permission Chromium tells none of TCP, and connects all the same to who listens.
        var tcp = description.Candidates.Where(candidate => candidate.Tcp == IceTcpType.Active).ToList();
        return driver.AskAsync((peer, now) => peer.SetRemote(description with { Candidates = tcp, EndOfCandidates = true }, now), TestContext.Current.CancellationToken);
    }

    private static Task<string> DescribeAsync(RtcDriver driver, Listener here) => driver.AskAsync(
        (peer, _) => SdpWriter.Write(peer.LocalDescription with { Candidates = [.. here.Candidates.Where(candidate => candidate.Tcp == IceTcpType.Passive)], EndOfCandidates = true }, 1, 1),
        TestContext.Current.CancellationToken);

    private sealed class Listener : IRtcListener
    {
        public List<IceCandidate> Candidates { get; } = [];

        public TaskCompletionSource Gathered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<RtcChannel> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Channel<byte[]> Messages { get; } = Channel.CreateUnbounded<byte[]>();

        public SelectedPair? Selected { get; private set; }

        public void Happened(RtcPeer peer, in RtcEvent told, long nowUs)
        {
            switch (told.Kind)
            {
                case RtcEventKind.CandidateFound:
                    Candidates.Add(told.Candidate!);
                    break;
                case RtcEventKind.GatheringDone:
                    Gathered.TrySetResult();
                    break;
                case RtcEventKind.PairSelected:
                    Selected = told.Pair;
                    break;
                case RtcEventKind.ChannelOpened:
                    Opened.TrySetResult(told.Channel!);
                    break;
            }
        }

        public void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs) => Messages.Writer.TryWrite(message.ToArray());

        public void Failed(Exception fault)
        {
            Opened.TrySetException(fault);
            Messages.Writer.TryComplete(fault);
        }
    }
}
