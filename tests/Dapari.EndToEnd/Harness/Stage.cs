using Microsoft.Playwright;

namespace Dapari.EndToEnd;

/// <summary>One browser and one server, shared by all who play on it.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly IPlaywright playwright;

    private Stage(IPlaywright playwright, IBrowser browser, ServerProcess server)
    {
        this.playwright = playwright;
        Browser = browser;
        Server = server;
    }

    /// <summary>The browser; each person has a context of their own in it.</summary>
    public IBrowser Browser { get; }

    /// <summary>A server that nobody stops.</summary>
    public ServerProcess Server { get; }

    /// <summary>Starts both.</summary>
    public static async Task<Stage> OpenAsync()
    {
        // A hundred people from one address within minutes: what rates are there to stop.
        var server = ServerProcess.StartAsync("--rate", "all=off");
        var playwright = await Playwright.CreateAsync();
        var browser = await Chromium.StartAsync(playwright);
        return new Stage(playwright, browser, await server);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Browser.CloseAsync();
        playwright.Dispose();
        await Server.DisposeAsync();
    }
}
