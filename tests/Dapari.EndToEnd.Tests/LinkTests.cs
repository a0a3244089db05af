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

    private async Task<IPage> OpenAsync(string link)
    {
        var context = await Stage.Browser.NewContextAsync(new() { AcceptDownloads = true, Locale = "en" });
        Keep(context);
        var page = await context.NewPageAsync();
        await page.GotoAsync(link);
        return page;
    }
}
