using Dapari.EndToEnd;
using Dapari.Wire.V1;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// From pressing Enter in the composer to the text standing in the other person's document, one message after another, both people in one
/// browser with storage on disk (so one clock, and commits that cost what they cost); and where that time goes: seal, keep, leave, carry, open, keep
/// there, draw. Beside it, in the same browser and run: a bare data
/// channel from page to page, and a bare WebSocket echo.
/// </summary>
internal sealed class MessageLatencyBench : IBench
{
    private const int BareBytes = 512;
    private const int TypingMs = 150;

    // The time of the key is the browser's own: what queues before the page sees it counts.
    private const string NotePresses = """
        () => {
          window.__pressed = [];
          document.addEventListener('keydown', e => { if (e.key === 'Enter') __pressed.push(performance.timeOrigin + e.timeStamp); }, { capture: true });
        }
        """;

    private const string NoteArrivals = """
        () => {
          window.__arrived = new Map();
          const note = text => { if (text.startsWith('latency ') && !__arrived.has(text)) __arrived.set(text, performance.timeOrigin + performance.now()); };
          const read = node => {
            if (node.nodeType === Node.TEXT_NODE) note(node.data.trim());
            else if (node.matches?.('.text')) note(node.textContent.trim());
            else node.querySelectorAll?.('.text').forEach(one => note(one.textContent.trim()));
          };
          new MutationObserver(changes => changes.forEach(change => change.type === 'childList' ? change.addedNodes.forEach(read) : read(change.target)))
            .observe(document.querySelector('[role=log]'), { childList: true, subtree: true, characterData: true });
        }
        """;

    public string Name => "message-latency";

    public string Summary => "from Enter in one browser to the text on the other's screen, directly and by the server, beside bare channels";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var count = arguments.Quick ? 50 : 400;
        using var playwright = await Playwright.CreateAsync();
        await using var server = await ServerProcess.StartAsync();
        await using var echo = await BareEcho.StartAsync();
        var folder = Directory.CreateTempSubdirectory("dapari-bench-");
        try
        {
            await using var context = await Chromium.StartKeepingAsync(playwright, folder.FullName);
            await MessageTrace.WatchAsync(context);
            var alice = await Person.JoinAsync(context, "Alice", server.Origin, Look.Desktop, "alice");
            await alice.BeginAsync();
            var bob = await Person.JoinAsync(context, "Bob", server.Origin, Look.Desktop, "bob");
            await bob.BeginAsync();
            await Person.MeetAsync(alice, bob);
            await alice.SeesDirectPathAsync(30);
            await bob.SeesDirectPathAsync(30);
            // Who types has the tab in front, as everybody has: Chromium puts off the work of a tab that was typed into and gets no frame, by 50 ms.
            await alice.Page.BringToFrontAsync();
            await alice.Page.EvaluateAsync(NotePresses);
            await bob.Page.EvaluateAsync(NoteArrivals);
            await SendAsync(alice, bob, "warm", 20);
            var directTrace = new MessageTrace(alice.Page, bob.Page);
            var direct = await SendAsync(alice, bob, "direct", count, directTrace);
            await alice.SeesWayAsync(Text("direct", count - 1), Route.Direct);

            await alice.ChooseWayAsync(alice.Words.Contact.ServerOnly);
            await alice.OpenAsync("Bob");
            await bob.OpenAsync("Alice");
            await alice.Page.EvaluateAsync(NotePresses);
            await bob.Page.EvaluateAsync(NoteArrivals);
            await SendAsync(alice, bob, "again", 10);
            var serverTrace = new MessageTrace(alice.Page, bob.Page);
            var mailbox = await SendAsync(alice, bob, "server", count, serverTrace);
            await alice.SeesWayAsync(Text("server", count - 1), Route.Mailbox);

            var left = await context.NewPageAsync();
            var right = await context.NewPageAsync();
            await left.GotoAsync(echo.Origin);
            await right.GotoAsync(echo.Origin);
            var channel = await BareChannel.MeasureAsync(left, right, count, BareBytes);
            var socket = await BareEcho.MeasureAsync(left, count, BareBytes);
            var report = new BenchReport(Name).Figure("messages", count);
            Add(report, "bare_data_channel", channel);
            Add(report, "bare_websocket_echo", socket);
            directTrace.Report(report, "direct");
            serverTrace.Report(report, "server");
            report.Figure("direct_worst_ms", direct.Max(), "ms").Figure("server_worst_ms", mailbox.Max(), "ms");
            return report
                .AtMost("direct_p50_ms", Statistics.Median(direct), 40).AtMost("direct_p99_ms", Statistics.Percentile(direct, 99), 120)
                .AtMost("server_p50_ms", Statistics.Median(mailbox), 40).AtMost("server_p99_ms", Statistics.Percentile(mailbox, 99), 120);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Text(string kind, int number) => $"latency {kind} {number}";

    private static async Task<double[]> SendAsync(Person from, Person to, string kind, int count, MessageTrace? trace = null)
    {
        var taken = new double[count];
        for (var i = 0; i < count; i++)
        {
            await from.Composer.FillAsync(Text(kind, i));
            // People take longer from the first letter to Enter than the typing sign takes to leave, and than the last message's receipts take to come.
            await from.Page.WaitForTimeoutAsync(TypingMs);
            await from.Composer.PressAsync("Enter");
            var pressed = await from.Page.EvaluateAsync<double>("() => __pressed.at(-1)");
            await to.Page.WaitForFunctionAsync("text => __arrived.has(text)", Text(kind, i), new() { PollingInterval = 20 });
            // The next one is written when this one is settled: what is measured is a way, not a queue.
            await from.SeesArrivedAsync(Text(kind, i));
            var arrived = await to.Page.EvaluateAsync<double>("text => __arrived.get(text)", Text(kind, i));
            taken[i] = arrived - pressed;
            if (trace is not null) await trace.AddAsync(pressed, arrived);
        }

        return taken;
    }

    private static void Add(BenchReport report, string name, double[] samples) =>
        report.Figure(name + "_p50_ms", Statistics.Median(samples), "ms").Figure(name + "_p99_ms", Statistics.Percentile(samples, 99), "ms");
}
