using Microsoft.Playwright;

namespace Dapari.EndToEnd;

public sealed partial class Person
{
    private const string Rows = "() => [...document.querySelectorAll('[role=log] .bubble')].map(bubble => [bubble.parentElement.id, bubble.querySelector('.text').innerText])";
    private const string ScrollUp = """
        () => {
          document.querySelector('[role=log]').scrollTop = 0;
          return document.querySelector('[role=log] .event') !== null;
        }
        """;

    private const string Kept = """
        async () => {
          const [{ name }] = await indexedDB.databases();
          const db = await new Promise((resolve, reject) => { const open = indexedDB.open(name); open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); });
          const count = await new Promise(resolve => { const get = db.transaction('messages').objectStore('messages').count(); get.onsuccess = () => resolve(get.result); });
          db.close();
          return count;
        }
        """;

    /// <summary>Scrolls the open conversation from its end to its beginning and returns every text on the way, in the order of the screen.</summary>
    /// <param name="atLeast">How many messages are awaited.</param>
    /// <param name="limit">For them to arrive and be read.</param>
    public async Task<IReadOnlyList<string>> ReadWholeConversationAsync(int atLeast, TimeSpan limit)
    {
        var kept = 0;
        await Waiting.UntilAsync($"{atLeast} messages kept", async () => (kept = await Page.EvaluateAsync<int>(Kept)) > atLeast, limit, () => $"{kept} were.");
        if (await Page.GetByRole(AriaRole.Button, new() { Name = Words.Chat.ToEnd }).IsVisibleAsync())
            await Page.GetByRole(AriaRole.Button, new() { Name = Words.Chat.ToEnd }).ClickAsync();
        LinkedList<string> ids = [];
        Dictionary<string, string> texts = [];
        await Waiting.UntilAsync(
            $"{atLeast} messages read",
            async () =>
            {
                var rows = await Page.EvaluateAsync<string[][]>(Rows);
                Merge(rows, ids, texts);
                // A conversation begins with the line that says so.
                return await Page.EvaluateAsync<bool>(ScrollUp) && ids.Count >= atLeast;
            },
            limit,
            () => $"{ids.Count} were there.");
        return [.. ids.Select(id => texts[id])];
    }

    // What is on the screen is a run of the conversation that overlaps what is known, or is its beginning.
    private static void Merge(string[][] rows, LinkedList<string> ids, Dictionary<string, string> texts)
    {
        LinkedListNode<string>? last = null;
        var known = rows.FirstOrDefault(row => texts.ContainsKey(row[0]));
        var place = known is null ? null : ids.Find(known[0]);
        foreach (var row in rows)
        {
            if (texts.ContainsKey(row[0]))
            {
                last = ids.Find(row[0]);
                place = null;
                continue;
            }

            texts[row[0]] = row[1];
            if (place is not null) ids.AddBefore(place, row[0]);
            else if (last is not null) last = ids.AddAfter(last, row[0]);
            else ids.AddLast(row[0]);
        }
    }
}
