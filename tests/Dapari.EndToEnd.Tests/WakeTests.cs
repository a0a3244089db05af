using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Dapari.PushStandIn;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using Step = Dapari.EndToEnd.Person.Step;

namespace Dapari.EndToEnd.Tests;

/// <summary>
/// A closed app is woken. The push service is a stand-in, for browser makers' own are not to be had in a test: it takes the server's message as they do, checks who sends it and what is sealed in
/// it, and hands it to Chromium through DevTools, where the browser maker's connection would have. The page's subscription, which Chromium would fetch from there, is the stand-in's too.
/// Everything between, the app, the server and the service worker, is what people have.
/// </summary>
public sealed class WakeTests(Theatre theatre) : Scene(theatre)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private const string StandIn = """
        facts => {
          const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), one => one.charCodeAt(0)).buffer;
          const make = key => ({
            endpoint: facts.endpoint,
            options: { userVisibleOnly: true, applicationServerKey: bytes(key) },
            getKey: name => bytes(name === 'auth' ? facts.secret : facts.key),
            unsubscribe: async () => { localStorage.removeItem('stand-in'); return true; },
          });
          PushManager.prototype.getSubscription = async () => localStorage.getItem('stand-in') ? make(localStorage.getItem('stand-in')) : null;
          PushManager.prototype.subscribe = async options => { localStorage.setItem('stand-in', options.applicationServerKey); return make(options.applicationServerKey); };
        }
        """;

    [Fact]
    public async Task A_closed_app_is_woken_by_what_says_nothing_and_an_open_one_is_not()
    {
        var service = Keep(new PushService());
        using var browser = new PushBrowser();
        using var trust = new TrustFile(service.Certificate);
        var server = Keep(await ServerProcess.StartAsync(new Dictionary<string, string> { ["SSL_CERT_FILE"] = trust.Path }, "--push-host", "localhost"));
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await bob.Context.GrantPermissionsAsync(["notifications"], new() { Origin = server.Origin });
        var endpoint = new Uri(service.Origin, "/devices/bob").AbsoluteUri;
        await bob.Context.AddInitScriptAsync($"({StandIn})({Facts(browser, endpoint)})");
        await bob.ReloadAsync();
        await bob.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
        await bob.Page.GotoAsync(server.Origin + "/settings");
        var wake = bob.Page.GetByRole(AriaRole.Switch, new() { Name = bob.Words.Settings.Wake });
        await Expect(wake).ToBeEnabledAsync();
        await Expect(wake).Not.ToBeCheckedAsync();
        await wake.ClickAsync();
        await Expect(wake).ToBeCheckedAsync();
        await Expect(wake).ToBeEnabledAsync();
        await bob.Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Screenshots, "40-wake.png"), FullPage = true });

        // While it is open nobody is woken, however much comes.
        await alice.WriteAsync("you are there");
        await alice.SeesStepAsync("you are there", Step.Delivered);
        Assert.False(service.TryTake(out _));

        await bob.LeaveAsync();
        Assert.Empty(bob.Context.Pages);
        await alice.WriteAsync("are you there?");
        var push = await service.NextAsync(Limit, TestContext.Current.CancellationToken);
        Assert.Equal("/devices/bob", push.Path);
        var claims = PushBrowser.CheckSender(push.Headers["authorization"], await SubscribedWithAsync(bob));
        Assert.Equal(service.Origin.GetLeftPart(UriPartial.Authority), claims.GetProperty("aud").GetString());
        var content = browser.Open(push.Body);
        Assert.Equal([1], content);

        var shown = await DeliverAsync(bob, content);
        Assert.Equal([$"Dapari: {bob.Words.Settings.WakeBody}"], shown);
        await bob.ReturnAsync();
        await bob.OpenAsync("Alice");
        await bob.SeesAsync("are you there?");
        await Waiting.UntilAsync("the notification is gone when the app is open", async () => (await ShownAsync(bob.Page)).Length == 0, Limit, () => "");
    }

    private static string Facts(PushBrowser browser, string endpoint)
    {
        var subscription = browser.Subscribe(endpoint);
        return JsonSerializer.Serialize(new { endpoint, key = Base64Url.EncodeToString(subscription.Key.Span), secret = Base64Url.EncodeToString(subscription.Secret.Span) });
    }

    private static async Task<byte[]> SubscribedWithAsync(Person person)
    {
        var page = await person.Context.NewPageAsync();
        await page.GotoAsync(person.Origin + "/healthz");
        var key = await page.EvaluateAsync<string>("() => localStorage.getItem('stand-in')");
        await page.CloseAsync();
        return Base64Url.DecodeFromChars(key);
    }

    /// <summary>As the browser maker's connection would: to the service worker, with no page of the app open. What is shown then.</summary>
    private static async Task<string[]> DeliverAsync(Person person, byte[] content)
    {
        var elsewhere = await person.Context.NewPageAsync(); // about:blank: DevTools needs some page to speak through.
        var tools = await person.Context.NewCDPSessionAsync(elsewhere);
        var registration = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        tools.Event("ServiceWorker.workerRegistrationUpdated").OnEvent += (_, told) =>
        {
            foreach (var one in told!.Value.GetProperty("registrations").EnumerateArray())
            {
                if (!one.GetProperty("isDeleted").GetBoolean() && one.GetProperty("scopeURL").GetString() == person.Origin + "/")
                    registration.TrySetResult(one.GetProperty("registrationId").GetString()!);
            }
        };
        await tools.SendAsync("ServiceWorker.enable");
        var id = await registration.Task.WaitAsync(Limit);
        await tools.SendAsync("ServiceWorker.deliverPushMessage", new Dictionary<string, object> { ["origin"] = person.Origin, ["registrationId"] = id, ["data"] = Encoding.Latin1.GetString(content) });
        // A page of the same origin that is not the app, opened afterwards: whoever looks must not have been there before.
        string[] shown = [];
        var page = await person.Context.NewPageAsync();
        await page.GotoAsync(person.Origin + "/healthz");
        await Waiting.UntilAsync("a notification is shown", async () => (shown = await ShownAsync(page)).Length > 0, Limit, () => "");
        await page.CloseAsync();
        await elsewhere.CloseAsync();
        return shown;
    }

    private static Task<string[]> ShownAsync(IPage page) => page.EvaluateAsync<string[]>(
        "async () => (await (await navigator.serviceWorker.getRegistration('/')).getNotifications({ tag: 'wake' })).map(one => one.title + ': ' + one.body)");

    /// <summary>Whom a server process trusts, besides nobody.</summary>
    private sealed class TrustFile : IDisposable
    {
        public TrustFile(string certificate) => File.WriteAllText(Path, certificate);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
