using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>What a person chose is kept to, to the last packet.</summary>
public sealed class PolicyTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task With_server_only_not_one_candidate_leaves()
    {
        var alice = await SettleAsync("Alice");
        await alice.GoAsync("/settings");
        await alice.ChooseAsync(alice.Words.Contact.ServerOnly);
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.OpenAsync("Alice");

        for (var i = 0; i < 5; i++)
        {
            await alice.WriteAsync($"hidden {i}");
            await bob.SeesAsync($"hidden {i}");
            await bob.WriteAsync($"seen {i}");
            await alice.SeesAsync($"seen {i}");
        }

        await alice.SeesStepAsync("hidden 4", Step.Read);
        await alice.SeesWayAsync("hidden 4", Route.Mailbox);
        await bob.SeesWayAsync("seen 4", Route.Mailbox);
        foreach (var person in (Person[])[alice, bob])
        {
            Assert.Equal(0, await person.CountAsync("made"));
            Assert.Equal(0, await person.CountAsync("candidates"));
        }

        await alice.OpenDetailsAsync("hidden 4");
        await Expect(alice.Page.GetByText(alice.Words.Ways.Because(Route.Mailbox, Reason.YouChoseServer, true, "Bob"))).ToBeVisibleAsync();
        await bob.OpenDetailsAsync("hidden 4");
        await Expect(bob.Page.GetByText(bob.Words.Ways.Because(Route.Mailbox, Reason.YouChoseServer, false, "Alice"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Choosing_server_only_closes_an_open_path()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await alice.ChooseWayAsync(alice.Words.Contact.ServerOnly);
        await Waiting.UntilAsync("no peer connection is open", async () => await alice.CountAsync("open.size") == 0, TimeSpan.FromSeconds(60));
        await Waiting.UntilAsync("no peer connection is open", async () => await bob.CountAsync("open.size") == 0, TimeSpan.FromSeconds(60));
        var made = await alice.CountAsync("made");
        await alice.WriteAsync("from behind the server");
        await bob.SeesAsync("from behind the server");
        await alice.SeesWayAsync("from behind the server", Route.Mailbox);
        Assert.Equal(made, await alice.CountAsync("made"));
    }

    [Fact]
    public async Task With_direct_only_nothing_is_posted_and_messages_wait_for_a_path()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync();
        await alice.ChooseWayAsync(alice.Words.Contact.DirectOnly);
        await alice.SeesDirectPathAsync();
        await alice.WriteAsync("only direct");
        await bob.SeesAsync("only direct");
        await alice.SeesStepAsync("only direct", Step.Read);

        await bob.LeaveAsync();
        await Expect(alice.Page.GetByText(alice.Words.Chat.WaitDirect("Bob"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var posts = alice.Posts;
        await alice.WriteAsync("I can wait");
        await alice.SeesStepAsync("I can wait", Step.Queued);
        await alice.SeesWayAsync("I can wait", Route.Waiting);

        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("I can wait", seconds: 60);
        await alice.SeesStepAsync("I can wait", Step.Read);
        await alice.SeesWayAsync("I can wait", Route.Direct);
        await bob.SeesWayAsync("I can wait", Route.Direct);
        Assert.Equal(posts, alice.Posts);
    }

    [Fact]
    public async Task Without_read_receipts_delivered_is_the_last_step()
    {
        var (alice, bob) = await MeetAsync();
        await bob.GoAsync("/settings");
        await bob.Page.GetByRole(AriaRole.Switch, new() { Name = bob.Words.Settings.Receipts }).UncheckAsync();
        await bob.OpenAsync("Alice");
        await alice.WriteAsync("did you read this");
        await bob.SeesAsync("did you read this");
        await alice.SeesStepAsync("did you read this", Step.Delivered);
        await bob.WriteAsync("I will not tell");
        await alice.SeesAsync("I will not tell");
        await alice.SeesStepAsync("did you read this", Step.Delivered);
    }
}
