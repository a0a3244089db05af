using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Files for anybody: a link made in a terminal, opened in a browser or in another terminal (docs/protocol/shares.md).</summary>
public sealed class LinkTests(Theatre theatre) : Scene(theatre)
{
    private const float Long = 180_000;

    [Fact]
    public async Task Whoever_opens_a_link_gets_the_file_straight_from_the_terminal_and_as_often_as_said()
    {
        var sender = Keep(new LinkSender());
        var hash = await sender.MakeAsync(100_000_001);
        await sender.ServeAsync(sender.Source, "--server", Stage.Server.Origin);
        var page = await OpenAsync(sender.Link);
        await Expect(page.GetByText("A strange näme (1).bin")).ToBeVisibleAsync();
        var saving = page.WaitForDownloadAsync(new() { Timeout = Long });
        await page.GetByRole(AriaRole.Button, new() { Name = "Get the files" }).ClickAsync();
        var saved = await saving;
        Assert.Equal("A strange näme (1).bin", saved.SuggestedFilename);
        Assert.Equal(hash, await LinkSender.HashAsync(await saved.PathAsync()));
        await Expect(page.GetByText("Directly from the sender’s computer")).ToBeVisibleAsync();
        Assert.Equal(0, await sender.EndedAsync());
        var late = await OpenAsync(sender.Link);
        await Expect(late.GetByText("was used as often as it may be")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_link_dies_on_time()
    {
        var sender = Keep(new LinkSender());
        await sender.MakeAsync(10);
        await sender.ServeAsync(sender.Source, "--server", Stage.Server.Origin, "--for", "1s");
        Assert.Equal(0, await sender.EndedAsync());
        var page = await OpenAsync(sender.Link);
        await Expect(page.GetByText("time is over")).ToBeVisibleAsync();
        var (code, _, errors) = await sender.RunAsync("receive", sender.Link);
        Assert.Equal(1, code);
        Assert.Contains("time is over", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_that_dies_in_the_middle_goes_on_with_the_same_link()
    {
        var sender = Keep(new LinkSender());
        var hash = await sender.MakeAsync(300_000_000);
        await sender.ServeAsync(sender.Source, "--server", Stage.Server.Origin);
        var page = await OpenAsync(sender.Link);
        var saving = page.WaitForDownloadAsync(new() { Timeout = Long });
        await page.GetByRole(AriaRole.Button, new() { Name = "Get the files" }).ClickAsync();
        await Waiting.UntilAsync("some of it is there", () => page.EvaluateAsync<bool>("document.getElementById('bar').value > 0.02"), Waiting.Patience, () => page.Locator("main").InnerTextAsync().Result);
        await sender.KillAsync();
        var before = await page.EvaluateAsync<double>("document.getElementById('bar').value");
        Assert.InRange(before, 0.02, 0.999);
        await Expect(page.GetByText("not online at the moment")).ToBeVisibleAsync(new() { Timeout = Long });
        await sender.ServeAsync("--again", sender.Link);
        Assert.Equal(hash, await LinkSender.HashAsync(await (await saving).PathAsync()));
    }

    [Fact]
    public async Task Another_terminal_gets_it_and_overwrites_nothing()
    {
        var sender = Keep(new LinkSender());
        var hash = await sender.MakeAsync(20_000_000);
        await sender.ServeAsync(sender.Source, "--server", Stage.Server.Origin, "--times", "2");
        for (var number = 1; number <= 2; number++)
        {
            var (code, output, errors) = await sender.RunAsync("receive", sender.Link, "--to", "here");
            Assert.True(code == 0, errors);
            Assert.EndsWith(number == 1 ? "A strange näme (1).bin" : "A strange näme (1) (2).bin", output.Trim(), StringComparison.Ordinal);
            Assert.Equal(hash, await LinkSender.HashAsync(output.Trim()));
        }

        Assert.Equal(0, await sender.EndedAsync());
    }

    [Fact]
    public async Task A_browser_without_anything_installed_sends_by_link_to_a_terminal_and_to_a_browser()
    {
        var maker = Keep(new LinkSender());
        var hash = await maker.MakeAsync(40_000_003);
        var page = await OpenAsync(Stage.Server.Origin + "/s");
        await page.GetByLabel("How often it may be used").SelectOptionAsync("5");
        await page.GetByLabel("Choose files").SetInputFilesAsync(maker.Source);
        var link = page.GetByLabel("The link", new() { Exact = true });
        await Expect(link).ToBeVisibleAsync(new() { Timeout = Long });
        var address = await link.InputValueAsync();
        Assert.StartsWith(Stage.Server.Origin + "/s#", address, StringComparison.Ordinal);

        var (code, output, errors) = await maker.RunAsync("receive", address, "--to", "here");
        Assert.True(code == 0, errors);
        Assert.Equal(hash, await LinkSender.HashAsync(output.Trim()));
        await Expect(page.GetByText("1 of 5 have everything")).ToBeVisibleAsync();

        var visitor = await OpenAsync(address);
        await Expect(visitor.GetByText("A strange näme (1).bin")).ToBeVisibleAsync();
        var saving = visitor.WaitForDownloadAsync(new() { Timeout = Long });
        await visitor.GetByRole(AriaRole.Button, new() { Name = "Get the files" }).ClickAsync();
        Assert.Equal(hash, await LinkSender.HashAsync(await (await saving).PathAsync()));
        await Expect(page.GetByText("2 of 5 have everything")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "End the link" }).ClickAsync();
        await Expect(page.GetByText("The link is over.")).ToBeVisibleAsync();
        var late = await OpenAsync(address);
        await Expect(late.GetByText("The sender ended this link.")).ToBeVisibleAsync();
        (code, _, errors) = await maker.RunAsync("receive", address, "--to", "here");
        Assert.Equal(1, code);
        Assert.Contains("ended", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", ColorScheme.Light)]
    [InlineData("it", ColorScheme.Dark)]
    public async Task Both_pages_of_a_link_are_accessible_and_fit_on_a_phone(string language, ColorScheme scheme)
    {
        var maker = Keep(new LinkSender());
        await maker.MakeAsync(3_000_000);
        List<string> faults = [];
        var sender = await OpenAsync(Stage.Server.Origin + "/s", language, scheme);
        await Expect(sender.Locator("#send")).ToBeVisibleAsync();
        await JudgeAsync(sender, "41-send-by-link");
        await sender.Locator("#pick").SetInputFilesAsync(maker.Source);
        await Expect(sender.Locator("#link")).ToBeVisibleAsync(new() { Timeout = Long });
        await JudgeAsync(sender, "42-link-made");
        var visitor = await OpenAsync(await sender.Locator("#link").InputValueAsync(), language, scheme);
        await Expect(visitor.Locator("#take")).ToBeVisibleAsync(new() { Timeout = Long });
        await JudgeAsync(visitor, "43-link-opened");
        await visitor.Locator("#take").ClickAsync();
        await Expect(sender.Locator("#once-more")).ToBeVisibleAsync(new() { Timeout = Long });
        await JudgeAsync(visitor, "44-link-done");
        await JudgeAsync(sender, "45-link-over");
        var wrong = await OpenAsync(Stage.Server.Origin + "/s#nonsense", language, scheme);
        await Expect(wrong.Locator("#state")).Not.ToBeEmptyAsync();
        await JudgeAsync(wrong, "46-link-wrong");
        Assert.True(faults.Count == 0, string.Join('\n', faults));

        async Task JudgeAsync(IPage page, string screen)
        {
            foreach (var (width, height, name) in ((int, int, string)[])[(1280, 800, "desktop"), (390, 844, "phone"), (Judge.Narrowest, 640, "narrow")])
                faults.AddRange(await LookAsync(page, width, height, $"{screen}-{name}-{language}-{scheme.ToString().ToLowerInvariant()}"));
        }
    }

    private static async Task<IEnumerable<string>> LookAsync(IPage page, int width, int height, string screen)
    {
        await page.SetViewportSizeAsync(width, height);
        await page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, screen + ".png") });
        var wide = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        return [.. (await Judge.AskAxeAsync(page, contrastAlone: false)).Select(fault => $"{screen}: {fault}"), .. wide > width ? [$"{screen}: {wide} pixels wide"] : Array.Empty<string>()];
    }

    private async Task<IPage> OpenAsync(string link, string language = "en", ColorScheme scheme = ColorScheme.Light)
    {
        var context = await Stage.Browser.NewContextAsync(new() { AcceptDownloads = true, Locale = language, ColorScheme = scheme });
        Keep(context);
        var page = await context.NewPageAsync();
        await page.GotoAsync(link);
        return page;
    }
}
