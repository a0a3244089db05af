using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>The browser's own TURN client against the gatehouse: two ends that may use the relay only, by each of its doors.</summary>
public sealed class RelayTests
{
    /// <summary>Opens a data channel between two ends, sends there and back, and tells what the chosen pair is.</summary>
    private const string Meet = """
        async ({ url, username, credential }) => {
          const make = () => new RTCPeerConnection({ iceServers: [{ urls: [url], username, credential }], iceTransportPolicy: 'relay' });
          const one = make(), other = make(), errors = [];
          // A candidate that comes before the descriptions are set would be refused, and there is only one of each.
          let settled;
          const described = new Promise(done => { settled = done; });
          for (const [from, to] of [[one, other], [other, one]]) {
            from.onicecandidate = e => { if (e.candidate) described.then(() => to.addIceCandidate(e.candidate)); };
            from.onicecandidateerror = e => errors.push(`${e.errorCode} ${e.errorText} ${e.url}`);
          }
          const channel = one.createDataChannel('door');
          other.ondatachannel = e => { e.channel.onmessage = m => e.channel.send(m.data); };
          const echoed = new Promise((done, fail) => {
            let left = 200;
            channel.onopen = () => { for (let i = 0; i < 200; i++) channel.send('x'.repeat(1000)); };
            channel.onmessage = () => { if (--left === 0) done(); };
            setTimeout(() => fail(new Error('no way: ' + errors.join('; '))), 90000);
          });
          await one.setLocalDescription(await one.createOffer());
          await other.setRemoteDescription(one.localDescription);
          await other.setLocalDescription(await other.createAnswer());
          await one.setRemoteDescription(other.localDescription);
          settled();
          await echoed;
          let stats, pair;
          while (!pair) {
            stats = await one.getStats();
            pair = [...stats.values()].find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
          }
          const local = stats.get(pair.localCandidateId), remote = stats.get(pair.remoteCandidateId);
          one.close(); other.close();
          return { local: local.candidateType, remote: remote.candidateType, protocol: local.relayProtocol };
        }
        """;

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("tls")]
    public async Task Chromium_meets_through_the_relay_by(string door)
    {
        await using var relay = await RelayProcess.StartAsync();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.StartTrustingAllAsync(playwright);
        var page = await browser.NewPageAsync();
        var url = door == "tls"
            ? string.Create(CultureInfo.InvariantCulture, $"turns:{RelayProcess.Host}:{relay.TlsPort}?transport=tcp")
            : string.Create(CultureInfo.InvariantCulture, $"turn:{RelayProcess.Host}:{relay.Port}?transport={door}");
        var met = await page.EvaluateAsync<JsonElement>(Meet, new { url, username = relay.Username, credential = relay.Password });
        Assert.Equal(("relay", "relay", door), (met.GetProperty("local").GetString(), met.GetProperty("remote").GetString(), met.GetProperty("protocol").GetString()));
    }
}
