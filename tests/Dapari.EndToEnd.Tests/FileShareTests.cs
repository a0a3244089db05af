using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>What the system's share sheet posts is taken by the service worker, not by the server, and waits until the person says to whom.</summary>
public sealed class FileShareTests(Theatre theatre) : Scene(theatre)
{
    [Fact]
    public async Task What_was_shared_is_proposed_once_under_its_name()
    {
        var (alice, _) = await MeetAsync();
        await alice.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
        await alice.Page.ReloadAsync();
        await alice.Page.WaitForFunctionAsync("() => !!navigator.serviceWorker.controller");
        // As the browser posts what the sheet gives: a navigation with the form of the manifest's share_target.
        var answer = await alice.Page.EvaluateAsync<string>("""
            async () => {
              const form = new FormData();
              form.append('files', new File(['shared words'], 'nòte.txt', { type: 'text/plain' }));
              const answer = await fetch('/share', { method: 'POST', body: form, redirect: 'manual' });
              return answer.type;
            }
            """);
        Assert.Equal("opaqueredirect", answer);
        await alice.Page.GotoAsync(new Uri(new Uri(alice.Page.Url), "/?shared").ToString());
        await Expect(alice.Page.Locator("#sheet").GetByText("nòte.txt")).ToBeVisibleAsync();
        Assert.DoesNotContain("shared", alice.Page.Url, StringComparison.Ordinal);
        Assert.False(await alice.Page.EvaluateAsync<bool>("() => caches.has('shared-files')"));
    }
}
