using Dapari.Server.Cluster.Tests;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>One server of two machines on one PostgreSQL, behind one address: people at different machines, and machines that die.</summary>
public sealed class ClusterTests(Theatre theatre) : FileScene(theatre)
{
    private readonly string shared = Directory.CreateTempSubdirectory("dapari-shared-").FullName;

    [Fact]
    public async Task Two_people_at_two_machines_talk_on_while_one_machine_after_the_other_is_killed()
    {
        var postgres = Keep(await TestPostgres.StartAsync());
        var (one, two) = (await MachineAsync(postgres), await MachineAsync(postgres));
        var front = Keep(new CuttableProxy(one.Port));
        var alice = await SettleAsync("Alice", origin: front.Origin);
        await alice.GoAsync("/settings");
        await alice.ChooseAsync(alice.Words.Contact.ServerOnly); // What goes directly needs no machine.
        var link = new Uri(await alice.InviteAsync());
        front.TurnTo(two.Port);
        var bob = await ArriveAsync("Bob", origin: front.Origin, path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.OpenAsync("Alice");
        for (var i = 0; i < 3; i++)
        {
            await alice.WriteAsync($"from one to two, {i}");
            await bob.SeesAsync($"from one to two, {i}");
            await bob.WriteAsync($"from two to one, {i}");
            await alice.SeesAsync($"from two to one, {i}");
        }

        await alice.SeesStepAsync("from one to two, 2", Step.Read);
        await alice.SeesWayAsync("from one to two, 2", Route.Mailbox);
        Assert.True(await ConnectionsAsync(one) > 0 && await ConnectionsAsync(two) > 0, "They are not at two machines.");

        // Alice's machine dies; what both write while nobody has noticed arrives, once and in order.
        await one.KillAsync();
        await alice.WriteAsync("one is dead, says Alice");
        await bob.WriteAsync("one is dead, says Bob");
        await bob.SeesAsync("one is dead, says Alice");
        await alice.SeesAsync("one is dead, says Bob");

        // It comes back, and the other dies: both change machines.
        await one.StartAgainAsync();
        front.TurnTo(one.Port);
        await two.KillAsync();
        await bob.WriteAsync("two is dead, says Bob");
        await alice.WriteAsync("two is dead, says Alice");
        await alice.SeesAsync("two is dead, says Bob");
        await bob.SeesAsync("two is dead, says Alice");
        await alice.SeesStepAsync("two is dead, says Alice", Step.Read);
        await bob.SeesStepAsync("two is dead, says Bob", Step.Read);
        foreach (var person in (Person[])[alice, bob])
        {
            foreach (var text in (string[])["from one to two, 2", "one is dead, says Alice", "one is dead, says Bob", "two is dead, says Alice", "two is dead, says Bob"])
                await Expect(person.Log.GetByText(text, new() { Exact = true })).ToHaveCountAsync(1);
        }
    }

    [Fact]
    public async Task A_file_that_is_left_at_one_machine_is_fetched_at_another()
    {
        var postgres = Keep(await TestPostgres.StartAsync());
        var (one, two) = (await MachineAsync(postgres), await MachineAsync(postgres));
        var front = Keep(new CuttableProxy(one.Port));
        var (alice, bob) = await MeetAsync(origin: front.Origin);
        await bob.LeaveAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.DirectNow)).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        var (path, hash) = MakeFile("left.dat", 3 << 20);
        await alice.PickAsync(alice.Words.File.MenuFiles, path);
        await alice.Sheet.GetByRole(AriaRole.Radio, new() { NameRegex = new("^" + alice.Words.File.LeaveThere) }).CheckAsync(new() { Timeout = 60_000 });
        await alice.SendPickedAsync();
        await Expect(alice.Files("left.dat").GetByText(new System.Text.RegularExpressions.Regex("lie at the server"))).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await alice.LeaveAsync();

        front.TurnTo(two.Port);
        await one.KillAsync();
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesFilesWentAsync("left.dat", Route.DropOff);
        Assert.Equal(("left.dat", hash), await bob.SaveFileAsync("left.dat", "left.dat"));
        await Waiting.UntilAsync("it is removed", () => !Directory.EnumerateFiles(shared, "*", SearchOption.AllDirectories).Any(), TimeSpan.FromSeconds(120));
    }

    private async Task<ServerProcess> MachineAsync(TestPostgres postgres) => await OwnServerAsync(
        "--cluster", postgres.Url, "--advertise", "127.0.0.1", "--silo-port", "0", "--blob-folder", shared, "--metrics", $"127.0.0.1:{ServerProcess.FreePort()}", "--rate", "all=off");

    /// <summary>As the machine itself tells its operator.</summary>
    private static async Task<double> ConnectionsAsync(ServerProcess machine)
    {
        using var http = new HttpClient();
        var figures = await http.GetStringAsync(new Uri($"http://{machine.Option("--metrics")}/metrics"), TestContext.Current.CancellationToken);
        var line = figures.Split('\n').Single(l => l.StartsWith("dapari_connections ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
