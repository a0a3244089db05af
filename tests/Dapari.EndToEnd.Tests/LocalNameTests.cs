using Microsoft.Playwright;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>Browsers hide local addresses behind names that only the local network resolves.</summary>
public sealed class LocalNameTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task Two_who_cannot_resolve_each_others_local_names_or_can_still_get_every_message()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.StartWithLocalNamesAsync(playwright);
        var (alice, bob) = await MeetAsync(browser: browser);
        for (var i = 0; i < 5; i++)
        {
            await alice.WriteAsync($"there {i}");
            await bob.SeesAsync($"there {i}");
            await bob.WriteAsync($"back {i}");
            await alice.SeesAsync($"back {i}");
        }

        await alice.SeesStepAsync("there 4", Person.Step.Read);

        // The browser hid the addresses; nothing that the app sends beside them may tell what it hid.
        foreach (var person in (Person[])[alice, bob])
        {
            await Waiting.UntilAsync($"{person.Name} heard a candidate", async () => await person.CountAsync("heard.length") > 0, TimeSpan.FromSeconds(60));
            foreach (var candidate in await person.Page.EvaluateAsync<string[]>("() => [...__watched.found, ...__watched.heard]"))
            {
                // RFC 8839 §5.1: foundation, component, transport, priority, address, port, type; related addresses follow as raddr and rport.
                // What a relay lent or saw is no address of the local network; only host candidates are.
                var parts = candidate.Split(' ');
                if (parts[7] != "host") continue;
                Assert.EndsWith(".local", parts[4], StringComparison.Ordinal);
                Assert.DoesNotContain("raddr", parts);
            }
        }
    }
}
