using System.Text.Json;
using Dapari.Peer.Text;
using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>The index of words, in a real Chromium, against a reading of all messages.</summary>
public sealed class SearchTests(ModulePage page) : IClassFixture<ModulePage>
{
    private const string Begin = ModuleTests.Store + """
        const { settle } = await import('/wordindex.js');
        const { wipe } = await import('/store.js');
        const ask = async (words, who, count) => texts(await search(store, words, who ?? new Uint8Array(0), count));
        const all = name => new Promise(resolve => { const got = store.db.transaction(name).objectStore(name).getAll(); got.onsuccess = () => resolve(got.result); });
        const person = number => new Uint8Array(16).fill(number);

        """;

    private static readonly string[] Roots =
    [
        "a", "an", "and", "Ándale", "casa", "cası", "caſtello", "CASTAGNA", "perché", "perche\u0301", "Perù", "où", "straße", "Strasse", "ﬁne", "naïve", "zoo",
        "Ёлка", "ёж", "привет", "Привычка", "日本", "日本語", "9", "90", "90210", "e\u0301e", "l'altra", "x_y", "😀", "𝒳eno", "ça", "cab",
    ];

    [Theory]
    [InlineData(1, 2_600, 3)]
    [InlineData(2, 2_600, 1)]
    [InlineData(3, 5_200, 40)]
    [InlineData(4, 900, 4)]
    public async Task Search_finds_what_a_reading_of_all_finds(int seed, int messages, int contacts)
    {
        var (script, expected) = Script(new Random(seed), messages, contacts);
        Assert.Contains(expected, answer => answer.Split(' ').Length == 30);
        var seen = await page.RunAsync<string[]>(Begin + $"const script = {JsonSerializer.Serialize(script)};" + """
            const answers = [];
            for (const [what, ...rest] of script) {
              if (what === 'put') {
                const code = await commit(store, batch(run, [], rest.map(([clock, who, shown, words]) => message(clock, words, clock, person(who), shown))));
                if (code !== 0) throw new Error('not kept');
              } else if (what === 'forget') await commit(store, batch(run, [], [], [person(rest[0])]));
              else if (what === 'settle') await settle(store.db);
              else if (what === 'settle some') { let left = rest[0]; await settle(store.db, async () => { if (left-- === 0) throw new Error('stop'); }).catch(() => {}); }
              else answers.push(await ask(rest[0], rest[1] === 0 ? null : person(rest[1]), rest[2]));
            }
            return answers;
            """);
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task The_words_of_a_removed_contact_leave_the_disk_and_those_of_others_stay()
    {
        var seen = await page.RunAsync<string>(Begin + """
            const mixed = Array.from({ length: 2100 }, (_, i) => message(i + 1, i % 2 ? 'segreta\nsera' : 'comune\nsera', i + 1, person(i % 2 ? 3 : 4), i));
            await commit(store, batch(run, [], mixed));
            await settle(store.db);
            const before = [(await all('segments')).length, await ask('segr', null, 2), await ask('com\nsera', null, 2)];
            await commit(store, batch(run, [], [], [person(3)]));
            const at = [await ask('segr', null, 2), await ask('com\nsera', null, 2)];
            await settle(store.db);
            const left = JSON.stringify(await all('words')) + JSON.stringify(await all('fresh')) + JSON.stringify(await all('meta'));
            return [...before, ...at, left.includes('segreta'), left.includes('comune'), await ask('segr', null, 2), await ask('com\nsera', null, 2), (await all('meta')).length].join('/');
            """);
        Assert.Equal("2/2100 2098/2099 2097//2099 2097/false/true//2099 2097/1", seen);
    }

    [Fact]
    public async Task A_wipe_leaves_no_word()
    {
        var seen = await page.RunAsync<string>(Begin + """
            await commit(store, batch(run, [], Array.from({ length: 1100 }, (_, i) => message(i + 1, 'parola'))));
            await settle(store.db);
            await commit(store, batch(run, [], [], [person(9)]));
            const found = await ask('par', null, 1);
            await wipe(store, run);
            const left = await Promise.all(['messages', 'fresh', 'segments', 'words', 'meta'].map(async name => (await all(name)).length));
            return [found, ...left, await ask('par', null, 1)].join('/');
            """);
        Assert.Equal("1100/0/0/0/0/1/", seen);
    }

    [Fact]
    public async Task What_the_first_schema_kept_is_found_before_while_and_after_it_is_indexed()
    {
        // The store as schema 1 made and filled it.
        const string first = """
            const old = await new Promise((resolve, reject) => {
              const request = indexedDB.open('old', 1);
              request.onerror = () => reject(request.error);
              request.onsuccess = () => resolve(request.result);
              request.onupgradeneeded = () => {
                request.result.createObjectStore('meta');
                request.result.createObjectStore('state').put(Uint8Array.of(5), 'profile');
                const messages = request.result.createObjectStore('messages');
                messages.createIndex('id', 'i', { unique: true });
                messages.createIndex('envelope', 'e');
                messages.createIndex('words', 'w', { multiEntry: true });
                messages.createIndex('time', 't');
              };
            });
            const filling = old.transaction('messages', 'readwrite');
            for (let clock = 1; clock <= 2500; clock++) {
              const words = ['parola', clock % 2 ? 'dispari' : 'pari', 'numero' + clock];
              const [key, id, envelope, , record] = message(clock, '', clock, person(clock % 3 + 1), clock);
              filling.objectStore('messages').put({ i: id, e: envelope, w: clock === 2 ? [] : words, t: -clock, r: record }, key);
            }
            await new Promise(resolve => filling.oncomplete = resolve);
            old.close();
            store.db.close();
            Object.assign(store, await open('old', () => {}));
            await claim(store, run);
            """;
        const string questions = "[await ask('pari\\npar', null, 2), await ask('dis', person(2), 2), await ask('numero7', null, 3), await ask('numero2499', null, 3), texts(await load(store))].join('|')";
        var seen = await page.RunAsync<string[]>(Begin + first + $$"""
            const answers = [{{questions}}];
            await commit(store, batch(run, [], [message(3000, 'parola\nnuova', 3000, person(1))]));
            for (let steps = 1; steps < 3; steps++) {
              let left = steps;
              await settle(store.db, async () => { if (left-- === 0) throw new Error('stop'); }).catch(() => {});
              answers.push((await all('segments')).length + ':' + {{questions}});
            }
            await settle(store.db);
            answers.push((await all('segments')).length + ':' + {{questions}});
            answers.push(await ask('nuov', null, 2) + ' ' + (await all('meta')).length);
            const stored = (name, clock) => new Promise(resolve => { const got = store.db.transaction('messages').objectStore('messages').index(name).count(clock); got.onsuccess = () => resolve(got.result); });
            await commit(store, batch(run, [], [message(2499, 'altra', 2499, person(1))]));
            answers.push([await stored('words', 'nuova'), await stored('words', 'altra'), await stored('words', 'numero2499'), await stored('words', 'numero2498'), await ask('altr', null, 2)].join());
            return answers;
            """);
        const string answer = "2500 2498|2497 2491|799 798 797|2499|profile \u0005";
        Assert.Equal([answer, "1:" + answer, "3:" + answer, "3:" + answer, "3000 1", "0,0,0,1,2499"], seen);
    }

    // What is done and asked, and what each question should give; the model is a list of all messages.
    private static (List<object[]> Script, List<string> Expected) Script(Random random, int messages, int contacts)
    {
        var kept = new Dictionary<int, (int Clock, int Who, long Shown, IReadOnlyList<string> Words)>();
        List<object[]> script = [];
        List<string> expected = [];
        var clock = 0;
        while (clock < messages)
        {
            List<object> batch = ["put"];
            HashSet<int> inBatch = [];
            for (var i = random.Next(1, 200); i > 0; i--)
            {
                var one = (Clock: ++clock, Who: random.Next(contacts) + 1, Shown: clock + random.NextInt64(50), Words: SearchWords.Of(Text(random)));
                if (kept.Count > 0 && random.Next(10) == 0 && kept.ElementAt(random.Next(kept.Count)).Value is var former && !inBatch.Contains(former.Clock))
                {
                    // One that is kept changes its words, or when it was shown, or comes again as it is.
                    one = (former.Clock, former.Who, random.Next(2) == 0 ? former.Shown : former.Shown + random.NextInt64(-500, 500) + 500, random.Next(2) == 0 ? former.Words : one.Words);
                }

                kept[one.Clock] = one;
                inBatch.Add(one.Clock);
                batch.Add(new object[] { one.Clock, one.Who, one.Shown, string.Join('\n', one.Words) });
            }

            script.Add([.. batch]);
            if (random.Next(12) == 0)
            {
                var gone = random.Next(contacts) + 1;
                if (contacts > 1)
                {
                    script.Add(["forget", gone]);
                    foreach (var one in kept.Values.Where(one => one.Who == gone).ToList()) kept.Remove(one.Clock);
                }
            }

            if (random.Next(6) == 0) script.Add(["settle"]);
            if (random.Next(3) == 0) script.Add(["settle some", random.Next(4)]);
            for (var i = random.Next(3); i > 0; i--) Ask();
        }

        for (var i = 0; i < 60; i++) Ask();
        script.Add(["settle"]);
        for (var i = 0; i < 60; i++) Ask();
        return (script, expected);

        void Ask()
        {
            var query = SearchWords.Of(string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Part(random))));
            if (query.Count == 0) return;
            var who = random.Next(3) == 0 ? random.Next(contacts) + 1 : 0;
            var count = random.Next(2) == 0 ? 30 : 3;
            var found = kept.Values.Where(one => (who == 0 || one.Who == who) && SearchWords.Matches(query, one.Words));
            found = who == 0 ? found.OrderByDescending(one => one.Shown).ThenBy(one => one.Who).ThenByDescending(one => one.Clock) : found.OrderByDescending(one => one.Clock);
            script.Add(["ask", string.Join('\n', query), who, count]);
            expected.Add(string.Join(' ', found.Take(count).Select(one => one.Clock)));
        }
    }

    private static string Text(Random random) => string.Join(
        random.Next(4) == 0 ? ", " : " ",
        Enumerable.Range(0, random.Next(8)).Select(_ => Roots[Math.Min(random.Next(Roots.Length), random.Next(Roots.Length))] + (random.Next(3) == 0 ? random.Next(40) : "")));

    private static string Part(Random random)
    {
        var word = SearchWords.Of(Roots[random.Next(Roots.Length)]);
        if (word.Count == 0) return "";
        var runes = word[0].EnumerateRunes().ToList();
        return string.Concat(runes.Take(random.Next(1, runes.Count + 1)));
    }
}
