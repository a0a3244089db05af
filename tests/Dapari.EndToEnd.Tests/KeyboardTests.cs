using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>Everything can be done without a pointer, and where the focus is can be seen.</summary>
public sealed class KeyboardTests(Theatre theatre) : Scene(theatre)
{
    private const int MostTabs = 60;

    // A ring that the eye finds: an outline, a shadow or a border that differs from the element's own when it has no focus.
    private const string HasRing = """
        () => {
          const seen = e => { const s = getComputedStyle(e); return `${s.outlineStyle} ${s.outlineWidth} ${s.boxShadow} ${s.borderColor} ${s.backgroundColor}`; };
          const e = document.activeElement;
          for (let at = e, i = 0; at && i < 3; at = at.parentElement, i++) {
            const focused = seen(at);
            e.blur();
            const plain = seen(at);
            e.focus({ focusVisible: true });
            if (focused !== plain) return true;
          }
          return false;
        }
        """;

    [Fact]
    public async Task From_the_first_start_to_a_read_message_by_keys_alone()
    {
        var alice = await ArriveAsync("Alice");
        await TypeIntoAsync(alice, alice.Page.GetByRole(AriaRole.Textbox, new() { Name = alice.Words.Start.NameLabel }), "Alice");
        await alice.Page.Keyboard.PressAsync("Enter");
        var field = alice.Page.GetByRole(AriaRole.Textbox, new() { Name = alice.Words.Invite.Link });
        await Expect(field).ToHaveValueAsync(new Regex("/i#."));
        var link = new Uri(await field.InputValueAsync());

        var bob = await ArriveAsync("Bob", path: link.PathAndQuery + link.Fragment);
        await bob.BeginAsync();
        await PressAsync(alice, alice.Page.GetByRole(AriaRole.Button, new() { Name = alice.Words.List.Accept, Exact = true }));
        await TypeIntoAsync(alice, alice.Composer, "typed with keys only");
        await alice.Page.Keyboard.PressAsync("Enter");
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("typed with keys only");
        await alice.SeesStepAsync("typed with keys only", Step.Read);

        await PressAsync(alice, alice.Badge("typed with keys only"));
        await Expect(alice.Page.GetByRole(AriaRole.Heading, new() { Name = alice.Words.Message.Title })).ToBeVisibleAsync();
        await alice.Page.Keyboard.PressAsync("Escape");
        await Expect(alice.Page.GetByRole(AriaRole.Heading, new() { Name = alice.Words.Message.Title })).ToBeHiddenAsync();
        await Expect(alice.Log).ToBeVisibleAsync();
    }

    private static async Task TypeIntoAsync(Person person, ILocator field, string text)
    {
        await FocusAsync(person, field);
        await person.Page.Keyboard.TypeAsync(text);
    }

    private static async Task PressAsync(Person person, ILocator target)
    {
        await FocusAsync(person, target);
        await person.Page.Keyboard.PressAsync("Enter");
    }

    private static async Task FocusAsync(Person person, ILocator target)
    {
        await Expect(target).ToBeVisibleAsync();
        for (var i = 0; i < MostTabs; i++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement"))
            {
                Assert.True(await person.Page.EvaluateAsync<bool>(HasRing), $"Nothing shows that the focus is on {target}.");
                return;
            }

            await person.Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"{MostTabs} tabs did not reach {target}.");
    }
}
