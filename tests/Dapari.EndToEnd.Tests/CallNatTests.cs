using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Calls between two homes behind routers, each with a Chromium of its own inside. Needs root, iproute2 and nftables.</summary>
public sealed class CallNatTests(Theatre theatre) : Scene(theatre)
{
    [Theory]
    [InlineData(Nat.PortRestricted, Nat.PortRestricted, Route.Direct)]
    [InlineData(Nat.Symmetric, Nat.Symmetric, Route.Relay)]
    [InlineData(Nat.UdpBlocked, Nat.PortRestricted, Route.Relay)]
    public async Task Two_homes_talk_by_the_way_that_their_routers_allow_and_the_screen_says_why(Nat one, Nat other, Route expected)
    {
        var (_, alice, bob) = await MeetInHomesAsync(one, other);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await alice.SeesCallWayAsync(expected);
        await bob.SeesCallWayAsync(expected);
        if (expected == Route.Relay) await Expect(alice.WayLine).ToContainTextAsync("because both networks block direct connections");
        else await Expect(alice.WayLine).ToContainTextAsync("across the internet");
        await alice.HangUpAsync();
        await Expect(bob.LastEntry).ToContainTextAsync(" s");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_goes_to_another_network_during_a_call_is_heard_on_through_the_new_one(bool callerGoes)
    {
        var (lab, alice, bob) = await MeetInHomesAsync(Nat.PortRestricted, Nat.PortRestricted);
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await alice.SeesCallWayAsync(Route.Direct);
        var (side, who) = callerGoes ? ("A", alice) : ("B", bob);
        await who.Page.EvaluateAsync($"() => {{ window.before = {Talking}(); }}");
        await lab.ChangeNetworkAsync(side);
        // The former network is gone: whatever is heard once the new address is known came by it.
        await Waiting.UntilAsync(
            "the new address is found",
            async () => await who.Page.EvaluateAsync<bool>("network => __watched.found.some(one => one.includes(` ${network}.2 `))", NatLab.ChangedNetwork(side)),
            TimeSpan.FromSeconds(120));
        await alice.HearsToneAsync(seconds: 120);
        await bob.HearsToneAsync(seconds: 120);
        await alice.SeesCallWayAsync(Route.Direct, 120);
        await bob.SeesCallWayAsync(Route.Direct, 120);
        // RFC 8445 §9: the same connection with new credentials is an ICE restart, and no new call.
        Assert.True(await who.Page.EvaluateAsync<bool>($"() => {{ const now = {Talking}(); return now.pc === before.pc && now.credentials !== before.credentials; }}"));
        await alice.HangUpAsync();
        await Expect(bob.LastEntry).ToContainTextAsync(" s");
    }

    /// <summary>The connection that carries the call, and its ICE user fragment.</summary>
    private const string Talking =
        """
        (() => {
          const pc = [...__watched.open].find(one => one.connectionState === 'connected' && one.getReceivers().some(receiver => receiver.track.kind === 'audio'));
          return { pc, credentials: /a=ice-ufrag:(\S+)/.exec(pc.localDescription.sdp)[1] };
        })
        """;

    private async Task<(NatLab Lab, Person Alice, Person Bob)> MeetInHomesAsync(Nat one, Nat other)
    {
        Assert.True(NatLab.IsPossible, "Needs root, ip and nft: ./test installs them.");
        var lab = Keep(await NatLab.BuildAsync(one, other));
        var server = Keep(await ServerProcess.StartInAsync(lab));
        var playwright = await Playwright.CreateAsync();
        var browserA = Keep(await Chromium.StartInAsync(playwright, lab, "hA", server.Origin));
        var browserB = Keep(await Chromium.StartInAsync(playwright, lab, "hB", server.Origin));
        var alice = await SettleAsync("Alice", origin: server.Origin, browser: browserA);
        var link = await alice.InviteAsync();
        var bob = await ArriveAsync("Bob", null, server.Origin, new Uri(link).PathAndQuery + new Uri(link).Fragment, browserB);
        await bob.BeginAsync();
        await alice.AcceptAsync("Bob");
        foreach (var (person, name) in ((Person, string)[])[(alice, "Bob"), (bob, "Alice")])
        {
            await person.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = server.Origin });
            await person.OpenAsync(name);
            await person.OpenContactAsync();
            await person.ChooseAsync(person.Words.Call.PolicyTitle, person.Words.Contact.Automatic);
            await person.OpenAsync(name);
        }
        return (lab, alice, bob);
    }
}
