using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>Takes the picture in the README, from the real app. Run when asked for by name: it checks nothing that other tests do not.</summary>
public sealed class PictureTests(Theatre theatre) : Scene(theatre)
{
    private const string Table = """
        <!DOCTYPE html>
        <style>
          body { margin: 0; width: 1400px; height: 830px; position: relative; background: #dfe6ec; }
          img { position: absolute; display: block; }
          .desk { left: 36px; width: 1010px; top: 84px; border-radius: 14px; box-shadow: 0 12px 40px #0b162033; }
          .hand { right: 36px; bottom: 30px; width: 316px; border-radius: 30px; border: 7px solid #10151b; box-shadow: 0 16px 44px #0b162066; }
        </style>
        <img class="desk" src="data:image/png;base64,DESK"><img class="hand" src="data:image/png;base64,HAND">
        """;

    [Fact(Explicit = true)]
    public async Task Two_people_and_beside_each_message_the_way_it_went()
    {
        var alice = await SettleAsync("Alice", new Look(Width: 1280, Height: 840));
        var link = new Uri(await alice.InviteAsync());
        var bob = await ArriveAsync("Bob", Look.Phone with { Scheme = ColorScheme.Dark }, path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await bob.WriteAsync("Hi Alice! Got your invite");
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await alice.SeesAsync("Hi Alice! Got your invite");
        await alice.SeesDirectPathAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesDirectPathAsync();
        await SayAsync(alice, bob, "That was quick. Can you hear me?");
        await SayAsync(bob, alice, "Loud and clear. The green line says it came straight from you.");
        await SayAsync(alice, bob, "No server in between. Are we still on for Saturday?");
        await bob.LeaveAsync();
        await alice.WriteAsync("The train leaves at 8:40, platform 3. I’ll bring the map.");
        await alice.SeesStepAsync("The train leaves at 8:40, platform 3. I’ll bring the map.", Step.OnServer, 20);
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("The train leaves at 8:40, platform 3. I’ll bring the map.");
        await bob.SeesDirectPathAsync(40);
        await alice.SeesDirectPathAsync(40);
        await SayAsync(bob, alice, "I was in the tunnel: the server kept it for me. I’ll bring the sandwiches.");
        await alice.OpenDetailsAsync("The train leaves at 8:40, platform 3. I’ll bring the map.");
        await Expect(alice.Page.GetByText(alice.Words.Message.LayFor)).ToBeVisibleAsync();

        if (await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Common.Close, Exact = true }).IsVisibleAsync())
            await alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.Common.Close, Exact = true }).ClickAsync();
        var desk = Convert.ToBase64String(await alice.Page.ScreenshotAsync());
        var hand = Convert.ToBase64String(await bob.Page.ScreenshotAsync());
        var table = await Stage.Browser.NewPageAsync(new() { ViewportSize = new() { Width = 1400, Height = 830 } });
        await table.SetContentAsync(Table.Replace("DESK", desk, StringComparison.Ordinal).Replace("HAND", hand, StringComparison.Ordinal));
        await table.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "docs", "picture.png") });
        await table.CloseAsync();
    }

    private static async Task SayAsync(Person from, Person to, string text)
    {
        await from.WriteAsync(text);
        await to.SeesAsync(text);
        await from.SeesWayAsync(text, Route.Direct);
    }
}
