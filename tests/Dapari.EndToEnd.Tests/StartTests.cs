using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>The first visit over a network that fails in the middle of it.</summary>
public sealed class StartTests(Theatre theatre) : Scene(theatre)
{
    private const string Part = "**/_framework/Google.Protobuf.*.wasm";

    // Nothing of the app, from its server.
    private const string Elsewhere = "/icons/icon.svg";

    /// <inheritdoc/>
    // The loader lets what it did not get escape.
    protected override bool JudgesPages => false;

    [Fact]
    public async Task Who_changes_networks_while_the_app_loads_gets_it_and_their_invite_all_the_same()
    {
        var alice = await SettleAsync("Alice");
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("Bob", path: Elsewhere);
        // However often the loader asks of itself: two whole loads get nothing.
        var loads = 0;
        var refused = 0;
        bob.Context.Request += (_, request) => loads += request.IsNavigationRequest ? 1 : 0;
        await bob.Context.RouteAsync(Part, route =>
        {
            if (loads > 2) return route.ContinueAsync();
            refused++;
            return route.AbortAsync("connectionaborted");
        });
        await bob.ReturnAsync(link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await alice.AcceptAsync("Bob");
        await bob.WriteAsync("here I am");
        await alice.OpenAsync("Bob");
        await alice.SeesAsync("here I am");
        Assert.True(loads > 2 && refused > 1, $"{refused} refused in {loads} loads");
    }

    [Fact]
    public async Task Who_cannot_load_the_app_is_told_so_and_may_try_again()
    {
        var alice = await ArriveAsync("Alice", path: Elsewhere);
        var isDown = true;
        await alice.Context.RouteAsync(Part, route => isDown ? route.AbortAsync("connectionaborted") : route.ContinueAsync());
        await alice.ReturnAsync();
        await Expect(alice.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert).Filter(new() { HasText = "Dapari could not start." })).ToBeVisibleAsync();
        isDown = false;
        await alice.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await alice.BeginAsync();
    }
}
