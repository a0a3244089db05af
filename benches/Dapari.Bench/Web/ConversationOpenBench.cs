using Dapari.EndToEnd;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>
/// A conversation of 100,000 messages, on disk: from the tap on its row until its newest message stands there, laid out; and from the last
/// letter of a query until what was found stands there, the pause for further letters included.
/// </summary>
internal sealed class ConversationOpenBench : IBench
{
    private const int Messages = 100_000;

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

    private const string Search = """
        async ([query, wanted]) => {
          const field = document.querySelector('#search-input, #palette-input');
          const found = () => [...document.querySelectorAll('.find-text')].some(one => one.textContent.includes(wanted));
          const clear = async () => {
            field.value = '';
            field.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise(resolve => { const look = () => document.querySelector('.find-text') ? setTimeout(look, 5) : resolve(); look(); });
          };
          await clear();
          field.value = query;
          const started = performance.now();
          field.dispatchEvent(new Event('input', { bubbles: true }));
          await new Promise(resolve => {
            if (found()) return resolve();
            const observer = new MutationObserver(() => { if (found()) { observer.disconnect(); resolve(); } });
            observer.observe(document, { childList: true, subtree: true, characterData: true });
          });
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

            await alice.Page.GotoAsync(server.Origin + "/?profile=alice");
            var newest = SeededConversation.Text(Messages - 1);
            List<double> opens = [], searches = [], common = [];
            for (var round = 0; round < rounds; round++)
            {
                await alice.Row("Bob").WaitForAsync();
                opens.Add(await alice.Page.EvaluateAsync<double>(Open, newest));
                await alice.GoAsync("/");
            }

            await alice.GoAsync("/search");
            for (var round = 0; round < rounds; round++)
            {
                var number = 1_234 + round * 3_571;
                searches.Add(await FindAsync(alice.Page, $"number{number}", SeededConversation.Text(number)));
                var near = Messages - 1 - round;
                common.Add(await FindAsync(alice.Page, SeededConversation.Text(near)[..12], SeededConversation.Text(near)[..12]));
            }

            return new BenchReport(Name)
                .Figure("messages", Messages)
                .Figure("rounds", rounds)
                .Figure("seeding_s", seeded.TotalSeconds, "s")
                .Figure("first_open_ms", opens[0], "ms")
                .Figure("open_worst_ms", opens.Max(), "ms")
                .Figure("search_rare_worst_ms", searches.Max(), "ms")
                .Figure("search_common_worst_ms", common.Max(), "ms")
                .AtMost("open_ms", Statistics.Median(opens), 150)
                .AtMost("search_rare_ms", Statistics.Median(searches), 150)
                .AtMost("search_common_ms", Statistics.Median(common), 150);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<double> FindAsync(IPage page, string query, string wanted) => page.EvaluateAsync<double>(Search, new[] { query, wanted });
}
