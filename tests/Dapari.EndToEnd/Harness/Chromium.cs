using System.Net.NetworkInformation;
using Microsoft.Playwright;

namespace Dapari.EndToEnd;

/// <summary>Starts the browser.</summary>
public static class Chromium
{
    /// <summary>
    /// Host candidates carry plain addresses: Chromium's .local names are resolved by multicast DNS, which containers do not carry.
    /// Everything else about direct paths is as people have it.
    /// </summary>
    private const string PlainHostCandidates = BarePages + ",WebRtcHideLocalIpsWithMdns";

    /// <summary>
    /// Chromium draws parts of its own window (a reload button, the address bar's list) as pages in a process for each window. Nobody sees them here, and they took a tenth of all
    /// processor time. A second --disable-features would take the place of this one.
    /// </summary>
    private const string BarePages =
        "--disable-features=WebUIReloadButton,InitialWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,TabstripComboButton,SidePanelPinning,PreloadTopChromeWebUI,WebUITabStrip";

    /// <summary>On a machine without any network Chromium's WebRTC has no address of its own unless it is told that loopback counts.</summary>
    private static readonly string[] OneMachine = HasNetwork() ? [PlainHostCandidates] : [PlainHostCandidates, "--allow-loopback-in-peer-connection"];

    // In milliseconds. On a busy machine of two cores a browser takes long to start.
    private const float StartLimit = 180_000;

    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    /// <summary>The browser named by DAPARI_CHROMIUM, or the system's.</summary>
    public static string Executable
    {
        get
        {
            var named = Environment.GetEnvironmentVariable("DAPARI_CHROMIUM");
            return string.IsNullOrEmpty(named) ? "/usr/bin/chromium" : named;
        }
    }

    /// <summary>A browser whose contexts keep everything in memory.</summary>
    public static Task<IBrowser> StartAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine], Headless = true, Timeout = StartLimit });

    /// <summary>A browser with a profile on disk, as people have it: what it keeps is kept there, not in memory.</summary>
    public static Task<IBrowserContext> StartWithProfileAsync(IPlaywright playwright, string folder) =>
        playwright.Chromium.LaunchPersistentContextAsync(folder, new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine], Headless = true });

    /// <summary>The same, but hiding local addresses behind multicast DNS names, as browsers do by themselves.</summary>
    public static Task<IBrowser> StartWithLocalNamesAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = [.. Flags, BarePages], Headless = true, Timeout = StartLimit });

    /// <summary>A browser whose camera shows what a Y4M file holds, read anew at each start of the camera.</summary>
    public static Task<IBrowser> StartWithCameraAsync(IPlaywright playwright, string file) => playwright.Chromium.LaunchAsync(new()
    {
        ExecutablePath = Executable,
        Args = [.. Flags, .. OneMachine, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--use-file-for-fake-video-capture=" + file],
        Headless = true,
        Timeout = StartLimit,
    });

    /// <summary>The first one, but taking every certificate: for a server whose authority nobody installed.</summary>
    public static Task<IBrowser> StartTrustingAllAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(
        new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine, "--ignore-certificate-errors"], Headless = true, Timeout = StartLimit });

    /// <summary>The first one, but taking certificates of one key, named by the hash of it (RFC 7469 §2.4).</summary>
    public static Task<IBrowser> StartTrustingAsync(IPlaywright playwright, string key) => playwright.Chromium.LaunchAsync(
        new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine, "--ignore-certificate-errors-spki-list=" + key], Headless = true, Timeout = StartLimit });

    /// <summary>A browser whose microphone hears <see cref="Tone"/>, whose camera sees a moving picture, and which shows a screen without asking.</summary>
    public static Task<IBrowser> StartForCallsAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine, .. CallFlags], Headless = true, Timeout = StartLimit });

    /// <summary>The same inside a home of a lab. There a page has no certificate: the browser is told to treat the server's origin as secure.</summary>
    public static Task<IBrowser> StartInAsync(IPlaywright playwright, NatLab lab, string place, string origin) =>
        playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = lab.Wrapper(place, Executable),
            Args = [.. Flags, PlainHostCandidates, .. CallFlags, $"--unsafely-treat-insecure-origin-as-secure={origin}"],
            Headless = true,
            Timeout = StartLimit,
        });

    /// <summary>A browser inside a place of a lab, with a profile on disk: what it keeps is kept there, not in memory.</summary>
    public static Task<IBrowserContext> StartKeepingInAsync(IPlaywright playwright, NatLab lab, string place, string origin, string folder) =>
        playwright.Chromium.LaunchPersistentContextAsync(folder, new()
        {
            ExecutablePath = lab.Wrapper(place, Executable),
            Args = [.. Flags, PlainHostCandidates, $"--unsafely-treat-insecure-origin-as-secure={origin}"],
            Headless = true,
            Timeout = StartLimit,
        });

    /// <summary>What a browser for calls is started with besides. Of the three cameras the second is one for depth, which WebRTC does not send.</summary>
    public static IReadOnlyList<string> CallFlags =>
    [
        "--use-fake-device-for-media-stream=device-count=3", "--use-fake-ui-for-media-stream", $"--use-file-for-fake-audio-capture={Tone.WaveFile}",
        "--auto-select-desktop-capture-source=Entire screen", "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    ];

    /// <summary>A browser with one context that keeps everything in a folder, as people's browsers do.</summary>
    /// <param name="playwright">What drives it.</param>
    /// <param name="folder">Its profile.</param>
    /// <param name="trustsAll">It takes every certificate.</param>
    public static Task<IBrowserContext> StartKeepingAsync(IPlaywright playwright, string folder, bool trustsAll = false) => playwright.Chromium.LaunchPersistentContextAsync(
        folder, new() { ExecutablePath = Executable, Args = [.. Flags, .. OneMachine, .. trustsAll ? ["--ignore-certificate-errors"] : Array.Empty<string>()], Headless = true, Timeout = StartLimit });

    private static bool HasNetwork() =>
        NetworkInterface.GetAllNetworkInterfaces().Any(one => one is { OperationalStatus: OperationalStatus.Up, NetworkInterfaceType: not NetworkInterfaceType.Loopback });
}
