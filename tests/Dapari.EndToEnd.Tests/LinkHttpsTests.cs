using System.Text.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A link of a daemon that browsers reach over HTTPS: bytes go there, where the visitor's browser accepts the certificate.</summary>
public sealed class LinkHttpsTests(Theatre theatre) : FileScene(theatre)
{
    private const long Size = 40L << 20;
    private const long Long = 300L << 20;
    private const float Patience = 180_000;

    [Fact]
    public async Task A_link_is_taken_by_https_where_a_browser_accepts_the_certificate()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var door = NodeDoor.Make(Folder());
        var (link, hash) = await LinkAsync(door, Size);
        var page = await OpenAsync(trusting, link);
        // Who only looks is not told of the door.
        await Expect(page.Locator("#take")).ToBeVisibleAsync(new() { Timeout = Patience });
        Assert.Equal((0, 0), await door.CountAsync());
        await TakeAsync(page, hash);
        await Expect(page.GetByText("Directly from Bob’s computer, by HTTPS")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_link_is_taken_by_the_data_channel_where_it_does_not()
    {
        var door = NodeDoor.Make(Folder());
        var (link, hash) = await LinkAsync(door, Size);
        var page = await OpenAsync(Stage.Browser, link);
        await TakeAsync(page, hash);
        await Expect(page.GetByText("Directly from Bob’s computer", new() { Exact = true })).ToBeVisibleAsync();
        Assert.True((await door.CountAsync()).Sent < Size / 2);
    }

    [Fact]
    public async Task A_link_goes_on_by_the_data_channel_when_https_breaks_in_the_middle()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var door = NodeDoor.Make(Folder());
        var (link, hash) = await LinkAsync(door, Long);
        var page = await OpenAsync(trusting, link);
        var taking = TakeAsync(page, hash);
        await door.BreakAsync(Long / 8);
        await taking;
        await Expect(page.GetByText("Directly from Bob’s computer", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Equal((0, 0), await door.CountAsync());
    }

    private async Task<(string Link, string Hash)> LinkAsync(NodeDoor door, long size)
    {
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin, up: door.Up));
        var (path, hash) = MakeFile("by link.dat", size);
        using var made = JsonDocument.Parse(await bob.DoAsync("--json", "send", "--link", path, "--no-qr"));
        return (made.RootElement.GetProperty("link").GetString()!, hash);
    }

    private async Task<IPage> OpenAsync(IBrowser browser, string link)
    {
        var context = await browser.NewContextAsync(new() { AcceptDownloads = true, Locale = "en" });
        Keep(context);
        var page = await context.NewPageAsync();
        await page.GotoAsync(link);
        return page;
    }

    private static async Task TakeAsync(IPage page, string hash)
    {
        var saving = page.WaitForDownloadAsync(new() { Timeout = Patience });
        await page.GetByRole(AriaRole.Button, new() { Name = "Get the files" }).ClickAsync(new() { Timeout = Patience });
        Assert.Equal(hash, (await LinkSender.HashAsync(await (await saving).PathAsync())).ToLowerInvariant());
    }
}
