using System.Text.RegularExpressions;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>A newer server takes the place of an older one while people are connected, and brings a newer app.</summary>
public sealed partial class UpgradeTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task Who_is_connected_while_the_server_is_upgraded_talks_on_without_loading_anew_and_is_offered_the_newer_app()
    {
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await alice.GoAsync("/settings");
        await alice.ChooseAsync(alice.Words.Contact.ServerOnly); // What goes directly needs no server.
        await alice.OpenAsync("Bob");
        await bob.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
        await bob.LeaveAsync();
        for (var i = 0; i < 3; i++) await alice.WriteAsync($"before {i}");
        await alice.SeesStepAsync("before 2", Step.OnServer);

        // The data folder of the oldest version that there is a way back to; then this one's server starts on it.
        await server.StopAsync();
        await server.AdminAsync("downgrade", "2");
        await server.StartAgainAsync();
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        for (var i = 0; i < 3; i++) await bob.SeesAsync($"before {i}");
        await alice.SeesStepAsync("before 2", Step.Read);

        // Once more with both connected, and with a newer app.
        foreach (var person in (Person[])[alice, bob])
        {
            await person.Page.EvaluateAsync("async () => { window.__same = true; await navigator.serviceWorker.ready; }");
            await Waiting.UntilAsync("the worker has the page", () => person.Page.EvaluateAsync<bool>("() => !!navigator.serviceWorker.controller"), TimeSpan.FromSeconds(120), () => "");
        }

        await server.StopAsync();
        await server.AdminAsync("downgrade", "2");
        await alice.WriteAsync("while it is down, says Alice");
        await bob.WriteAsync("while it is down, says Bob");
        await server.StartAgainAsync("--web", NewerApp());
        await bob.SeesAsync("while it is down, says Alice");
        await alice.SeesAsync("while it is down, says Bob");
        await alice.SeesStepAsync("while it is down, says Alice", Step.Read);

        // As a page does by itself every hour.
        await bob.Page.EvaluateAsync("async () => (await navigator.serviceWorker.getRegistration()).update()");
        await Expect(bob.Page.GetByText(bob.Words.Common.UpdateReady)).ToBeVisibleAsync();
        foreach (var person in (Person[])[alice, bob]) Assert.True(await person.Page.EvaluateAsync<bool>("() => window.__same === true"), $"{person.Name}'s page was loaded anew unasked.");
        await bob.WriteAsync("the old app still writes");
        await alice.SeesAsync("the old app still writes");

        await bob.Page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = bob.Words.Common.UpdateNow }).ClickAsync();
        await Waiting.UntilAsync("the newer app has started", IsNewerAsync, TimeSpan.FromSeconds(120), () => "");
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("the old app still writes");
        await bob.WriteAsync("the new app writes too");
        await alice.SeesAsync("the new app writes too");
        foreach (var person in (Person[])[alice, bob])
        {
            foreach (var text in (string[])["before 0", "before 1", "before 2", "while it is down, says Alice", "while it is down, says Bob", "the old app still writes", "the new app writes too"])
                await Expect(person.Log.GetByText(text, new() { Exact = true })).ToHaveCountAsync(1);
        }

        async Task<bool> IsNewerAsync()
        {
            try
            {
                return await bob.Page.EvaluateAsync<bool>("async () => window.__same !== true && (await caches.keys()).includes('dapari-newer')");
            }
            catch (Microsoft.Playwright.PlaywrightException)
            {
                return false; // It is being loaded just now.
            }
        }
    }

    /// <summary>The app as its next version would be published: the same files under another version's name.</summary>
    private string NewerApp()
    {
        var folder = Keep(new Folder()).Path;
        foreach (var file in Directory.EnumerateFiles(Repository.App, "*", SearchOption.AllDirectories))
        {
            var copy = System.IO.Path.Combine(folder, System.IO.Path.GetRelativePath(Repository.App, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var list = System.IO.Path.Combine(folder, "service-worker-assets.js");
        File.WriteAllText(list, Version().Replace(File.ReadAllText(list), "\"version\": \"newer\"", 1));
        File.Delete(list + ".br");
        File.Delete(list + ".gz");
        return folder;
    }

    [GeneratedRegex("\"version\": \"[^\"]+\"")]
    private static partial Regex Version();

    private sealed class Folder : IAsyncDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("dapari-app-").FullName;

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Path, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
