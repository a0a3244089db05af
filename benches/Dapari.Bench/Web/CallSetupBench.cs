using Dapari.EndToEnd;
using Dapari.Wire.V1;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// From a tap to media, in Chromium with invented devices, two people in one browser on this machine. "Answer" counts from the tap on it until
/// sound has arrived at both ends; "ring" from the tap on "call" until it rings at the other. A change of way counts the longest silence in what
/// is heard. Glass to glass: a picture that carries its time, from the camera's place to the other's screen, in frames as they are shown.
/// </summary>
internal sealed class CallSetupBench : IBench
{
    // Notes when something is tapped, when it rings, and when the first sound of a call is decoded and not silent.
    private const string Note = """
        () => {
          window.__call = { tapped: 0, rang: 0, heard: 0 };
          document.addEventListener('click', () => { __call.tapped = Date.now() + performance.now() % 1; __call.heard = 0; }, true);
          new MutationObserver(() => { if (!__call.rang && document.querySelector('section.incoming')) __call.rang = Date.now(); }).observe(document.body, { childList: true, subtree: true });
          const context = new AudioContext();
          const taps = new Map();
          setInterval(() => {
            const element = document.querySelector('audio[data-leg]');
            if (!element?.srcObject || element.paused) return;
            let analyser = taps.get(element.srcObject);
            if (!analyser) {
              context.resume();
              analyser = context.createAnalyser();
              analyser.fftSize = 256;
              context.createMediaStreamSource(element.srcObject).connect(analyser);
              taps.set(element.srcObject, analyser);
            }
            if (__call.heard) return;
            const samples = new Float32Array(256);
            analyser.getFloatTimeDomainData(samples);
            if (samples.some(one => Math.abs(one) > 0.005)) __call.heard = Date.now();
          }, 4);
        }
        """;

    // The camera becomes a canvas whose 24 large squares are the clock in binary, with a parity square.
    private const string ClockCamera = """
        () => {
          const canvas = document.createElement('canvas');
          canvas.width = 640; canvas.height = 480;
          const paint = canvas.getContext('2d');
          setInterval(() => {
            const now = Date.now() % 16777216;
            for (let i = 0; i < 24; i++) { paint.fillStyle = (now >> i) & 1 ? '#fff' : '#000'; paint.fillRect((i % 6) * 106, Math.floor(i / 6) * 120, 106, 120); }
          }, 8);
          const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = wish => wish.video ? Promise.resolve(canvas.captureStream(30)) : open(wish);
        }
        """;

    private const string ReadClock = """
        async count => {
          const video = document.querySelector('.tile video');
          const canvas = document.createElement('canvas');
          canvas.width = 640; canvas.height = 480;
          const paint = canvas.getContext('2d', { willReadFrequently: true });
          const delays = [];
          while (delays.length < count) {
            await new Promise(resolve => video.requestVideoFrameCallback(resolve));
            const shown = Date.now();
            paint.drawImage(video, 0, 0, 640, 480);
            let then = 0;
            for (let i = 0; i < 24; i++) if (paint.getImageData((i % 6) * 106 + 53, Math.floor(i / 6) * 120 + 60, 1, 1).data[0] > 127) then |= 1 << i;
            const delay = shown % 16777216 - then;
            if (delay >= 0 && delay < 2000) delays.push(delay);
          }
          return delays;
        }
        """;

    public string Name => "call-setup";

    public string Summary => "tap to first media, directly and through the relay; silence at a change of way; glass to glass";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var runs = arguments.Quick ? 3 : 9;
        using var playwright = await Playwright.CreateAsync();
        await using var server = await ServerProcess.StartAsync();
        await using var browser = await Chromium.StartForCallsAsync(playwright);
        await using var alice = await ArriveAsync(browser, "Alice", server.Origin);
        await using var bob = await ArriveAsync(browser, "Bob", server.Origin);
        await Person.MeetAsync(alice, bob);
        foreach (var person in (Person[])[alice, bob]) await person.Page.EvaluateAsync(Note);

        // As the rule has it for who is not verified: through the relay.
        var (relayedRing, relayed) = await CallAsync(alice, bob, runs, Route.Relay);
        foreach (var person in (Person[])[alice, bob])
        {
            var conversation = new Uri(person.Page.Url).AbsolutePath;
            await person.OpenContactAsync();
            await person.ChooseAsync(person.Words.Call.PolicyTitle, person.Words.Contact.Automatic);
            await person.GoAsync(conversation);
        }

