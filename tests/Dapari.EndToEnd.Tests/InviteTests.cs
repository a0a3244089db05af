using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>How two people get in touch.</summary>
public sealed class InviteTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task An_invite_works_while_its_maker_is_away_and_the_first_message_follows_the_yes()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync());
        await alice.LeaveAsync();

        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await Expect(bob.Page.GetByText(bob.Words.Start.Invited)).ToBeVisibleAsync();
        await bob.BeginAsync();
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        await bob.WriteAsync("Hello, it is Bob");
        await bob.SeesStepAsync("Hello, it is Bob", Step.Queued);

        await alice.ReturnAsync();
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await alice.SeesAsync("Hello, it is Bob");
        await bob.SeesStepAsync("Hello, it is Bob", Step.Read);
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeHiddenAsync();

        await alice.WriteAsync("Hello Bob");
        await bob.SeesAsync("Hello Bob");
        await alice.SeesStepAsync("Hello Bob", Step.Read);
    }

    [Fact]
    public async Task Who_was_refused_is_told_and_cannot_write()
    {
        var (alice, bob) = await AskAsync();
        await alice.AnswerAsync("Bob", alice.Words.List.Refuse);
        await Expect(bob.Page.GetByText(bob.Words.Chat.DeclinedBanner("Alice"))).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(bob.Composer).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Who_was_blocked_is_told_nothing_and_nothing_of_theirs_arrives()
    {
        var (alice, bob) = await MeetAsync();
        await bob.WriteAsync("before");
        await alice.SeesAsync("before");
        await alice.OpenContactAsync();
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Contact.Block, Exact = true }).ClickAsync();
        await alice.OpenAsync("Bob");
        await Expect(alice.Page.GetByText(alice.Words.Chat.BlockedBanner("Bob"))).ToBeVisibleAsync();

        await bob.WriteAsync("after");
        await bob.SeesAsync("after");
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Chat.Unblock }).ClickAsync();
        await bob.WriteAsync("and again");
        await alice.SeesAsync("and again", seconds: 60);
        await Expect(alice.Message("after")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Who_only_asked_and_was_blocked_is_told_nothing_and_cannot_ask_again()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync(reusable: true));
        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        await bob.WriteAsync("please");

        await alice.AnswerAsync("Bob", alice.Words.List.Block);
        await Expect(alice.Page.GetByText(alice.Words.List.Blocked("Bob"))).ToBeVisibleAsync();
        // Another who asks comes through, so what Bob did before has long arrived.
        await alice.GoAsync("/settings");
        var carla = await ArriveAsync("Carla", path: link.PathAndQuery + link.Fragment);
        await carla.BeginAsync();
        await alice.AcceptAsync("Carla");
        await Expect(carla.Log.GetByText(carla.Words.Chat.Connected("Alice"))).ToBeVisibleAsync();

        await bob.TakeInviteAsync(link.ToString());
        await bob.OpenAsync("Alice");
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        await bob.SeesStepAsync("please", Step.Queued);
        await alice.ReloadAsync();
        await alice.GoAsync("/");
        await Expect(alice.Row("Carla")).ToBeVisibleAsync();
        await Expect(alice.Page.GetByText(alice.Words.List.WantsContact("Bob"))).ToHaveCountAsync(0);
        await Expect(alice.Page.GetByText("please")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_withdrawal_is_carried_out_although_the_page_died_before()
    {
        var alice = await SettleAsync("Alice");
        var link = await alice.InviteAsync();
        var dead = new TaskCompletionSource();
        alice.Page.Crash += (_, _) => dead.TrySetResult();
        var devtools = await alice.Context.NewCDPSessionAsync(alice.Page);
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Invite.Revoke }).ClickAsync();
        await Expect(alice.Page.GetByText(alice.Words.Invite.Revoked)).ToBeVisibleAsync();
        // A renderer that crashes tells the page nothing; the command itself never answers.
        _ = devtools.SendAsync("Page.crash").ContinueWith(static crash => crash.Exception, TaskScheduler.Default);
        await dead.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(alice.Sent, frame => frame.DeleteInvite is not null);

        await alice.LeaveAsync();
        await alice.ReturnAsync();
        await Waiting.UntilAsync("the server was told to delete the invite",
            () => alice.Sent.Any(frame => frame.DeleteInvite is not null), TimeSpan.FromSeconds(60));
        var bob = await SettleAsync("Bob");
        await bob.TakeInviteAsync(link);
        await Expect(bob.Page.GetByText(bob.Words.Refusal(Peer.Local.CommandRefusal.UnknownInvite))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_withdrawn_invite_is_refused_in_words()
    {
        var alice = await SettleAsync("Alice");
        var link = await alice.InviteAsync();
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Invite.Revoke }).ClickAsync();
        await Expect(alice.Page.GetByText(alice.Words.Invite.Revoked)).ToBeVisibleAsync();
        // Withdrawing can be undone for a moment; leaving the screen makes it final.
        await alice.GoAsync("/settings");
        await Waiting.UntilAsync("the server was told to delete the invite",
            () => alice.Sent.Any(frame => frame.DeleteInvite is not null), TimeSpan.FromSeconds(60));

        var bob = await SettleAsync("Bob");
        await bob.TakeInviteAsync(link);
        await Expect(bob.Page.GetByText(bob.Words.Refusal(Peer.Local.CommandRefusal.UnknownInvite))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_is_no_invite_is_refused_in_words()
    {
        var bob = await SettleAsync("Bob");
        await bob.GoAsync("/invite");
        await bob.Page.GetByRole(AriaRole.Textbox, new() { Name = bob.Words.Invite.Paste }).FillAsync(bob.Origin + "/i#what<script>");
        await bob.Page.GetByRole(AriaRole.Button, new() { Name = bob.Words.Invite.Open, Exact = true }).ClickAsync();
        await Expect(bob.Page.GetByText(bob.Words.Refusal(Peer.Local.CommandRefusal.BadLink))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task One_link_for_several_people_lets_each_of_them_ask()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync(reusable: true));
        foreach (var name in (string[])["Bob", "Carla"])
        {
            var guest = await ArriveAsync(name, path: link.PathAndQuery + link.Fragment);
            await guest.BeginAsync();
            await alice.AcceptAsync(name);
            await Expect(guest.Log.GetByText(guest.Words.Chat.Connected("Alice"))).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task Every_step_survives_a_reload()
    {
        var alice = await SettleAsync("Alice");
        await alice.ReloadAsync();
        var link = new Uri(await alice.InviteAsync());
        await alice.ReloadAsync();

        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        await bob.ReloadAsync();
        await bob.OpenAsync("Alice");
        await bob.WriteAsync("written before the yes");
        await bob.SeesAsync("written before the yes");
        await bob.ReloadAsync();
        await bob.SeesStepAsync("written before the yes", Step.Queued);

        await alice.AcceptAsync("Bob");
        await alice.ReloadAsync();
        await alice.OpenAsync("Bob");
        await alice.SeesAsync("written before the yes");
        await alice.ReloadAsync();
        await alice.SeesAsync("written before the yes");
        await bob.SeesStepAsync("written before the yes", Step.Read);

        await alice.WriteAsync("an answer");
        // Shown is what is kept: a page that goes while the key is still being taken keeps nothing.
        await alice.SeesAsync("an answer");
        await alice.ReloadAsync();
        await alice.SeesAsync("an answer");
        await bob.SeesAsync("an answer");
        await bob.ReloadAsync();
        await bob.SeesAsync("an answer");
        await alice.SeesStepAsync("an answer", Step.Read);
    }

    [Fact]
    public async Task Two_people_live_apart_in_one_browser()
    {
        var first = await SettleAsync("Alice");
        var link = await first.InviteAsync();
        var page = first.Page;
        first.TurnTo(await first.OpenTabAsync("/?profile=second"));
        await first.BeginAsync();
        await first.GoAsync("/invite");
        await first.Page.GetByRole(AriaRole.Textbox, new() { Name = first.Words.Invite.Paste }).FillAsync(link);
        await first.Page.GetByRole(AriaRole.Button, new() { Name = first.Words.Invite.Open, Exact = true }).ClickAsync();
        await Expect(first.Page.GetByText(first.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        var second = first.Page;
        first.TurnTo(page);
        await first.AcceptAsync("Alice");
        await Expect(second.GetByRole(AriaRole.Log).GetByText(first.Words.Chat.Connected("Alice"))).ToBeVisibleAsync();
    }

    private async Task<(Person Alice, Person Bob)> AskAsync()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        return (alice, bob);
    }
}
