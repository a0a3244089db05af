using System.Net;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Rtc.Sockets.Peers;
using Xunit;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A real Chromium that hides its addresses behind names of multicast DNS, as browsers do, on a network of its own with this end, which hides its own too.</summary>
public sealed class NameTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Told_nothing_but_names_each_finds_the_other(bool chromiumResolves)
    {
        await using var cellar = await Cellar.DigAsync(stopsUdp: false);
        await using var browser = await BrowserPage.StartInAsync(cellar.Space, cellar.Folder, hides: true);
        var page = await browser.OpenAsync();
        await using var port = new MulticastPort(() => [.. MulticastLink.All().Where(link => link.Addresses.Contains(cellar.Here))]);
        using var names = new MdnsResolver(port, TimeProvider.System);
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        var here = new Listener();
        await using var driver = new RtcDriver(
            new RtcDriverOptions { Peer = new RtcPeerOptions { Offerer = false, Certificate = certificate }, Addresses = [cellar.Here], Names = names }, here, Entropy.System);
        here.Resolve = candidate => _ = ResolveAsync(driver, names, candidate);
        driver.Start();
        await here.Gathered.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.All(here.Candidates, candidate => Assert.EndsWith(".local", candidate.Name, StringComparison.Ordinal));
        Assert.True(SdpReader.TryRead(await page.EvaluateAsync<string>("offer()"), out var theirs, out var fault), fault.ToString());
        Assert.NotEmpty(theirs.Candidates);
        Assert.All(theirs.Candidates, candidate => Assert.EndsWith(".local", candidate.Name, StringComparison.Ordinal));
        // One of the two is told nothing, so that the other has to find it.
        Assert.True(await driver.AskAsync((peer, now) => peer.SetRemote(chromiumResolves ? theirs with { Candidates = [] } : theirs, now), TestContext.Current.CancellationToken));
        await page.EvaluateAsync("accept", await driver.AskAsync(
            (peer, _) => SdpWriter.Write(peer.LocalDescription with { Candidates = chromiumResolves ? [.. here.Candidates] : [], EndOfCandidates = true }, 1, 1), TestContext.Current.CancellationToken));
        await here.Opened.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        await page.EvaluateAsync("channelFacts()");
        Assert.Equal((IPAddress.Parse("10.79.0.2"), chromiumResolves ? CandidateType.PeerReflexive : CandidateType.Host), (here.Selected!.Value.Remote.ToIPAddress(), here.Selected!.Value.RemoteType));
    }

    private static async Task ResolveAsync(RtcDriver driver, MdnsResolver names, IceCandidate candidate)
    {
        var address = await names.ResolveAsync(candidate.Name!, TestContext.Current.CancellationToken);
        if (!address.IsNone)
            driver.Do((peer, now) => peer.AddRemoteCandidate(candidate.Resolved(address), now));
    }
}
