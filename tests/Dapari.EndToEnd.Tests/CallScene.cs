using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A browser whose devices are known: the tone, the moving picture, the screen.</summary>
public sealed class Booth : IAsyncLifetime
{
    private IPlaywright? playwright;

    /// <summary>The browser.</summary>
    public IBrowser Browser { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        playwright = await Playwright.CreateAsync();
        Browser = await Chromium.StartForCallsAsync(playwright);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Browser.CloseAsync();
        playwright?.Dispose();
    }
}

/// <summary>People who call each other. They let themselves be reached directly, unless a test says otherwise.</summary>
public abstract class CallScene(Theatre theatre, Booth booth) : Scene(theatre)
{
    /// <summary>The browser for calls.</summary>
    protected IBrowser Booth => booth.Browser;

    /// <summary>Alice and Bob, in contact, with microphones that may be used.</summary>
    /// <param name="way">The words of the way for calls that both choose; null: as the rule has it.</param>
    /// <param name="look">Their screens.</param>
    /// <param name="origin">Their server.</param>
    protected async Task<(Person Alice, Person Bob)> MeetToCallAsync(Func<Person, string>? way = null, Look? look = null, string? origin = null)
    {
        var (alice, bob) = await MeetAsync(look, origin, Booth);
        foreach (var (person, other) in ((Person, Person)[])[(alice, bob), (bob, alice)])
        {
            await person.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = person.Origin });
            if (way is null) continue;
            await person.OpenContactAsync();
            await person.ChooseAsync(person.Words.Call.PolicyTitle, way(person));
            await person.OpenAsync(other.Name);
        }

        return (alice, bob);
    }

    /// <summary>Both may be reached directly.</summary>
    protected static string Automatic(Person person) => person.Words.Contact.Automatic;

    /// <summary>Alice calls, Bob answers, both hear each other.</summary>
    protected static async Task TalkAsync(Person alice, Person bob, bool video = false)
    {
        await alice.CallAsync(bob.Name, video);
        await bob.SeesRingAsync(alice.Name);
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
    }

    /// <summary>The call is over on a screen, and its conversation is open again.</summary>
    protected static async Task SeesEndAsync(Person person, string words)
    {
        await Expect(person.LastEntry).ToContainTextAsync(words);
        await Expect(person.CallScreen).ToBeHiddenAsync();
    }
}
