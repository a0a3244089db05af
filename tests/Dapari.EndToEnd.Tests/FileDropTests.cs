using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>Files that are dropped on a conversation, and pasted into it.</summary>
public sealed class FileDropTests(Theatre theatre) : FileScene(theatre)
{
    [Fact]
    public async Task What_is_dropped_and_pasted_is_shown_before_it_goes_and_arrives()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        await alice.Page.EvaluateAsync(Hold);
        // A system says it again and again while something is held over the page.
        await Waiting.UntilAsync(
            "the place to drop it is shown",
            async () =>
            {
                await alice.Page.EvaluateAsync("() => __held('dragover')");
                return await alice.Page.GetByText(alice.Words.File.DropHere("Bob")).IsVisibleAsync();
            },
            TimeSpan.FromSeconds(60));
        await alice.Page.EvaluateAsync("() => __held('drop')");
        await Expect(alice.Sheet.GetByText("dropped.txt")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(alice.Page.GetByText(alice.Words.File.DropHere("Bob"))).ToBeHiddenAsync();
        await alice.SendPickedAsync();
        await bob.SeesFilesWentAsync("dropped.txt", Route.Direct);

        await alice.Composer.FocusAsync();
        await alice.Page.EvaluateAsync("() => __pasted()");
        await Expect(alice.Sheet.GetByText("pasted.txt")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await alice.SendPickedAsync();
        await bob.SeesFilesWentAsync("pasted.txt", Route.Direct);
        var (_, bytes) = await bob.SaveByAsync(bob.Files("pasted.txt").GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = bob.Words.File.Save("pasted.txt"), Exact = true }));
        Assert.Equal("pasted words"u8.ToArray(), bytes);
    }

    // What the system would give: events with a transfer of files, on the conversation.
    private const string Hold =
        """
        () => {
          const place = document.querySelector('[role=log]');
          const dropped = new DataTransfer();
          dropped.items.add(new File(['dropped words'], 'dropped.txt', { type: 'text/plain' }));
          window.__held = kind => place.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: dropped }));
          const pasted = new DataTransfer();
          pasted.items.add(new File(['pasted words'], 'pasted.txt', { type: 'text/plain' }));
          window.__pasted = () => document.activeElement.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: pasted }));
        }
        """;
}
