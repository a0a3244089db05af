using Dapari.Node.Storage;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Testing;
using Dapari.Wire;
using Google.Protobuf;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>The SQLite store beside the store in memory that the simulation trusts: whatever happens to both, both show the same.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-store-").FullName;

    private string File => Path.Combine(_folder, "peer.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_shows_what_a_model_shows_after_any_batches_and_restarts(int seed)
    {
        var random = new Random(seed);
        var source = new SeededRandom((ulong)seed);
        var model = new MemoryPeerStore();
        var contacts = Enumerable.Range(0, 3).Select(_ => ContactId.Random(source)).ToArray();
        var known = new List<MessageRecord>();
        var store = SqlitePeerStore.Open(File, source);
        for (var step = 0; step < 120; step++)
        {
            var batch = Batch(random, source, contacts, known);
            Assert.Equal(model.Commit(batch), await store.CommitAsync(batch, CancellationToken.None));
            if (step % 40 == 39)
            {
                store.Dispose();
                store = SqlitePeerStore.Open(File, source);
            }
        }

        Assert.Equal(model.State.Select(row => (row.Key, Convert.ToHexString(row.Value))),
            (await store.LoadStateAsync(CancellationToken.None)).OrderBy(row => row.Key, StringComparer.Ordinal).Select(row => (row.Key, Convert.ToHexString(row.Value))));
        foreach (var contact in contacts)
            await ComparePagesAsync(model, store, contact);
        foreach (var message in known)
        {
            Assert.True(MessageId.TryRead(message.Id, out var id) && EnvelopeId.TryRead(message.EnvelopeId, out _));
            Assert.Equal(model.FindMessage(id), await store.FindMessageAsync(id, CancellationToken.None));
        }

        foreach (var word in (string[])["alpha", "be", "gamma del", "ALPHA", "x%'", "nothing"])
        {
            Assert.Equal(
                (await model.SearchAsync(word, null, 500, CancellationToken.None)).Select(message => message.Id).ToHashSet(),
                (await store.SearchAsync(word, null, 500, CancellationToken.None)).Select(message => message.Id).ToHashSet());
        }

        store.Dispose();
    }

    [Fact]
    public async Task Whoever_opened_it_before_can_commit_no_more()
    {
        using var first = SqlitePeerStore.Open(File, RandomSource.System);
        using var second = SqlitePeerStore.Open(File, RandomSource.System);
        var batch = new StoreBatch();
        batch.State["self"] = [1];
        Assert.Equal(StoreFault.Failed, await first.CommitAsync(batch, CancellationToken.None));
        Assert.Empty(await second.LoadStateAsync(CancellationToken.None));
        Assert.Equal(StoreFault.None, await second.CommitAsync(batch, CancellationToken.None));
    }

    [Fact]
    public async Task Wiped_means_gone_from_the_disk_too()
    {
        using (var store = SqlitePeerStore.Open(File, RandomSource.System))
        {
            var batch = new StoreBatch();
            batch.State["self"] = "a secret that must not stay"u8.ToArray();
            await store.CommitAsync(batch, CancellationToken.None);
            await store.WipeAsync(CancellationToken.None);
            Assert.Empty(await store.LoadStateAsync(CancellationToken.None));
        }

        foreach (var file in Directory.GetFiles(_folder))
            Assert.True((await System.IO.File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).AsSpan().IndexOf("a secret"u8) < 0, file);
    }

    private static StoreBatch Batch(Random random, SeededRandom source, ContactId[] contacts, List<MessageRecord> known)
    {
        var batch = new StoreBatch();
        for (var i = random.Next(3); i > 0; i--)
            batch.State["kind/" + random.Next(12)] = random.Next(4) == 0 ? null : source.Bytes(random.Next(50));
        if (random.Next(40) == 0)
            batch.ForgottenConversations.Add(contacts[random.Next(contacts.Length)]);
        for (var i = random.Next(3); i > 0; i--)
        {
            // An update, a message that claims another's id, or a new one.
            var message = known.Count > 0 && random.Next(3) == 0 ? known[random.Next(known.Count)].Clone() : New(random, source, contacts);
            if (random.Next(8) == 0)
                message.Clock++;
            else
                message.State = (MessageState)random.Next(1, 5);
            if (random.Next(6) == 0)
                message.Text = Text(random);
            batch.Messages.Add(message);
            known.Add(message);
        }

        return batch;
    }

    private static MessageRecord New(Random random, SeededRandom source, ContactId[] contacts) => new()
    {
        Id = ByteString.CopyFrom(source.Bytes(16)), ContactId = contacts[random.Next(contacts.Length)].ToByteString(), Clock = (ulong)random.Next(1000), Kind = MessageKind.Text,
        Text = Text(random), OrderKey = ByteString.CopyFrom(source.Bytes(16)), EnvelopeId = ByteString.CopyFrom(source.Bytes(16)), ShownAtMs = (ulong)random.Next(1_000_000),
    };

    private static string Text(Random random) =>
        string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => ((string[])["Alpha", "béta", "gamma", "delta", "x%'"])[random.Next(5)]));

    private static async Task ComparePagesAsync(MemoryPeerStore model, SqlitePeerStore store, ContactId contact)
    {
        var all = model.Messages(contact);
        foreach (var direction in (PageDirection[])[PageDirection.Older, PageDirection.Newer])
        {
            foreach (var anchor in (ReadOnlyMemory<byte>[])[default, .. all.Select(message => message.OrderKey.Memory)])
            {
                var expected = await model.ReadMessagesAsync(contact, anchor, direction, 7, CancellationToken.None);
                var page = await store.ReadMessagesAsync(contact, anchor, direction, 7, CancellationToken.None);
                Assert.Equal(expected.Messages, page.Messages);
                Assert.Equal(expected.More, page.More);
            }
        }
    }
}
