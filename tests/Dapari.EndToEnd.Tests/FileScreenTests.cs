using System.Text.RegularExpressions;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>The screens of files: axe finds nothing, nothing is wider than the narrowest phone, and a picture of each is kept.</summary>
public sealed class FileScreenTests(Theatre theatre) : FileScene(theatre)
{
    /// <summary>axe styles the pages that it judges.</summary>
    protected override bool JudgesPages => false;

    [Theory]
    [InlineData("en")]
    [InlineData("it")]
    public async Task Every_screen_of_files_is_accessible_and_fits(string language)
    {
        List<string> faults = [];
        var (alice, bob) = await MeetAsync(new Look(language));
        await alice.SeesDirectPathAsync(60);
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.File.Attach, Exact = true }).ClickAsync();
        await ScreenTests.JudgeAsync(alice, "40-attach", faults);
        await alice.Page.Keyboard.PressAsync("Escape");
        await alice.PickAsync(alice.Words.File.MenuFiles, MakePicture("sea.png", 640, 480, ""), MakePicture("sky.png", 480, 640, ""), MakeFile("notes.pdf", 4000).Path);
        await ScreenTests.JudgeAsync(alice, "41-before-sending", faults);
        await alice.SendPickedAsync();
        await alice.SendFilesAsync(MakeFile("film.bin", 40 << 20).Path);
        await bob.SeesFilesWentAsync("notes.pdf", Route.Direct);
        await bob.SeesFilesAsync("film.bin");
        await ScreenTests.JudgeAsync(bob, "42-entries", faults);
        await bob.GoAsync("/files");
        await Expect(bob.Page.GetByText(bob.Words.File.FromPerson("Alice"))).ToBeVisibleAsync();
        await ScreenTests.JudgeAsync(bob, "43-under-way", faults);
        await bob.OpenAsync("Alice");
        await bob.Files("notes.pdf").GetByRole(AriaRole.Button, new() { NameRegex = new Regex("sky") }).ClickAsync();
        await Expect(bob.Page.Locator("#viewer").GetByRole(AriaRole.Button, new() { Name = bob.Words.File.ZoomIn, Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await ScreenTests.JudgeAsync(bob, "44-viewer", faults);
        await bob.Page.Keyboard.PressAsync("Escape");
        await alice.SeesFilesWentAsync("notes.pdf", Route.Direct);
        await alice.Files("notes.pdf").Locator("a.foot").ClickAsync();
        await Expect(alice.Page.GetByText(alice.Words.File.WhoSaw)).ToBeVisibleAsync();
        await ScreenTests.JudgeAsync(alice, "45-how-files-went", faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
