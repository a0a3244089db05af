using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>
/// Every main screen, on a phone and on a computer, light and dark, in both languages: axe finds nothing, nothing is wider than the narrowest
/// phone, and a picture of each is kept under artifacts/screenshots.
/// </summary>
public sealed class ScreenTests(Theatre theatre) : Scene(theatre)
{
    /// <summary>axe styles the pages that it judges; that the app itself keeps to the policy is seen in every other test.</summary>
    protected override bool JudgesPages => false;

    [Theory]
    [InlineData("en")]
    [InlineData("it")]
    public async Task Every_screen_is_accessible_and_fits(string language)
    {
        var look = new Look(language);
        List<string> faults = [];
        var alice = await ArriveAsync("Alice", look);
        await Expect(alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Start.Begin })).ToBeVisibleAsync();
        await JudgeAsync(alice, "01-start", faults);
        await alice.BeginAsync();
        await alice.GoAsync("/");
        await Expect(alice.Page.GetByText(alice.Words.List.Empty).First).ToBeVisibleAsync();
        await JudgeAsync(alice, "02-nobody-yet", faults);
        var link = new Uri(await alice.InviteAsync());
        await JudgeAsync(alice, "03-invite", faults);

        var bob = await ArriveAsync("Bob", look, path: link.PathAndQuery + link.Fragment);
        await Expect(bob.Page.GetByText(bob.Words.Start.Invited)).ToBeVisibleAsync();
        await JudgeAsync(bob, "04-invited", faults);
        await bob.BeginAsync();
        await bob.WriteAsync(language == "it" ? "Ciao Alice, mi senti?" : "Hello Alice, can you hear me?");
        await Expect(bob.Page.GetByText(bob.Words.Chat.WaitAccept("Alice"))).ToBeVisibleAsync();
        await JudgeAsync(bob, "05-not-accepted-yet", faults);
        await alice.GoAsync("/");
        await Expect(alice.Page.GetByText(alice.Words.List.WantsContact("Bob"))).ToBeVisibleAsync();
        await JudgeAsync(alice, "06-request", faults);

        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await alice.SeesDirectPathAsync();
        var said = language == "it" ? "Forte e chiaro, e senza nessuno in mezzo." : "Loud and clear, and with nobody in between.";
        await alice.WriteAsync(said);
        await alice.SeesWayAsync(said, Route.Direct);
        await bob.OpenAsync("Alice");
        await alice.SeesStepAsync(said, Step.Read);
        await JudgeAsync(alice, "07-conversation", faults);
        await alice.OpenDetailsAsync(said);
        await JudgeAsync(alice, "08-how-it-went", faults);
        await alice.OpenAsync("Bob");
        await alice.OpenContactAsync();
        await JudgeAsync(alice, "09-contact", faults);
        await alice.GoAsync("/settings");
        await JudgeAsync(alice, "10-settings", faults);
        await alice.GoAsync("/ways");
        await JudgeAsync(alice, "11-ways", faults);
        await alice.GoAsync("/");
        await JudgeAsync(alice, "12-list", faults);
        await alice.Page.Keyboard.PressAsync("Control+k");
        await Expect(alice.Page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();
        await alice.Page.Keyboard.TypeAsync(language == "it" ? "forte" : "loud");
        await Expect(alice.Page.GetByText(said).Last).ToBeVisibleAsync();
        await JudgeAsync(alice, "13-search", faults);

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Fact]
    public async Task What_is_wrong_with_a_screen_is_found()
    {
        var alice = await ArriveAsync("Alice");
        await Expect(alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Start.Begin })).ToBeVisibleAsync();
        Assert.Empty(await Judge.AskAxeAsync(alice.Page, contrastAlone: false));
        await alice.Page.EvaluateAsync("""
            () => {
              const faint = document.createElement('p');
              faint.textContent = 'faint';
              faint.style.color = '#777';
              faint.style.background = '#888';
              document.querySelector('main').append(document.createElement('button'), faint);
            }
            """);
        var contrast = Assert.Single(await Judge.AskAxeAsync(alice.Page, contrastAlone: true));
        Assert.StartsWith("color-contrast", contrast);
        Assert.Equal(["button-name", "color-contrast"], (await Judge.AskAxeAsync(alice.Page, contrastAlone: false)).Select(fault => fault.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    internal static async Task JudgeAsync(Person person, string screen, List<string> faults)
    {
        await Judge.LookAsync(person, screen, faults);
        await person.Page.SetViewportSizeAsync(Judge.Narrowest, 640);
        var wide = await person.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        if (wide > Judge.Narrowest) faults.Add($"{screen}: {wide} pixels wide on a screen of {Judge.Narrowest}");
        await Judge.DoneAsync(person);
    }
}
