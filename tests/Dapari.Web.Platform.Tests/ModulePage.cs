using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Playwright;
using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>A Chromium and the modules on a loopback origin, for all tests of a class.</summary>
public class ModulePage : IAsyncLifetime
{
    private const int PortTries = 20;

    // In milliseconds. A busy machine of two cores is slow.
    private const float StartLimit = 180_000;

    private HttpListener _listener = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string _origin = "";

    /// <summary>What the browser is started with besides.</summary>
    protected virtual IEnumerable<string> Flags => [];

    public async ValueTask InitializeAsync()
    {
        Listen();
        _ = ServeAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("DAPARI_CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", .. Flags],
            Timeout = StartLimit,
        });
    }

    /// <summary>Runs an async function's body in a fresh page (empty storage) and gives what it returns.</summary>
    public async Task<T> RunAsync<T>(string body)
    {
        await using var context = await _browser!.NewContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(_origin, new() { Timeout = StartLimit });
        return await page.EvaluateAsync<T>("async () => {" + body + "}");
    }

    /// <summary>Answers what is no module; false: it is none of its own.</summary>
    protected virtual Task<bool> ServeAsync(HttpListenerContext context) => Task.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        _listener.Close();
        GC.SuppressFinalize(this);
    }

    // The listener takes no port 0, and between the choice of a port and its use somebody else may take it.
    private void Listen()
    {
        for (var tried = 1; ; tried++)
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                _origin = $"http://localhost:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            }

            _listener.Prefixes.Add(_origin);
            try
            {
                _listener.Start();
                return;
            }
            catch (HttpListenerException) when (tried < PortTries)
            {
                _listener = new HttpListener();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            if (await ServeAsync(context))
            {
                context.Response.Close();
                return;
            }

            var name = Path.GetFileName(context.Request.Url!.AbsolutePath);
            var file = Path.Combine(AppContext.BaseDirectory, "js", name);
            var found = name.Length > 0 && File.Exists(file);
            context.Response.ContentType = found ? "text/javascript" : "text/html";
            var body = found ? await File.ReadAllBytesAsync(file) : Encoding.UTF8.GetBytes("<!DOCTYPE html><title>modules</title>");
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
        catch (HttpListenerException)
        {
            // The page went.
        }
    }
}

/// <summary>The same, with invented devices: a camera that moves, a microphone that beeps, a screen that is shown without asking.</summary>
public sealed class CallPage : ModulePage
{
    protected override IEnumerable<string> Flags =>
    [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--auto-select-desktop-capture-source=Entire screen",
        "--disable-features=WebRtcHideLocalIpsWithMdns", "--autoplay-policy=no-user-gesture-required",
    ];
}
