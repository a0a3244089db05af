using Microsoft.Playwright;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A page with page.js in a real Chromium, one browser for all tests of a class.</summary>
public sealed class BrowserPage : IAsyncDisposable
{
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    private static string Executable => Environment.GetEnvironmentVariable("DAPARI_CHROMIUM") is { Length: > 0 } named ? named : "/usr/bin/chromium";

    public static Task<BrowserPage> StartAsync() => StartAsync(Executable, hides: false);

    /// <summary>In a network namespace.</summary>
    /// <param name="space">Its name.</param>
    /// <param name="folder">Where to put what starts it there.</param>
    /// <param name="hides">Whether it tells names of multicast DNS in place of its addresses, as browsers do.</param>
    public static Task<BrowserPage> StartInAsync(string space, string folder, bool hides = false)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Network namespaces are Linux's.");
        var script = Path.Combine(folder, "browser.sh");
        File.WriteAllText(script, $"#!/bin/sh\nexec ip netns exec {space} {Executable} \"$@\"\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return StartAsync(script, hides);
    }

    private static async Task<BrowserPage> StartAsync(string executable, bool hides)
    {
        var page = new BrowserPage { _playwright = await Playwright.CreateAsync() };
        page._browser = await page._playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = executable,
            Headless = true,
            Timeout = 180_000,
            // Loopback, so that no test depends on this machine's network; plain addresses where the test has no multicast DNS.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--allow-loopback-in-peer-connection", .. (hides ? (string[])[] : ["--disable-features=WebRtcHideLocalIpsWithMdns"])],
        });
        return page;
    }

    public async Task<IPage> OpenAsync()
    {
        var page = await _browser.NewPageAsync();
        page.SetDefaultTimeout(120_000);
        // A secure context, for the hashing.
        await page.RouteAsync("https://peer.test/**", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<!doctype html><title>peer</title>" }));
        await page.GotoAsync("https://peer.test/");
        await page.AddScriptTagAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "page.js") });
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