        var (directRing, direct) = await CallAsync(alice, bob, runs, Route.Direct);
        var gaps = await SwitchAsync(alice, bob);
        var glass = await WatchAsync(alice, bob, arguments.Quick ? 60 : 240);
        return new BenchReport(Name)
            .Figure("calls_each_way", runs)
            .Figure("ring_p50_ms", Statistics.Median([.. directRing, .. relayedRing]), "ms (tap on call until it rings at the other)")
            .Figure("direct_worst_ms", direct.Max(), "ms").Figure("relayed_worst_ms", relayed.Max(), "ms")
            .Figure("glass_to_glass_p50_ms", Statistics.Median(glass), "ms (direct, 640 × 480)")
            .Figure("glass_to_glass_p99_ms", Statistics.Percentile(glass, 99), "ms")
            .AtMost("direct_p50_ms", Statistics.Median(direct), 800)
            .AtMost("relayed_p50_ms", Statistics.Median(relayed), 1200)
            .AtMost("gap_to_relay_ms", gaps.ToRelay, 1000)
            .AtMost("gap_to_direct_ms", gaps.ToDirect, 1000);
    }

    private static async Task<Person> ArriveAsync(IBrowser browser, string name, string origin)
    {
        var person = await Person.ArriveAsync(browser, name, origin);
        await person.BeginAsync();
        await person.Context.GrantPermissionsAsync(["microphone", "camera"], new() { Origin = origin });
        return person;
    }

    private static async Task<(double[] Ring, double[] Answer)> CallAsync(Person alice, Person bob, int runs, Route route)
    {
        var (ring, answer) = (new double[runs], new double[runs]);
        // The first call also loads the modules.
        for (var run = -1; run < runs; run++)
        {
            await bob.Page.EvaluateAsync("() => { __call.rang = 0; }");
            await alice.CallAsync("Bob");
            await bob.SeesRingAsync("Alice");
            var rang = await bob.Page.EvaluateAsync<double>("() => __call.rang") - await alice.Page.EvaluateAsync<double>("() => __call.tapped");
            await alice.Page.EvaluateAsync("() => { __call.heard = 0; }");
            await bob.TakeCallAsync();
            foreach (var person in (Person[])[alice, bob])
                await person.Page.WaitForFunctionAsync("() => __call.heard > 0", null, new() { PollingInterval = 20, Timeout = 30_000 });
            var tapped = await bob.Page.EvaluateAsync<double>("() => __call.tapped");
            var last = Math.Max(await alice.Page.EvaluateAsync<double>("() => __call.heard"), await bob.Page.EvaluateAsync<double>("() => __call.heard"));
            if (run >= 0) (ring[run], answer[run]) = (rang, last - tapped);
            await alice.SeesCallWayAsync(route);
            await alice.HangUpAsync();
            foreach (var person in (Person[])[alice, bob]) await person.CallScreen.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        }

        return (ring, answer);
    }

    private static async Task<(double ToRelay, double ToDirect)> SwitchAsync(Person alice, Person bob)
    {
        await alice.CallAsync("Bob");
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await alice.HearsToneAsync();
        await bob.HearsToneAsync();
        await alice.SeesCallWayAsync(Route.Direct);
        await alice.WayLine.ClickAsync();
        List<double> gaps = [];
        foreach (var (choice, route) in ((string, Route)[])[(alice.Words.Contact.ServerOnly, Route.Relay), (alice.Words.Contact.Automatic, Route.Direct)])
        {
            foreach (var person in (Person[])[alice, bob]) await person.Page.EvaluateAsync("() => __ears.watchGaps()");
            await alice.ChooseAsync(alice.Words.Call.WayForThisCall, choice);
            await alice.SeesCallWayAsync(route, 30);
            await bob.SeesCallWayAsync(route, 30);
            await alice.HearsToneAsync();
            await bob.HearsToneAsync();
            gaps.Add(Math.Max(await alice.Page.EvaluateAsync<double>("() => __ears.gaps()"), await bob.Page.EvaluateAsync<double>("() => __ears.gaps()")));
        }

        await alice.HangUpAsync();
        foreach (var person in (Person[])[alice, bob]) await person.CallScreen.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        return (gaps[0], gaps[1]);
    }

    private static async Task<double[]> WatchAsync(Person alice, Person bob, int frames)
    {
        await alice.Page.EvaluateAsync(ClockCamera);
        await alice.CallAsync("Bob", video: true);
        await bob.SeesRingAsync("Alice");
        await bob.TakeCallAsync();
        await bob.Page.WaitForFunctionAsync("() => document.querySelector('.tile video')?.videoWidth > 16", null, new() { Timeout = 30_000 });
        // The encoder settles.
        await bob.Page.WaitForTimeoutAsync(2000);
        var delays = await bob.Page.EvaluateAsync<double[]>(ReadClock, frames);
        await alice.HangUpAsync();
        return delays;
    }
}
