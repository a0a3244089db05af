using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Text is text, names are names, and what was said can be found again.</summary>
public sealed class ContentTests(Theatre theatre) : Scene(theatre)
{
    private const string Markup = "<img src=x onerror=\"window.__broken=1\"><b>bold</b> <script>window.__broken=1</script> &amp; {{7*7}}";

    [Fact]
    public async Task Markup_in_messages_and_names_is_shown_as_the_text_it_is()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("<i>Bob</i> <img src=x>", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await bob.WriteAsync(Markup);
        await alice.AcceptAsync("<i>Bob</i> <img src=x>");
        await alice.OpenAsync("<i>Bob</i> <img src=x>");
        await alice.SeesAsync(Markup);
        foreach (var person in (Person[])[alice, bob])
        {
            Assert.Equal(0, await person.Page.EvaluateAsync<int>("() => window.__broken ?? 0"));
            await Expect(person.Log.Locator("img, b, i, script")).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task Control_and_direction_characters_in_a_name_are_gone()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("  Bob\u202Ekcatta\u0007\u200B\t \u2066x ", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await alice.GoAsync("/");
        await Expect(alice.Page.GetByText(alice.Words.List.WantsContact("Bobkcatta x"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Long_right_to_left_and_emoji_messages_arrive_as_they_were_written()
    {
        var (alice, bob) = await MeetAsync(Look.Phone);
        string[] texts =
        [
            "👍🏽", "שלום, מה שלומך היום?", "مرحبا كيف حالك", "one\ntwo\n  three",
            string.Concat(Enumerable.Repeat("averylongwordwithoutanyspaces", 20)),
        ];
        foreach (var text in texts)
        {
            await alice.Composer.FillAsync(text);
            await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Chat.Send, Exact = true }).ClickAsync();
            await bob.SeesAsync(text.Split('\n')[0].Length < text.Length ? "one two three" : text);
        }

        Assert.True(await bob.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), "The page scrolls sideways.");
    }

    [Fact]
    public async Task Search_finds_people_and_messages_and_opens_them()
    {
        var (alice, bob) = await MeetAsync();
        await bob.WriteAsync("The concert is on Friday at the conservatory");
        await bob.WriteAsync("Bring the violin");
        await alice.SeesAsync("Bring the violin");
        await alice.GoAsync("/");
        await alice.Page.Keyboard.PressAsync("Control+k");
        var field = alice.Page.GetByRole(AriaRole.Searchbox);
        await Expect(field).ToBeFocusedAsync();
        await alice.Page.Keyboard.TypeAsync("fri conc");
        var found = alice.Page.GetByText("The concert is on Friday at the conservatory").Last;
        await Expect(found).ToBeVisibleAsync();
        await found.ClickAsync();
        await Expect(alice.Page).ToHaveURLAsync(new Regex("/c/"));
        await alice.SeesAsync("The concert is on Friday at the conservatory");

        await alice.Page.Keyboard.PressAsync("Control+k");
        await Expect(field).ToBeFocusedAsync();
        await alice.Page.Keyboard.TypeAsync("zzzz");
        await Expect(alice.Page.GetByText(alice.Words.List.NothingFound("zzzz"))).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Both_see_the_same_safety_number_and_can_confirm_it()
    {
        var (alice, bob) = await MeetAsync();
        foreach (var person in (Person[])[alice, bob])
        {
            await person.OpenContactAsync();
            await person.Page.GetByRole(AriaRole.Button, new() { Name = person.Words.Contact.ShowNumber }).ClickAsync();
        }

        var hers = await SafetyNumberAsync(alice);
        Assert.Matches("^[0-9]{60}$", hers);
        Assert.Equal(hers, await SafetyNumberAsync(bob));

        await Expect(alice.Page.GetByText(alice.Words.Contact.NotVerified)).ToBeVisibleAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Img, new() { Name = alice.Words.Contact.QrAlt })).ToBeVisibleAsync();
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Contact.MarkVerified }).ClickAsync();
        await Expect(alice.Page.GetByText(alice.Words.Contact.NotVerified)).ToBeHiddenAsync();
        await alice.ReloadAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Contact.Unverify })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_whole_app_speaks_the_language_that_was_chosen()
    {
        var (alice, bob) = await MeetAsync(new Look("it"));
        await alice.WriteAsync("ciao");
        await bob.SeesAsync("ciao");
        Assert.Equal("it", await alice.Page.EvaluateAsync<string>("() => document.documentElement.lang"));
        await alice.GoAsync("/settings");
        await alice.ChooseAsync("English");
        await Expect(alice.Page.GetByRole(AriaRole.Heading, new() { Name = Web.Text.Texts.English.Settings.Title })).ToBeVisibleAsync();
        await alice.ReloadAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Heading, new() { Name = Web.Text.Texts.English.Settings.Title })).ToBeVisibleAsync();
        Assert.Equal("en", await alice.Page.EvaluateAsync<string>("() => document.documentElement.lang"));
    }

    private static async Task<string> SafetyNumberAsync(Person person)
    {
        var digits = person.Page.Locator(".digits");
        await Expect(digits).ToHaveTextAsync(new Regex("[0-9]"));
        return string.Concat((await digits.InnerTextAsync()).Where(char.IsAsciiDigit));
    }
}
