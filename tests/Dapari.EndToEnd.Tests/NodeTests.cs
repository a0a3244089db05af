using Xunit;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>A browser and the native peer.</summary>
public sealed class NodeTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task A_browser_and_a_terminal_talk_with_each_other()
    {
        var alice = await SettleAsync("Alice");
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin));
        await bob.DoAsync("accept", await alice.InviteAsync());
        await alice.AcceptAsync("Bob");
        await bob.SeesAsync("Alice: not verified", "contacts");
        await alice.OpenAsync("Bob");

        await bob.DoAsync("say", "Alice", "Hello from a terminal", "--wait", "delivered", "--timeout", "90");
        await alice.SeesAsync("Hello from a terminal");
        await alice.WriteAsync("Hello from a browser");
        await alice.SeesStepAsync("Hello from a browser", Step.Delivered);
        await bob.SeesAsync("Alice: Hello from a browser", "read", "Alice");
        await alice.SeesStepAsync("Hello from a browser", Step.Read);
        // Which way a message goes is NodeDirectTests' matter: here a direct path may have been made meanwhile, or not.
        await bob.SeesAsync("read: ", "read", "Alice");
    }

    [Fact]
    public async Task A_terminal_invites_a_browser()
    {
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin));
        var link = new Uri((await bob.DoAsync("invite", "--no-qr")).Trim());
        var alice = await ArriveAsync("Alice", path: link.PathAndQuery + link.Fragment);
        await alice.BeginAsync();
        await bob.SeesAsync("Alice: wants to be your contact", "contacts");
        await bob.DoAsync("contacts", "accept", "Alice");
        await alice.OpenAsync("Bob");
        await bob.DoAsync("say", "Alice", "Welcome", "--wait", "read", "--timeout", "90");
        await alice.SeesAsync("Welcome");
    }
}
