using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>The modules that carry the store and the paths, in a real Chromium.</summary>
public sealed class ModuleTests(ModulePage page) : IClassFixture<ModulePage>
{
    internal const string Store = """
        const { open, claim, commit, load, page, find, search } = await import('/store.js');
        const { pack, unpack } = await import('/pack.js');
        const text = new TextEncoder();
        const run = Uint8Array.of(1), other = Uint8Array.of(2), contact = new Uint8Array(16).fill(7);
        const inverted = clock => { const order = new Uint8Array(16).fill(255); new DataView(order.buffer).setBigUint64(0, ~BigInt(clock) & 0xffffffffffffffffn); return order; };
        const message = (clock, words, id = clock, who = contact, shown = clock) => {
          const key = new Uint8Array(40); key.set(who); key.set(inverted(clock), 16);
          new DataView(key.buffer).setBigUint64(32, BigInt(shown));
          const name = new Uint8Array(16); new DataView(name.buffer).setUint32(0, id);
          return [key, name, name, text.encode(words), text.encode(String(clock))];
        };
        const batch = (token, rows, messages, forgotten = []) => {
          const counts = new Uint8Array(12), view = new DataView(counts.buffer);
          view.setUint32(0, rows.length, true); view.setUint32(4, forgotten.length, true); view.setUint32(8, messages.length, true);
          return pack([token, counts, ...rows.flatMap(([key, value]) => [text.encode(key), Uint8Array.of(value === null ? 0 : 1), text.encode(value ?? '')]), ...forgotten, ...messages.flat()]);
        };
        const texts = (result, skip = 0) => unpack(result.bytes).slice(skip).map(part => new TextDecoder().decode(part)).join(' ');
        const store = await open('test', () => {});
        await claim(store, run);
        """;

    [Theory]
    [InlineData("en-US", "en", "09:05 PM")]
    [InlineData("en-GB", "en", "21:05")]
    [InlineData("de-DE", "en", "21:05")]
    [InlineData("en-US", "it", "21:05")]
    public async Task Times_are_written_as_where_the_browser_is(string browser, string app, string expected) => Assert.Equal(expected, await page.RunAsync<string>($$"""
        Object.defineProperty(navigator, 'language', { value: '{{browser}}', configurable: true });
        const { time } = await import('/formats.js?{{browser}}{{app}}');
        return time('{{app}}', new Date(2026, 10, 24, 21, 5).getTime()).replace(' ', ' ');
        """));

    [Fact]
    public async Task A_former_owner_commits_nothing()
    {
        var seen = await page.RunAsync<string>(Store + """
            const first = await commit(store, batch(run, [['a', '1']], [message(1, 'one')]));
            await claim(store, other);
            const late = await commit(store, batch(run, [['a', '2'], ['b', '3']], [message(2, 'two')]));
            return [first, late, texts(await load(store)), texts(await page(store, contact, new Uint8Array(0), false, 9), 1)].join('/');
            """);
        Assert.Equal("0/3/a 1/1", seen);
    }

    [Fact]
    public async Task Pages_lie_both_ways_from_an_anchor()
    {
        var seen = await page.RunAsync<string>(Store + """
            await commit(store, batch(run, [], Array.from({ length: 9 }, (_, i) => message(i + 1, 'word'))));
            const shown = async (anchor, newer, count) => { const found = await page(store, contact, anchor, newer, count); return unpack(found.bytes)[0][0] + ':' + texts(found, 1); };
            return [await shown(new Uint8Array(0), false, 3), await shown(inverted(7), false, 3), await shown(inverted(2), false, 3),
              await shown(inverted(3), true, 3), await shown(inverted(7), true, 3)].join('/');
            """);
        Assert.Equal("1:7 8 9/1:4 5 6/0:1/1:4 5 6/0:8 9", seen);
    }

    [Fact]
    public async Task Every_word_asked_for_begins_a_word_and_the_newest_come_first()
    {
        var seen = await page.RunAsync<string>(Store + """
            const far = new Uint8Array(16).fill(9);
            const many = Array.from({ length: 3500 }, (_, i) => message(100 + i, i % 1000 === 0 ? 'casa\nmare' : 'casa'));
            await commit(store, batch(run, [], [message(1, 'casa\nrara'), message(2, 'castello\nrara'), message(3, 'rara', 9001, far, 50), ...many]));
            return [texts(await search(store, 'cas\nra', contact, 9)), texts(await search(store, 'rar', new Uint8Array(0), 9)),
              texts(await search(store, 'cas', contact, 2)), texts(await search(store, 'ca\nmar', new Uint8Array(0), 3)), texts(await search(store, 'nulla', contact, 3))].join('/');
            """);
        Assert.Equal("2 1/3 2 1/3599 3598/3100 2100 1100/", seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_ends_connect_also_after_a_restart_at_both_at_once(bool restart)
    {
        var seen = await page.RunAsync<string>("const again = " + (restart ? "true" : "false") + ";" + """
            const path = await import('/path.js');
            const to = { 1: 2, 2: 1 };
            let finish;
            const got = new Promise(resolve => finish = resolve);
            let opened = 0, answers = 0;
            const wait = setTimeout(() => finish('no message came'), 60000);
            path.listen({
              Described: (id, offer, sdp) => { path.describeRemote(to[id], offer, sdp); if (!offer && ++answers >= 2) path.send(1, Uint8Array.of(42), 1000); },
              Candidate: (id, candidate, mid, line, fragment) => path.addCandidate(to[id], candidate, mid, line, fragment),
              CandidatesEnded: id => path.endCandidates(to[id]), Facts() {}, Closed: id => finish('closed ' + id),
              Opened: id => { if (++opened === 2) { if (again) { path.restart(1); path.restart(2); } else path.send(1, Uint8Array.of(42), 1000); } },
              Received: (id, bytes) => finish(id + ' got ' + bytes[0]),
            });
            path.open(2, false, true, '[]');
            path.open(1, true, false, '[]');
            const result = await got;
            clearTimeout(wait);
            path.close(1); path.close(2);
            return result + ', refused ' + path.send(1, Uint8Array.of(1), 1000);
            """);
        Assert.Equal("2 got 42, refused false", seen);
    }
}
