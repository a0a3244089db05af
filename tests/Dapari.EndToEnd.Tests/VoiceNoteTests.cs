using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Voice notes are recorded, thrown away, sent and played.</summary>
public sealed class VoiceNoteTests(Theatre theatre, Booth booth) : Scene(theatre), IClassFixture<Booth>
{
    [Fact]
    public async Task A_voice_note_is_thrown_away_or_sent_and_then_played()
    {
        var (alice, bob) = await MeetAsync(browser: booth.Browser);
        await alice.SeesDirectPathAsync(60);
        var record = alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.File.Record, Exact = true });
        var send = alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.File.SendVoice, Exact = true });
        await record.ClickAsync();
        await Expect(send).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(record).ToBeVisibleAsync();

        await record.ClickAsync();
        await Expect(alice.Page.GetByRole(AriaRole.Timer)).ToHaveTextAsync(new Regex("00:0[2-9]|00:[1-5][0-9]"), new() { Timeout = 60_000 });
        await send.ClickAsync();
        var note = bob.Log.Locator(".bubble.files .voice");
        await Expect(note).ToHaveCountAsync(1, new() { Timeout = 120_000 });
        await Expect(alice.Log.Locator(".bubble.files .voice")).ToHaveCountAsync(1, new() { Timeout = 60_000 });
        var play = note.GetByRole(AriaRole.Button, new() { Name = bob.Words.File.Play, Exact = true });
        await Expect(play).ToBeEnabledAsync(new() { Timeout = 120_000 });
        await play.ClickAsync();
        await Expect(note.Locator(".waveform .on").First).ToBeAttachedAsync(new() { Timeout = 60_000 });
    }
}
