using Dapari.EndToEnd;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// How long until the app can be used, and how many bytes the first visit takes. Cold: a browser folder that never saw it, the server on
/// loopback, until the field for the name stands there. Warm: a later visit of somebody with an identity, from the service worker's cache,
/// until the list of conversations stands there. Bytes are counted on the wire between browser and server.
/// </summary>
internal sealed class WebStartBench : IBench
{
    private const string FirstScreen = "#name";
    private const string List = "#conversations";

    // Marks when something that matches is first in the document, in milliseconds since the navigation began.
    private const string Clock = """
        (() => {
          if (window.__usable !== undefined) return;
          window.__usable = 0;
          const look = () => {
            if (!document.querySelector('#name, #conversations')) return;
            window.__usable = performance.now();
            observer.disconnect();
          };
          const observer = new MutationObserver(look);
          observer.observe(document, { childList: true, subtree: true });
        })();
        """;

    public string Name => "web-start";

    public string Summary => "the app's first visit (bytes, time until usable) and its later visits, in Chromium";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var runs = arguments.Quick ? 5 : 9;
        using var playwright = await Playwright.CreateAsync();
        await using var server = await ServerProcess.StartAsync();
        List<double> cold = [], warm = [];
        List<double> first = [], whole = [];
        for (var run = 0; run < runs; run++)
        {
            var folder = Directory.CreateTempSubdirectory("dapari-bench-");
            try
            {
                await using var network = new CuttableProxy(server.Port);
                await using var context = await Chromium.StartKeepingAsync(playwright, folder.FullName);
                await context.AddInitScriptAsync(Clock);
                var page = await context.NewPageAsync();
                cold.Add(await StartAsync(page, network.Origin, FirstScreen));
                first.Add(network.BytesToBrowser);
                await page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");
                await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
                whole.Add(network.BytesToBrowser);
                if (run < runs - 1) continue;

                await page.FillAsync(FirstScreen, "Alice");
                await page.PressAsync(FirstScreen, "Enter");
                await page.WaitForSelectorAsync(List, new() { State = WaitForSelectorState.Attached });
                await page.CloseAsync();
                for (var again = 0; again < runs + 1; again++)
                {
                    page = await context.NewPageAsync();
                    var taken = await StartAsync(page, network.Origin, List);
                    // The first later visit still compiles; browsers keep compiled code from the second on.
                    if (again > 0) warm.Add(taken);
                    await page.CloseAsync();
                }
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        return new BenchReport(Name)
            .Figure("runs", runs)
            .Figure("cold_usable_worst_ms", cold.Max(), "ms")
            .Figure("warm_usable_worst_ms", warm.Max(), "ms")
            .Figure("offline_copy_kilobytes", Statistics.Median(whole.Zip(first, (all, page) => all - page)) / 1e3, "kB more, in the background")
            .AtMost("cold_megabytes", Statistics.Median(first) / 1e6, 3.0)
            .AtMost("cold_usable_ms", Statistics.Median(cold), 2500)
            .AtMost("warm_usable_ms", Statistics.Median(warm), 1200);
    }

    private static async Task<double> StartAsync(IPage page, string origin, string selector)
    {
        await page.GotoAsync(origin, new() { WaitUntil = WaitUntilState.Commit });
        await page.WaitForSelectorAsync(selector, new() { State = WaitForSelectorState.Attached });
        return await page.EvaluateAsync<double>("() => __usable");
    }
}
