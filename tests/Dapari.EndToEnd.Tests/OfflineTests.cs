using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>Without a server or network the app opens, shows everything and takes messages.</summary>
public sealed class OfflineTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task The_app_starts_and_takes_messages_while_the_server_is_down()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await alice.WriteAsync("while all is well");
        await alice.SeesStepAsync("while all is well", Step.Read);
        await alice.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
        await alice.LeaveAsync();
        await bob.LeaveAsync();
        await server.KillAsync();

        await alice.ReturnAsync();
        await alice.OpenAsync("Bob");
        await alice.SeesAsync("while all is well");
        await Expect(alice.Page.GetByText(alice.Words.Chat.ServerAway).First).ToBeVisibleAsync();
        await alice.WriteAsync("written offline");
        await alice.SeesStepAsync("written offline", Step.Queued);
        await alice.ReloadAsync();
        await alice.SeesStepAsync("written offline", Step.Queued);

        await server.StartAgainAsync();
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("written offline", seconds: 60);
        await alice.SeesStepAsync("written offline", Step.Read);
    }
}
