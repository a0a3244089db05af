using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>One person, several tabs, one set of keys.</summary>
public sealed class TabTests(Theatre theatre) : Scene(theatre)
{
    private const int Each = 500;

    // Presses the app's own keys as fast as it takes them, on the page itself: two tabs at once, each in its own process.
    private const string WriteMany = """
        async ([prefix, count]) => {
          const area = document.querySelector('textarea');
          for (let i = 0; i < count; i++) {
            area.value = `${prefix} ${i}`;
            area.dispatchEvent(new Event('input', { bubbles: true }));
            area.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true }));
            await new Promise((resolve, reject) => {
              const deadline = setTimeout(() => reject(new Error(`The composer still holds ${area.value}`)), 60000);
              const look = () => { if (area.value === '') { clearTimeout(deadline); resolve(); } else setTimeout(look, 1); };
              look();
            });
          }
        }
        """;

    [Fact]
    public async Task Two_tabs_sending_five_hundred_each_lose_repeat_and_reorder_nothing()
    {
        var (alice, bob) = await MeetAsync();
        var conversation = new Uri(alice.Page.Url).AbsolutePath;
        var second = await alice.OpenTabAsync(conversation);
        await Expect(second.GetByRole(AriaRole.Log)).ToBeVisibleAsync();

        await Task.WhenAll(
            alice.Page.EvaluateAsync(WriteMany, new object[] { "left", Each }),
            second.EvaluateAsync(WriteMany, new object[] { "right", Each }));

        var texts = await bob.ReadWholeConversationAsync(2 * Each, TimeSpan.FromSeconds(300));
        Assert.Equal(2 * Each, texts.Count(text => text.StartsWith("left ", StringComparison.Ordinal) || text.StartsWith("right ", StringComparison.Ordinal)));
        foreach (var tab in (string[])["left", "right"])
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{tab} {i}"), texts.Where(text => text.StartsWith(tab + " ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_second_tab_shows_and_sends_through_the_first_and_takes_over_when_it_closes()
    {
        var (alice, bob) = await MeetAsync();
        var first = alice.Page;
        alice.TurnTo(await alice.OpenTabAsync(new Uri(first.Url).AbsolutePath));
        await alice.WriteAsync("from the second tab");
        await bob.SeesAsync("from the second tab");
        await alice.SeesStepAsync("from the second tab", Step.Read);
        await bob.WriteAsync("to both tabs");
        await alice.SeesAsync("to both tabs");

        await first.CloseAsync();
        await alice.WriteAsync("the first is gone");
        await bob.SeesAsync("the first is gone", seconds: 60);
        await bob.WriteAsync("and you are still here");
        await alice.SeesAsync("and you are still here");
        await alice.SeesStepAsync("the first is gone", Step.Read);
    }
}
