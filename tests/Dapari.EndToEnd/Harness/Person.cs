using System.Collections.Concurrent;
using Dapari.Web.Text;
using Dapari.Wire.V1;
using Microsoft.Playwright;

namespace Dapari.EndToEnd;

/// <summary>Somebody with a browser of their own, who finds things by their roles and words, as everybody does.</summary>
public sealed partial class Person : IAsyncDisposable
{
    private static readonly Lazy<string> Watch = new(() => Script("watch.js"));
    private static readonly Lazy<string> Ears = new(() => Script("ears.js"));

    // A snapshot of the page before and after each step costs more than the steps: taken where somebody looks for a fault, and at a second try.
    private static readonly bool Traces = Environment.GetEnvironmentVariable("DAPARI_TRACE") == "1";

    private readonly ConcurrentQueue<string> console = new();
    private readonly ConcurrentQueue<ClientFrame> sent = new();

    private readonly bool ownsContext;

    private Person(string name, string origin, IBrowserContext context, IPage page, Look look, bool ownsContext)
    {
        Name = name;
        Origin = origin;
        Context = context;
        Page = page;
        Look = look;
        this.ownsContext = ownsContext;
    }

    /// <summary>What they call themselves.</summary>
    public string Name { get; }

    /// <summary>Their server.</summary>
    public string Origin { get; }

    /// <summary>Their browser: storage and tabs.</summary>
    public IBrowserContext Context { get; }

    /// <summary>The tab in front of them.</summary>
    public IPage Page { get; private set; }

    /// <summary>Their screen and language.</summary>
    public Look Look { get; }

    /// <summary>The words on their screen.</summary>
    public Texts Words => Texts.Of(Look.Language);

    /// <summary>What the console said so far, all tabs.</summary>
    public IReadOnlyCollection<string> Console => console;

    /// <summary>Every frame that left for a server so far, all tabs.</summary>
    public IReadOnlyCollection<ClientFrame> Sent => sent;

    /// <summary>Opens a browser for somebody; they have not begun yet.</summary>
    /// <param name="path">What they open first: the start, or an invite.</param>
    public static async Task<Person> ArriveAsync(IBrowser browser, string name, string origin, Look? look = null, string path = "/")
    {
        look ??= Look.Desktop;
        var context = await browser.NewContextAsync(new()
        {
            Locale = look.Language == "it" ? "it-IT" : "en-GB",
            TimezoneId = "Europe/Rome",
            ViewportSize = new() { Width = look.Width, Height = look.Height },
            ColorScheme = look.Scheme,
            ReducedMotion = ReducedMotion.Reduce,
            HasTouch = look.Width < 600,
        });
        if (Traces) await context.Tracing.StartAsync(new() { Snapshots = true });
        await context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"], new() { Origin = origin });
        return await EnterAsync(context, name, origin, look, path, ownsContext: true);
    }

    /// <summary>Opens a tab for somebody in a browser that several people share, each with a profile.</summary>
    public static Task<Person> JoinAsync(IBrowserContext context, string name, string origin, Look look, string profile) =>
        EnterAsync(context, name, origin, look, "/?profile=" + profile, ownsContext: false);

    private static async Task<Person> EnterAsync(IBrowserContext context, string name, string origin, Look look, string path, bool ownsContext)
    {
        context.SetDefaultTimeout((float)Waiting.Patience.TotalMilliseconds);
        await context.AddInitScriptAsync(Watch.Value);
        await context.AddInitScriptAsync(Ears.Value);
        var person = new Person(name, origin, context, null!, look, ownsContext);
        person.Page = await person.OpenTabAsync(path);
        return person;
    }

    private static string Script(string name)
    {
        using var reader = new StreamReader(typeof(Person).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    /// <summary>Opens a further tab; it is not yet the one in front.</summary>
    public async Task<IPage> OpenTabAsync(string path = "/")
    {
        var page = await Context.NewPageAsync();
        page.Console += (_, message) => console.Enqueue($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => console.Enqueue($"uncaught: {error}");
        page.WebSocket += (_, socket) => socket.FrameSent += (_, frame) => sent.Enqueue(ClientFrame.Parser.ParseFrom(frame.Binary ?? []));
        await page.GotoAsync(Origin + path);
        return page;
    }

    /// <summary>Puts another of their tabs in front.</summary>
    public void TurnTo(IPage page) => Page = page;

    /// <summary>Closes the tab in front: they are away, what they keep stays.</summary>
    public Task LeaveAsync() => Page.CloseAsync();

    /// <summary>Comes back in a new tab.</summary>
    public async Task ReturnAsync(string path = "/") => Page = await OpenTabAsync(path);

    /// <summary>Loads the page anew.</summary>
    public Task ReloadAsync() => Page.ReloadAsync();

    /// <summary>Counts of what <c>watch.js</c> saw in the tab in front since it was loaded.</summary>
    public Task<int> CountAsync(string what) => Page.EvaluateAsync<int>($"() => __watched.{what}");

    /// <summary>The network of this tab swallows everything that goes directly, silently; or no longer.</summary>
    public Task SwallowDirectAsync(bool swallow) => Page.EvaluateAsync("deaf => { __watched.deaf = deaf; }", swallow);

    /// <summary>Ends every peer connection of this tab from below, as a vanishing network interface does.</summary>
    public Task BreakDirectAsync() => Page.EvaluateAsync("() => { for (const pc of [...__watched.open]) RTCPeerConnection.prototype.close.call(pc); }");

    /// <summary>Writes what happened in their browser, for Playwright's trace viewer; nothing unless DAPARI_TRACE is 1.</summary>
    public Task KeepTraceAsync(string file) => Traces && ownsContext ? Context.Tracing.StopAsync(new() { Path = file }) : Task.CompletedTask;

    /// <summary>How many envelopes left for a mailbox so far.</summary>
    public int Posts => sent.Count(frame => frame.KindCase == ClientFrame.KindOneofCase.Post);

    // In milliseconds: never less than what is awaited may take anyway.
    private static float Limit(float seconds) => Math.Max(seconds * 1000, (float)Waiting.Patience.TotalMilliseconds);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (ownsContext) await Context.CloseAsync();
    }
}
