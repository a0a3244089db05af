using System.Net;
using System.Security.Cryptography;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Sockets.Peers;
using Xunit;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A real Chromium that connects by TCP (RFC 6544).</summary>
public sealed class TcpTests
{
    private const int Size = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Told_of_tcp_alone_Chromium_connects_to_who_listens_and_both_ways_every_byte_arrives(bool browserOffers)
    {
        await using var browser = await BrowserPage.StartAsync();
        await ExchangeAsync(browser, IPAddress.Loopback, browserOffers, candidate => candidate.Tcp != IceTcpType.None);
    }

    [Fact]
    public async Task Where_no_udp_goes_through_Chromium_finds_the_way_by_tcp_itself()
    {
        await using var cellar = await Cellar.DigAsync();
        await using var browser = await BrowserPage.StartInAsync(cellar.Space, cellar.Folder);
        await ExchangeAsync(browser, cellar.Here, browserOffers: true, _ => true);
        Assert.True(await cellar.HasStoppedUdpAsync());
    }

    private static async Task ExchangeAsync(BrowserPage browser, IPAddress address, bool browserOffers, Func<IceCandidate, bool> tells)
    {
        var page = await browser.OpenAsync();
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        var here = new Listener();
        await using var driver = new RtcDriver(
            new RtcDriverOptions { Peer = new RtcPeerOptions { Offerer = !browserOffers, Certificate = certificate }, Addresses = [address] }, here, Entropy.System);
        driver.Start();
        await here.Gathered.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        if (browserOffers)
        {
            Assert.True(await TakeAsync(driver, await page.EvaluateAsync<string>("offer()"), tells));
            await page.EvaluateAsync("accept", await DescribeAsync(driver, here, tells));
        }
        else
        {
            await driver.AskAsync((peer, _) => peer.OpenChannel("from here", "", ChannelReliability.Reliable, ordered: true), TestContext.Current.CancellationToken);
            Assert.True(await TakeAsync(driver, await page.EvaluateAsync<string>("answer", await DescribeAsync(driver, here, tells)), tells));
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

    private static Task<bool> TakeAsync(RtcDriver driver, string sdp, Func<IceCandidate, bool> tells)
    {
        Assert.True(SdpReader.TryRead(sdp, out var description, out var fault), fault.ToString());
        // Without a permission Chromium tells none of TCP, and connects all the same to who listens.
        return driver.AskAsync((peer, now) => peer.SetRemote(description with { Candidates = [.. description.Candidates.Where(tells)], EndOfCandidates = true }, now), TestContext.Current.CancellationToken);
    }

    private static Task<string> DescribeAsync(RtcDriver driver, Listener here, Func<IceCandidate, bool> tells) => driver.AskAsync(
        (peer, _) => SdpWriter.Write(peer.LocalDescription with { Candidates = [.. here.Candidates.Where(tells)], EndOfCandidates = true }, 1, 1),
        TestContext.Current.CancellationToken);
}
