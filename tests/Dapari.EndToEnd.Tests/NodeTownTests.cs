using System.Text.Json.Nodes;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>Native peers in homes of their own, each behind a router or on the Internet itself: network namespaces (root, iproute2, nftables, conntrack).</summary>
public sealed class NodeTownTests(Theatre theatre) : FileScene(theatre)
{
    private const long Small = 1L << 20;
    private const long Large = 64L << 20;

    // What RFC 4787's kinds let two peers do who tell each other their outside addresses: docs/protocol/rtc.md. No router: anybody's TCP comes in.
    private static readonly Nat?[] Kinds = [null, Nat.FullCone, Nat.AddressRestricted, Nat.PortRestricted, Nat.Symmetric, Nat.UdpBlocked];

    /// <summary>Twenty-one pairs: by the server first, then straight wherever routers allow it, else by the relay; each with a file.</summary>
    [Fact]
    public async Task Every_pair_of_routers_is_crossed_by_the_best_way_that_they_allow()
    {
        var lab = Keep(await BuildAsync([.. Kinds, .. Kinds]));
        var server = Keep(await ServerProcess.StartInAsync(lab));
        var people = new NodePerson[2 * Kinds.Length];
        await Parallel.ForAsync(0, people.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            people[i] = await NodePerson.StartAsync($"{(i < Kinds.Length ? "A" : "B")} {Kinds[i % Kinds.Length]?.ToString() ?? "None"}", server.Origin, lab, $"h{i}");
            await people[i].PatchAsync("settings", new() { ["receiveUnaskedBytes"] = 100_000_000 });
        });
        foreach (var person in people) Keep(person);
        var seen = await Task.WhenAll(Enumerable.Range(0, Kinds.Length).Select(async a =>
        {
            var lines = new List<string>();
            for (var b = a; b < Kinds.Length; b++) lines.Add($"{people[a].Name} – {people[Kinds.Length + b].Name}: {await CrossAsync(people[a], people[Kinds.Length + b])}");
            return lines;
        }));
        var expected = Enumerable.Range(0, Kinds.Length).SelectMany(a => Enumerable.Range(a, Kinds.Length - a).Select(b => $"{people[a].Name} – {people[Kinds.Length + b].Name}: {Expected(Kinds[a], Kinds[b])}"));
        Assert.Equal(expected, seen.SelectMany(lines => lines));
    }

    /// <summary>The middle of a file is where lines break: what follows comes by whatever way there is then, and nothing is lost.</summary>
    [Fact]
    public Task A_file_survives_that_its_sender_gets_another_address_or_outside_port_or_network_in_the_middle() => Task.WhenAll(
        SurvivesAsync(null, null, (lab, home) => lab.RenumberAsync(home)),
        SurvivesAsync(Nat.Symmetric, Nat.FullCone, (lab, home) => lab.ForgetAsync(home)),
        SurvivesAsync(Nat.PortRestricted, Nat.PortRestricted, (lab, home) => lab.MoveAsync(home)));

    private async Task SurvivesAsync(Nat? one, Nat? other, Func<NatLab, int, Task> changeAsync)
    {
        var lab = Keep(await BuildAsync([one, other]));
        await lab.ShapeTownAsync(0, one is not null, 40); // Some ten seconds for the change.
        var server = Keep(await ServerProcess.StartInAsync(lab));
        var alice = Keep(await NodePerson.StartAsync("Alice", server.Origin, lab, "h0"));
        var bob = Keep(await NodePerson.StartAsync("Bob", server.Origin, lab, "h1"));
        await bob.PatchAsync("settings", new() { ["receiveUnaskedBytes"] = 1_000_000_000 });
        var (there, here) = await BecomeContactsAsync(alice, bob);
        await alice.PostAsync($"contacts/{there}/active");
        await IsStraightAsync();
        using var over = new CancellationTokenSource();
        var watching = Task.FromResult("");
        var (path, hash) = MakeFile($"through thick and thin {one?.ToString() ?? "none"}.dat", Large);
        await SendFileAsync(alice, there, bob, path, hash, async () =>
        {
            long arrived = 0;
            await Waiting.UntilAsync("a part has arrived", async () => (arrived = (await bob.GetAsync("transfers")).AsArray().Sum(each => each!["doneBytes"]!.GetValue<long>())) > Large / 8, TimeSpan.FromSeconds(60));
            Assert.True(arrived < Large, "The file was there before its middle was seen.");
            await changeAsync(lab, 0);
            watching = WatchAsync();
        });
        await IsStraightAsync();
        await over.CancelAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{one?.ToString() ?? "none"}: {await watching}");

        // What the two ends believed, and since when: for people to read.
        async Task<string> WatchAsync()
        {
            var (began, last, said) = (System.Diagnostics.Stopwatch.GetTimestamp(), "", "");
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (!over.IsCancellationRequested)
            {
                var now = $"{await WayAsync(alice, there)} {await WayAsync(bob, here)}";
                if (now != last)
                    said += string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(last = now).Replace(' ', '/')} after {System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s; ");
                await tick.WaitForNextTickAsync(CancellationToken.None);
            }

            return said;
        }

        Task IsStraightAsync() => Waiting.UntilAsync("there is a direct path", async () => await WayAsync(alice, there) == "direct" && await WayAsync(bob, here) == "direct", TimeSpan.FromSeconds(120));
    }

    private static string Expected(Nat? one, Nat? other) =>
        one is null || other is null ? "mailbox, then direct"
        : one is Nat.UdpBlocked || other is Nat.UdpBlocked ? "mailbox, then relay"
        : (one, other) is (Nat.Symmetric, Nat.Symmetric or Nat.PortRestricted) or (Nat.PortRestricted, Nat.Symmetric) ? "mailbox, then relay"
        : "mailbox, then direct";

    /// <summary>Which way a first word went, and which one a file went once there was a path.</summary>
    private async Task<string> CrossAsync(NodePerson one, NodePerson other)
    {
        var (there, here) = await BecomeContactsAsync(one, other);
        var word = await SayAsync(one, there, "first");
        // Nobody says when a path is the best: it is asked for until it is what the routers allow, or the time is over.
        var (a, b) = (Kind(one), Kind(other));
        var best = Expected(a, b).Split(' ')[^1];
        await one.PostAsync($"contacts/{there}/active");
        var way = "";
        await Waiting.UntilAsync(
            $"{one.Name} reaches {other.Name}: {best}",
            async () => (way = await WayAsync(one, there)) == best && await WayAsync(other, here) == best,
            TimeSpan.FromSeconds(120),
            () => way);
        var (path, hash) = MakeFile($"{one.Name} to {other.Name}.dat", Small);
        var route = await SendFileAsync(one, there, other, path, hash);
        return $"{word}, then {route}";
    }

    private static Nat? Kind(NodePerson person) => Enum.TryParse<Nat>(person.Name.Split(' ')[1], out var kind) ? kind : null;

    private static async Task<string> WayAsync(NodePerson person, string contact) => (await person.GetAsync($"contacts/{contact}"))["path"]!["nextRoute"]!.GetValue<string>();

    /// <summary>Each one's id of the other.</summary>
    internal static async Task<(string There, string Here)> BecomeContactsAsync(NodePerson one, NodePerson other)
    {
        JsonNode invite = (await one.PostAsync("invites"))!;
        await Waiting.UntilAsync("the invite lies at the server", async () => (await one.GetAsync("invites")).AsArray().Any(each => each!["id"]!.GetValue<string>() == invite["id"]!.GetValue<string>() && each["published"]!.GetValue<bool>()), TimeSpan.FromSeconds(60));
        await other.PostAsync("accept", new() { ["link"] = invite["link"]!.GetValue<string>() });
        var (there, here) = ("", "");
        await Waiting.UntilAsync("the request has come", async () => (there = await FindAsync(one, other.Name)) != "", TimeSpan.FromSeconds(60));
        await one.PatchAsync($"contacts/{there}", new() { ["answer"] = "accept" });
        await Waiting.UntilAsync(
            "both are contacts",
            async () => (here = await FindAsync(other, one.Name)) != "" && (await other.GetAsync($"contacts/{here}"))["state"]!.GetValue<string>() == "accepted",
            TimeSpan.FromSeconds(60));
        return (there, here);
    }

    private static async Task<string> FindAsync(NodePerson person, string name) =>
        (await person.GetAsync("contacts")).AsArray().FirstOrDefault(one => one!["name"]!.GetValue<string>() == name)?["id"]!.GetValue<string>() ?? "";

    /// <summary>The way a word went that has arrived.</summary>
    private static async Task<string> SayAsync(NodePerson person, string contact, string text)
    {
        var said = (await person.PostAsync($"contacts/{contact}/messages", new() { ["text"] = text }))!["id"]!.GetValue<string>();
        var route = "";
        await Waiting.UntilAsync(
            $"\"{text}\" is delivered",
            async () =>
            {
                var message = await person.GetAsync($"messages/{said}");
                route = message["route"]?["route"]?.GetValue<string>() ?? "";
                return message["state"]!.GetValue<string>() is "delivered" or "read";
            },
            TimeSpan.FromSeconds(60));
        return route;
    }

    /// <summary>Sends a file and checks what arrived; gives the ways that its bytes went.</summary>
    internal async Task<string> SendFileAsync(NodePerson one, string there, NodePerson other, string path, string hash, Func<Task>? between = null)
    {
        var sent = (await one.PostAsync($"contacts/{there}/files", new() { ["paths"] = new JsonArray(path) }))!;
        var (transfer, message) = (sent["transfer"]!.GetValue<string>(), sent["message"]!.GetValue<string>());
        if (between is not null) await between();
        await Waiting.UntilAsync(
            $"{other.Name} has {Path.GetFileName(path)}",
            async () => (await other.GetAsync("files")).AsArray().Any(offer => offer!["message"]!["id"]!.GetValue<string>() == message && offer["kept"]!.GetValue<bool>()),
            TimeSpan.FromSeconds(240));
        var inbox = Path.Combine(Folder(), "inbox of " + other.Name);
        await other.PostAsync($"transfers/{transfer}/save", new() { ["folder"] = inbox });
        await using var file = File.OpenRead(Path.Combine(inbox, Path.GetFileName(path)));
        Assert.Equal(hash, Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(file, TestContext.Current.CancellationToken)));
        var entry = (await other.GetAsync("files")).AsArray().First(offer => offer!["message"]!["id"]!.GetValue<string>() == message)!;
        return entry["message"]!["route"]?["route"]?.GetValue<string>() ?? entry.ToJsonString();
    }

    private static Task<NatLab> BuildAsync(Nat?[] homes)
    {
        Assert.True(NatLab.IsPossible, "Needs root, ip and nft: ./test installs them.");
        return NatLab.BuildTownAsync(homes);
    }
}
