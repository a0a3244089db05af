using System.Net;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Paths;
using Dapari.Node.Paths.Rtc;
using Dapari.Rtc.Ice;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>What `dapari route WHO` says of the way that stands.</summary>
public sealed class LiveRouteTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", CandidateType.Host, CandidateType.Host, "same-machine")]
    [InlineData("::ffff:192.168.1.2", "192.168.1.2", CandidateType.Host, CandidateType.Host, "same-machine")]
    [InlineData("192.168.1.2", "192.168.1.3", CandidateType.Host, CandidateType.Host, "same-network")]
    [InlineData("2001:db8::1", "fd00::2", CandidateType.Host, CandidateType.Host, "same-network")]
    [InlineData("2001:db8::1", "2001:db8:1::2", CandidateType.Host, CandidateType.Host, "ipv6")]
    [InlineData("203.0.113.1", "198.51.100.2", CandidateType.Host, CandidateType.Host, "internet")]
    [InlineData("10.0.0.2", "198.51.100.2", CandidateType.Host, CandidateType.Host, "through-router")]
    [InlineData("203.0.113.1", "198.51.100.2", CandidateType.Host, CandidateType.ServerReflexive, "through-router")]
    [InlineData("203.0.113.1", "127.0.0.1", CandidateType.Relayed, CandidateType.Host, "relay")]
    [InlineData("203.0.113.1", "198.51.100.2", CandidateType.Host, CandidateType.Relayed, "relay")]
    public void A_place_is_told_by_what_the_addresses_are(string local, string remote, CandidateType localType, CandidateType remoteType, string place) =>
        Assert.Equal(place, WayFacts.PlaceOf(IPAddress.Parse(local), IPAddress.Parse(remote), localType, remoteType));

    [Fact]
    public async Task Of_two_daemons_it_tells_the_way_whole_in_both_languages_and_no_address()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        await alice.SayAsync("Bob", "ciao", "delivered");
        LiveRouteBody live = null!;
        var written = "";
        await Waiting.UntilAsync("TCP carries the path, and WebRTC is left", async () =>
        {
            written = await alice.DoAsync("--json", "route", "Bob");
            live = JsonSerializer.Deserialize(written, ApiJson.Default.LiveRouteBody)!;
            return live.Way is { Kind: "tcp", NotUsed: [{ Kind: "webrtc", Why: "tcp-is-better" or "failed" }] };
        });
        var way = live.Way!;
        Assert.Equal(("same-machine", "this-machine", "this-machine", null), (way.Place, way.Here, way.There, way.RelayTransport));
        Assert.True(way.RoundTripUs > 0 && way.SinceMs > 0, written);
        var before = way.SentBytes;
        Assert.True(before > 0 && way.ReceivedBytes > 0, written);
        await alice.SayAsync("Bob", new string('x', 4_000), "delivered");
        live = JsonSerializer.Deserialize(await alice.DoAsync("--json", "route", "Bob"), ApiJson.Default.LiveRouteBody)!;
        Assert.True(live.Way!.SentBytes >= before + 4_000, $"{before}, then {live.Way.SentBytes}");
        foreach (var (locale, words) in ((string, string[])[])[
            ("en_US.UTF-8", ["would go directly", "the live way: TCP (TLS 1.3), on this same machine", " ms", "since ", "sent ", "WebRTC (DTLS) is not used", "they are there"]),
            ("it_IT.UTF-8", ["andrebbe direttamente", "la via aperta: TCP (TLS 1.3), su questa stessa macchina", "dal ", "inviati ", "WebRTC (DTLS) non è usato", "l'altro c'è"])])
        {
            alice.Variables["LANG"] = locale;
            var said = await alice.DoAsync("route", "Bob");
            Assert.All(words, word => Assert.Contains(word, said, StringComparison.Ordinal));
            // Their server's is the only one: whoever looks over a shoulder knows that already.
            Assert.DoesNotContain("127.0.0.1", said.Replace(post.Origin, "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Of_a_file_by_TCP_what_its_streams_carried_is_counted_after_they_closed_too()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        await alice.SayAsync("Bob", "ciao", "delivered");
        var file = Path.Combine(alice.Folder, "..", "file.bin");
        await File.WriteAllBytesAsync(file, new byte[3_000_000], TestContext.Current.CancellationToken);
        await Waiting.UntilAsync("TCP carries the path", async () => (await WayAsync(alice)) is { Kind: "tcp" });
        await alice.RunAsync("send", "Bob", file, "--wait", "offered", "--way", "direct");
        await bob.DoAsync("receive", "--all", "--timeout", "120", "--to", Path.Combine(bob.Folder, "..", "here"));
        await Waiting.UntilAsync("three million bytes are counted", async () => (await WayAsync(alice)) is { SentBytes: > 3_000_000 } && (await WayAsync(bob, "Alice")) is { ReceivedBytes: > 3_000_000 });
    }

    [Fact]
    public async Task Of_a_path_by_WebRTC_it_tells_kinds_and_bytes()
    {
        await using var pair = new LinkPair(Rtc, Rtc);
        await pair.OpenAsync();
        var one = ((RtcPathLink)pair.One.Link).Find(1)!;
        Assert.True(pair.One.Link.TrySend(1, new byte[5_000]));
        await pair.Other.ReceiveAsync();
        var facts = await one.FactsAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(facts);
        Assert.Equal(("same-machine", "this-machine"), (facts.Place, facts.Here));
        Assert.Contains("own", facts.Theirs);
        Assert.True(facts.SentBytes > 5_000 && facts.ReceivedBytes > 0, facts.ToString());
        pair.One.Link.Close(1);
        await Waiting.UntilAsync("a closed path tells nothing", async () => await one.FactsAsync(TestContext.Current.CancellationToken) is null);
    }

    private static RtcPathLink Rtc() => new(new RtcPathParts([IPAddress.Loopback], null, null, (_, _, _, _) => false, TimeProvider.System));

    private static async Task<WayBody?> WayAsync(Person person, string who = "Bob") =>
        JsonSerializer.Deserialize(await person.DoAsync("--json", "route", who), ApiJson.Default.LiveRouteBody)!.Way;
}
