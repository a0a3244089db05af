using System.Globalization;
using System.Text.RegularExpressions;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd;

public sealed partial class Person
{
    /// <summary>How far a message of theirs came, as the screen says it.</summary>
    public enum Step
    {
        /// <summary>On this device.</summary>
        Queued,

        /// <summary>Safe on the server.</summary>
        OnServer,

        /// <summary>On the other's device.</summary>
        Delivered,

        /// <summary>Seen.</summary>
        Read,
    }

    /// <summary>Where they write.</summary>
    public ILocator Composer => Page.GetByRole(AriaRole.Textbox, new() { Name = Words.Chat.Write });

    /// <summary>The messages of the open conversation.</summary>
    public ILocator Log => Page.GetByRole(AriaRole.Log);

    /// <summary>A message of the open conversation, by its whole text.</summary>
    public ILocator Message(string text) => Log.Locator(".bubble").Filter(new() { Has = Page.Locator(".text").And(Page.GetByText(text, new() { Exact = true })) });

    /// <summary>Says their name at the first start, and waits until the app is theirs.</summary>
    public async Task BeginAsync()
    {
        await Page.GetByRole(AriaRole.Textbox, new() { Name = Words.Start.NameLabel }).FillAsync(Name);
        await Page.GetByRole(AriaRole.Button, new() { Name = Words.Start.Begin }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Textbox, new() { Name = Words.Start.NameLabel })).ToBeHiddenAsync();
        // The app goes on by itself, to a first invite or to whom the opened one is from, and would take along who went elsewhere before.
        await ArrivesAsync(path => path == "/invite" || path.StartsWith("/c/", StringComparison.Ordinal));
    }

    /// <summary>Goes to a screen by its address, within the running app.</summary>
    public async Task GoAsync(string path)
    {
        // Before the app has drawn itself it would not go there but load the page anew.
        await Page.Locator("#announcer").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await Page.EvaluateAsync("path => Blazor.navigateTo(path + location.search)", path);
        await ArrivesAsync(at => at == path);
    }

    /// <summary>Waits until the tab in front is at an address, asking for its path.</summary>
    private Task ArrivesAsync(Func<string, bool> there) =>
        Waiting.UntilAsync($"{Name} is where they go", () => there(new Uri(Page.Url).AbsolutePath), Waiting.Patience, () => $"They are at {Page.Url}.");

    /// <summary>Makes an invite, and returns its link once the server has it.</summary>
    public async Task<string> InviteAsync(bool reusable = false)
    {
        await GoAsync("/invite");
        var link = Page.GetByRole(AriaRole.Textbox, new() { Name = Words.Invite.Link });
        // The screen makes the first one by itself: for one person.
        await Expect(link).ToHaveValueAsync(new Regex("/i#."));
        if (reusable)
        {
            var first = await link.InputValueAsync();
            await Page.GetByText(Words.Invite.MakeAnother, new() { Exact = true }).ClickAsync();
            await ChooseAsync(Words.Invite.Reusable);
            await Page.GetByRole(AriaRole.Button, new() { Name = Words.Invite.Make, Exact = true }).ClickAsync();
            await Expect(link).Not.ToHaveValueAsync(first);
            await Expect(link).ToHaveValueAsync(new Regex("/i#."));
        }

        await Expect(Page.GetByText(Words.Invite.NotPublished)).ToHaveCountAsync(0);
        return await link.InputValueAsync();
    }

    /// <summary>Picks one of several choices by the words it begins with; of several such questions, in the first.</summary>
    public Task ChooseAsync(string words) =>
        Page.GetByRole(AriaRole.Radio, new() { NameRegex = new Regex("^" + Regex.Escape(words)) }).First.CheckAsync();

    /// <summary>Picks one of the choices to a question.</summary>
    public Task ChooseAsync(string question, string words) =>
        Page.GetByRole(AriaRole.Group, new() { Name = question }).GetByRole(AriaRole.Radio, new() { NameRegex = new Regex("^" + Regex.Escape(words)) }).CheckAsync();

    /// <summary>Opens an invite's link, as a tap on it does.</summary>
    public Task TakeInviteAsync(string link) => Page.GotoAsync(link);

    /// <summary>Two who have begun get in touch; each then has the conversation open.</summary>
    public static async Task MeetAsync(Person maker, Person guest)
    {
        var link = await maker.InviteAsync();
        await guest.TakeInviteAsync(link);
        await maker.AcceptAsync(guest.Name);
        await maker.OpenAsync(guest.Name);
        await guest.OpenAsync(maker.Name);
        await Expect(guest.Log.GetByText(guest.Words.Chat.Connected(maker.Name))).ToBeVisibleAsync();
    }

    /// <summary>Answers a request: the words of the button.</summary>
    public async Task AnswerAsync(string who, string button)
    {
        await GoAsync("/");
        var request = Page.GetByRole(AriaRole.Region, new() { Name = Words.List.Requests }).Locator(".request").Filter(new() { HasText = Words.List.WantsContact(who) });
        await request.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
    }

    /// <summary>Says yes to somebody who asked.</summary>
    public async Task AcceptAsync(string who)
    {
        await AnswerAsync(who, Words.List.Accept);
        // The app opens the conversation by itself, once the yes is kept.
        await ArrivesAsync(path => path.StartsWith("/c/", StringComparison.Ordinal));
    }

    /// <summary>The row of somebody in the list of conversations.</summary>
    public ILocator Row(string who) => Page.GetByRole(AriaRole.Navigation, new() { Name = Words.List.Title }).GetByRole(AriaRole.Listitem)
        .GetByRole(AriaRole.Link).Filter(new() { Has = Page.GetByText(who, new() { Exact = true }) });

    /// <summary>Opens the conversation with somebody.</summary>
    public async Task OpenAsync(string who)
    {
        await GoAsync("/");
        await Row(who).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Log, new() { Name = Words.Chat.Messages(who) })).ToBeVisibleAsync();
    }

    /// <summary>Writes a message and presses Enter; on a phone, where Enter begins a line, the button.</summary>
    public async Task WriteAsync(string text)
    {
        await Composer.FillAsync(text);
        if (Look.Width < 600) await Page.GetByRole(AriaRole.Button, new() { Name = Words.Chat.Send, Exact = true }).ClickAsync();
        else await Composer.PressAsync("Enter");
    }

    /// <summary>Waits until a message is on their screen, once.</summary>
    public Task SeesAsync(string text, float seconds = 60) => Expect(Message(text)).ToHaveCountAsync(1, new() { Timeout = Limit(seconds) });

    /// <summary>Waits until a message of theirs shows that it came this far.</summary>
    public Task SeesStepAsync(string text, Step step, float seconds = 60) =>
        Expect(Badge(text)).ToHaveAccessibleNameAsync(new Regex(", " + Regex.Escape(StepWords(step)) + ", "), new() { Timeout = Limit(seconds) });

    /// <summary>Waits until a message of theirs shows that the other's device has it, read or not.</summary>
    public Task SeesArrivedAsync(string text) => Expect(Badge(text)).ToHaveAccessibleNameAsync(
        new Regex($", ({Regex.Escape(StepWords(Step.Delivered))}|{Regex.Escape(StepWords(Step.Read))}), "), new() { Timeout = Limit(60) });

    /// <summary>Waits until a message's badge shows this way.</summary>
    public Task SeesWayAsync(string text, Route route, float seconds = 60) =>
        Expect(Badge(text)).ToHaveAccessibleNameAsync(new Regex(", " + Regex.Escape(Words.Ways.Name(route)) + "\\."), new() { Timeout = Limit(seconds) });

    /// <summary>The badge of a message: the way it went and how far it came; a tap opens the details.</summary>
    public ILocator Badge(string text) => Message(text).Locator("a.foot");

    /// <summary>Waits until the open conversation says that a direct path is open.</summary>
    public Task SeesDirectPathAsync(float seconds = 60) =>
        Expect(Page.GetByText(Words.Chat.DirectNow).First).ToBeVisibleAsync(new() { Timeout = Limit(seconds) });

    /// <summary>Opens the details of a message.</summary>
    public async Task OpenDetailsAsync(string text)
    {
        await Badge(text).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = Words.Message.Title })).ToBeVisibleAsync();
    }

    /// <summary>Opens the page of the contact whose conversation is open.</summary>
    public async Task OpenContactAsync()
    {
        var path = new Uri(Page.Url).AbsolutePath;
        await GoAsync(string.Create(CultureInfo.InvariantCulture, $"/c/{path.Split('/')[2]}/details"));
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = Words.Contact.Verify })).ToBeVisibleAsync();
    }

    /// <summary>Chooses the way for the contact whose conversation is open, and comes back to it.</summary>
    public async Task ChooseWayAsync(string choice)
    {
        var conversation = new Uri(Page.Url).AbsolutePath;
        await OpenContactAsync();
        await ChooseAsync(choice);
        await GoAsync(conversation);
    }

    private string StepWords(Step step) => step switch
    {
        Step.Queued => Words.Chat.Queued,
        Step.OnServer => Words.Chat.OnServer,
        Step.Delivered => Words.Chat.Delivered,
        _ => Words.Chat.Read,
    };
}
