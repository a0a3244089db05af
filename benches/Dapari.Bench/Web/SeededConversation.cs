using System.Buffers.Binary;
using System.Globalization;
using Dapari.Peer.Conversations;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>Fills a conversation, in the format in which the app's first schema kept one (see store.js), while the app does not run.</summary>
internal static class SeededConversation
{
    private const int AtOnce = 2_000;
    private const ulong FirstClock = 1_000;
    private const ulong MinuteMs = 60_000;

    private const string Put = """
        async ([name, rows]) => {
          const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
          const db = await new Promise((resolve, reject) => { const open = indexedDB.open(name); open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); });
          const transaction = db.transaction('messages', 'readwrite', { durability: 'relaxed' });
          const messages = transaction.objectStore('messages');
          for (const row of rows.split('\n')) {
            const [key, id, envelope, words, shown, record] = row.split('|');
            messages.put({ i: bytes(id), e: bytes(envelope), w: words.split(' '), t: -Number(shown), r: bytes(record) }, bytes(key));
          }
          await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
          db.close();
        }
        """;

    private const string ReadRow = """
        async ([name, key]) => {
          const db = await new Promise((resolve, reject) => { const open = indexedDB.open(name); open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); });
          const row = await new Promise((resolve, reject) => { const get = db.transaction('state').objectStore('state').get(key); get.onsuccess = () => resolve(get.result); get.onerror = () => reject(get.error); });
          db.close();
          return btoa(String.fromCharCode(...row));
        }
        """;

    // The store as the first schema had it, with the rows of the profile: the app upgrades it at its next start, and then indexes all words.
    private const string FirstSchema = """
        async name => {
          const opened = version => new Promise((resolve, reject) => {
            const open = indexedDB.open(name, version);
            open.onsuccess = () => resolve(open.result);
            open.onerror = () => reject(open.error);
            open.onupgradeneeded = () => {
              for (const store of ['meta', 'state', 'messages']) open.result.createObjectStore(store);
              const messages = open.transaction.objectStore('messages');
              messages.createIndex('id', 'i', { unique: true });
              messages.createIndex('envelope', 'e');
              messages.createIndex('words', 'w', { multiEntry: true });
              messages.createIndex('time', 't');
            };
          });
          const done = request => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
          const db = await opened();
          const rows = [];
          for (const store of ['meta', 'state']) {
            const kept = db.transaction(store).objectStore(store);
            const [keys, values] = await Promise.all([done(kept.getAllKeys()), done(kept.getAll())]);
            rows.push(...keys.map((key, i) => [store, key, values[i]]));
          }
          db.close();
          await done(indexedDB.deleteDatabase(name));
          const first = await opened(1);
          const transaction = first.transaction(['meta', 'state'], 'readwrite', { durability: 'strict' });
          for (const [store, key, value] of rows) transaction.objectStore(store).put(value, key);
          await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
          first.close();
        }
        """;

    private const string WaitIndexed = """
        async name => {
          const started = performance.now();
          const db = await new Promise((resolve, reject) => { const open = indexedDB.open(name); open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); });
          const left = () => new Promise((resolve, reject) => { const count = db.transaction('meta').objectStore('meta').count('unindexed'); count.onsuccess = () => resolve(count.result); count.onerror = () => reject(count.error); });
          while (await left()) await new Promise(resolve => setTimeout(resolve, 50));
          db.close();
          return performance.now() - started;
        }
        """;

    private const string WriteRow = """
        async ([name, key, row]) => {
          const db = await new Promise((resolve, reject) => { const open = indexedDB.open(name); open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); });
          const transaction = db.transaction('state', 'readwrite', { durability: 'strict' });
          transaction.objectStore('state').put(Uint8Array.from(atob(row), letter => letter.charCodeAt(0)), key);
          await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
          db.close();
        }
        """;

    /// <summary>The id of a message.</summary>
    public static MessageId Id(int number)
    {
        var id = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(12), number + 1);
        // Ids are random: their first bytes differ.
        BinaryPrimitives.WriteUInt32BigEndian(id, unchecked((uint)number * 2_654_435_761u));
        return MessageId.TryRead(id, out var message) ? message : throw new InvalidOperationException("An id is 16 bytes.");
    }

    /// <summary>Writes the messages of one contact on a page of the app's origin that does not run the app.</summary>
    /// <param name="page">Such a page.</param>
    /// <param name="profile">Whose store.</param>
    /// <param name="contact">The contact's id in hexadecimal, as in the address of the conversation.</param>
    /// <param name="count">How many.</param>
    public static async Task FillAsync(IPage page, string profile, string contact, int count)
    {
        var name = "dapari:" + profile;
        var contactId = Convert.FromHexString(contact);
        await page.EvaluateAsync(FirstSchema, name);
        MessageRecord? last = null;
        for (var from = 0; from < count; from += AtOnce)
        {
            var rows = new List<string>(AtOnce);
            for (var number = from; number < Math.Min(count, from + AtOnce); number++)
            {
                last = Make(contactId, number, count);
                var key = new byte[40];
                contactId.CopyTo(key, 0);
                for (var i = 0; i < 16; i++) key[16 + i] = (byte)(last.OrderKey[i] ^ 0xFF);
                BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(32), last.ShownAtMs);
                rows.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Convert.ToBase64String(key)}|{last.Id.ToBase64()}|{last.EnvelopeId.ToBase64()}|{string.Join(' ', SearchWords.Of(last.Text))}|{last.ShownAtMs}|{Convert.ToBase64String(last.ToByteArray())}"));
            }

            await page.EvaluateAsync(Put, new[] { name, string.Join('\n', rows) });
        }

        var row = "contact/" + contact;
        var record = ContactRecord.Parser.ParseFrom(Convert.FromBase64String(await page.EvaluateAsync<string>(ReadRow, new[] { name, row })));
        record.LastMessage = last;
        record.Clock = Math.Max(record.Clock, last!.Clock);
        record.ReadThrough = record.Clock;
        record.TheyReadThrough = record.Clock;
        await page.EvaluateAsync(WriteRow, new[] { name, row, Convert.ToBase64String(record.ToByteArray()) });
    }

    /// <summary>Waits, on the app's page, until it has indexed what was filled in.</summary>
    /// <returns>Milliseconds that it took from now.</returns>
    public static Task<double> IndexedAsync(IPage page, string profile) => page.EvaluateAsync<double>(WaitIndexed, "dapari:" + profile);

    private static MessageRecord Make(byte[] contact, int number, int count)
    {
        var message = Id(number);
        var id = message.ToArray();
        var envelope = id.Reverse().ToArray();
        var shown = (ulong)(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - (long)((count - number) * (long)MinuteMs));
        var clock = FirstClock + (ulong)number;
        return new MessageRecord
        {
            Id = ByteString.CopyFrom(id),
            ContactId = ByteString.CopyFrom(contact),
            Outgoing = number % 2 == 0,
            Clock = clock,
            Kind = MessageKind.Text,
            Text = SeededTexts.Of(number),
            State = number % 2 == 0 ? MessageState.Delivered : MessageState.Received,
            Route = new RouteRecord { Route = Route.Direct, Reason = Reason.DirectPathOpen, Network = Network.Same, RoundTripMs = 2 },
            EnvelopeId = ByteString.CopyFrom(envelope),
            ShownAtMs = shown,
            ComposedAtMs = shown,
            DeliveredAtMs = shown + 20,
            OrderKey = ByteString.CopyFrom(MessageOrder.Key(clock, number % 2 == 0, message)),
        };
    }
}
