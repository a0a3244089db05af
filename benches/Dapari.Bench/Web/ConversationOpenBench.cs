using System.Globalization;
using Dapari.EndToEnd;
using Dapari.Peer.Text;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// A conversation of 100,000 messages, on disk: from the tap on its row until its newest message stands there, laid out; and from the last
/// letter of a query until the whole first page of what was found stands there (or that there is nothing).
/// </summary>
internal sealed class ConversationOpenBench : IBench
{
    private const int Messages = 100_000;

    /// <summary>As many as the search box asks for.</summary>
    private const int PageOfResults = 30;

    private const string Open = """
        async text => {
          const started = performance.now();
          const seen = () => [...document.querySelectorAll('[role=log] .text')].some(one => one.textContent === text);
          document.querySelector('#conversations a').click();
          await new Promise(resolve => {
            if (seen()) return resolve();
            const observer = new MutationObserver(() => { if (seen()) { observer.disconnect(); resolve(); } });
            observer.observe(document, { childList: true, subtree: true });
          });
          document.querySelector('[role=log]').lastElementChild.getBoundingClientRect();
          return performance.now() - started;
        }
        """;

    // All that is asked for at once: as many results as there should be (or the sentence that there are none), the newest first, laid out.
    private const string Search = """
        async ([query, count, newest]) => {
          const field = document.querySelector('#search-input, #palette-input');
          const results = field.closest('.find').querySelector('.find-results');
          const items = () => results.querySelectorAll('a:has(.find-text)');
          const until = done => new Promise((resolve, reject) => {
            if (done()) return resolve();
            const observer = new MutationObserver(() => { if (done()) { observer.disconnect(); resolve(); } });
            observer.observe(results, { childList: true, subtree: true, characterData: true, attributes: true });
            setTimeout(() => reject(new Error(`${query}: not ${count} results, the first ${newest}, but ${items().length}, ${items()[0]?.href}`)), 20000);
          });
          const type = text => { field.value = text; field.dispatchEvent(new Event('input', { bubbles: true })); };
          type('');
          await until(() => items().length === 0 && !results.querySelector('[role=status]'));
          await new Promise(resolve => requestIdleCallback(resolve, { timeout: 1000 }));
          const started = performance.now();
          type(query);
          await until(() => count === '0' ? results.querySelector('[role=status]') : items().length === Number(count) && items()[0].href.includes(newest));
          results.getBoundingClientRect();
          return performance.now() - started;
        }
        """;

    public string Name => "conversation-open";

    public string Summary => "opening a conversation of 100,000 messages, and searching it";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Quick ? 9 : 25;
        using var playwright = await Playwright.CreateAsync();
        await using var server = await ServerProcess.StartAsync();
        var folder = Directory.CreateTempSubdirectory("dapari-bench-");
        try
        {
            await using var context = await Chromium.StartKeepingAsync(playwright, folder.FullName);
            var alice = await Person.JoinAsync(context, "Alice", server.Origin, Look.Desktop, "alice");
            await alice.BeginAsync();
            var bob = await Person.JoinAsync(context, "Bob", server.Origin, Look.Desktop, "bob");
            await bob.BeginAsync();
            await Person.MeetAsync(bob, alice);
            var contact = new Uri(alice.Page.Url).AbsolutePath.Split('/')[2];
            await bob.LeaveAsync();
            await alice.Page.GotoAsync(server.Origin + "/icons/icon.svg");
            var seeding = TimeProvider.System.GetTimestamp();
            await SeededConversation.FillAsync(alice.Page, "alice", contact, Messages);
            var seeded = TimeProvider.System.GetElapsedTime(seeding);

            Console.WriteLine($"seeded in {seeded.TotalSeconds:F1} s");
            var upgrading = await SearchPageAsync(alice, server.Origin);
            var words = Enumerable.Range(0, Messages).Select(number => SearchWords.Of(SeededTexts.Of(number))).ToList();
            var (worst, never) = SeededTexts.Questions.First(question => question.Name == "two_halves_never");
            var unindexed = await FindAsync(alice.Page, never, []);
            Console.WriteLine($"before indexing {unindexed:F0} ms");
            var indexing = await SeededConversation.IndexedAsync(alice.Page, "alice");

            var starting = await SearchPageAsync(alice, server.Origin);
            Console.WriteLine($"indexed in {indexing:F0} ms");
            var first = await FindAsync(alice.Page, never, []);
            List<double> searches = [];
            var answers = new Dictionary<string, List<double>>();
            for (var round = 0; round < rounds; round++)
            {
                var number = 1_234 + round * 3_571;
                searches.Add(await FindAsync(alice.Page, $"number{number}", SeededTexts.Matches(words, $"number{number}")));
                foreach (var (name, query) in SeededTexts.Questions)
                {
                    if (!answers.ContainsKey(name)) answers[name] = [];
                    answers[name].Add(await FindAsync(alice.Page, query, SeededTexts.Matches(words, query)));
                }
            }

            await alice.Page.GotoAsync(server.Origin + "/?profile=alice");
            var newest = SeededTexts.Of(Messages - 1);
            List<double> opens = [];
            for (var round = 0; round < rounds; round++)
            {
                await alice.Row("Bob").WaitForAsync();
                opens.Add(await alice.Page.EvaluateAsync<double>(Open, newest));
                await alice.GoAsync("/");
            }

            var report = new BenchReport(Name)
                .Figure("messages", Messages)
                .Figure("rounds", rounds)
                .Figure("seeding_s", seeded.TotalSeconds, "s")
                .Figure("start_s", starting, "s")
                .Figure("start_with_upgrade_s", upgrading, "s (from the first schema, once)")
                .Figure("indexing_s", indexing / 1_000, "s (in the background, once, after that upgrade)")
                .Figure("search_" + worst + "_before_indexing_ms", unindexed, "ms")
                .Figure("search_" + worst + "_first_after_start_ms", first, "ms")
                .Figure("first_open_ms", opens[0], "ms")
                .Figure("open_worst_ms", opens.Max(), "ms")
                .Figure("search_rare_worst_ms", searches.Max(), "ms");
            foreach (var (name, answer) in answers) report.Figure($"search_{name}_worst_ms", answer.Max(), "ms");
            report.AtMost("open_ms", Statistics.Median(opens), 150).AtMost("search_rare_ms", Statistics.Median(searches), 150);
            foreach (var (name, answer) in answers) report.AtMost($"search_{name}_ms", Statistics.Median(answer), 150);
            return report;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<double> SearchPageAsync(Person person, string origin)
    {
        var started = TimeProvider.System.GetTimestamp();
        await person.Page.GotoAsync(origin + "/search?profile=alice");
        await person.Page.Locator("#search-input").WaitForAsync();
        return TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private static Task<double> FindAsync(IPage page, string query, List<int> found) => page.EvaluateAsync<double>(Search, new[]
    {
        query,
        Math.Min(found.Count, PageOfResults).ToString(CultureInfo.InvariantCulture),
        found.Count == 0 ? "" : SeededConversation.Id(found[0]).ToString(),
    });
}
