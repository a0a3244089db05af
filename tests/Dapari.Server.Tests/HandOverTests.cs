using System.Collections.Concurrent;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Posts that a connected owner has before they are written.</summary>
public sealed class HandOverTests
{
    private static EnvelopeId NewId() => EnvelopeId.Random(RandomSource.System);

    [Fact]
    public async Task A_post_is_answered_when_its_owner_acknowledged_it_and_is_never_written()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = await PrepareAsync(server, owner, sender);
        using (var disk = new StandingDisk(server))
        {
            await disk.StandsAsync();
            var post = await sender.SendAsync(TestClient.PostFrame(box, NewId(), [7]));
            var delivery = await owner.DeliveryAsync();
            Assert.Equal([7], delivery.Envelope.ToByteArray());
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.AcknowledgeAsync(box, delivery.Sequence)).KindCase);
            Assert.True((await sender.AnswerAsync(post)).Posted.RecipientConnected);
        }

        Assert.Equal(0u, (await MailboxTests.UsageAsync(owner, box)).StoredEnvelopes);
    }

    [Fact]
    public async Task What_was_acknowledged_unwritten_is_known_to_the_next_opening()
    {
        await using var server = await TestServer.StartAsync();
        await using var sender = await server.ConnectAsync();
        ulong highest;
        TestMailbox box;
        await using (var owner = await server.ConnectAsync())
        {
            box = await PrepareAsync(server, owner, sender);
            using var disk = new StandingDisk(server);
            await disk.StandsAsync();
            var post = await sender.SendAsync(TestClient.PostFrame(box, NewId(), [7]));
            highest = (await owner.DeliveryAsync()).Sequence;
            await owner.AcknowledgeAsync(box, highest);
            await sender.AnswerAsync(post);
        }

        await using var later = await server.ConnectAsync();
        Assert.Equal((0u, highest), await WaitingAsync(later, box));
    }

    [Fact]
    public async Task What_nobody_acknowledged_is_answered_when_it_is_written_and_lies_there()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = await PrepareAsync(server, owner, sender);
        ulong post;
        using (var disk = new StandingDisk(server))
        {
            await disk.StandsAsync();
            post = await sender.SendAsync(TestClient.PostFrame(box, NewId(), [7]));
            await owner.DeliveryAsync();
        }

        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.AnswerAsync(post)).KindCase);
        Assert.Equal(1u, (await MailboxTests.UsageAsync(owner, box)).StoredEnvelopes);
    }

    [Fact]
    public async Task What_an_owner_had_who_left_without_a_word_goes_to_the_next_connection_in_order()
    {
        await using var server = await TestServer.StartAsync();
        await using var sender = await server.ConnectAsync();
        await using var later = await server.ConnectAsync();
        TestMailbox box;
        using (var disk = new StandingDisk(server))
        {
            await using (var owner = await server.ConnectAsync())
            {
                box = await PrepareAsync(server, owner, sender);
                await disk.StandsAsync();
                for (byte i = 1; i <= 3; i++)
                    await sender.SendAsync(TestClient.PostFrame(box, NewId(), [i]));
                for (byte i = 1; i <= 3; i++)
                    Assert.Equal([i], (await owner.DeliveryAsync()).Envelope.ToByteArray());
            }
        }

        await later.OpenAsync(box);
        await sender.SendAsync(TestClient.PostFrame(box, NewId(), [4]));
        var last = 0ul;
        for (byte i = 1; i <= 4; i++)
        {
            var delivery = await later.DeliveryAsync();
            Assert.Equal([i], delivery.Envelope.ToByteArray());
            Assert.True(delivery.Sequence > last);
            last = delivery.Sequence;
        }
    }

    [Fact]
    public async Task An_envelope_posted_again_while_its_owner_has_it_is_not_given_twice()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = await PrepareAsync(server, owner, sender);
        var id = NewId();
        await sender.PostAsync(box, id, [1]);
        await sender.PostAsync(box, id, [1]);
        await sender.PostAsync(box, NewId(), [2]);
        Assert.Equal([1], (await owner.DeliveryAsync()).Envelope.ToByteArray());
        Assert.Equal([2], (await owner.DeliveryAsync()).Envelope.ToByteArray());
    }

    [Fact]
    public async Task Sequences_of_what_was_never_written_are_not_given_again_after_a_crash()
    {
        await using var server = await TestServer.StartAsync();
        var crashed = Directory.CreateTempSubdirectory("dapari-test-").FullName;
        ulong highest;
        TestMailbox box;
        await using (var owner = await server.ConnectAsync())
        await using (var sender = await server.ConnectAsync())
        {
            box = await PrepareAsync(server, owner, sender);
            using var disk = new StandingDisk(server);
            await disk.StandsAsync();
            var post = await sender.SendAsync(TestClient.PostFrame(box, NewId(), [7]));
            highest = (await owner.DeliveryAsync()).Sequence;
            await owner.AcknowledgeAsync(box, highest);
            await sender.AnswerAsync(post);
            // What a crash leaves: the file as it is while nothing is written.
            foreach (var file in Directory.GetFiles(server.Data, "dapari.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
                File.Copy(file, Path.Combine(crashed, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.Combine(crashed, "journal"));
            foreach (var file in Directory.GetFiles(Path.Combine(server.Data, "journal")))
                File.Copy(file, Path.Combine(crashed, "journal", Path.GetFileName(file)));
        }

        try
        {
            await using var next = await TestServer.StartAsync(o => o with { Data = crashed });
            await using var owner = await next.ConnectAsync();
            await using var sender = await next.ConnectAsync();
            await owner.OpenAsync(box);
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, NewId(), [8]);
            Assert.True((await owner.DeliveryAsync()).Sequence > highest);
        }
        finally
        {
            Directory.Delete(crashed, true);
        }
    }

    /// <summary>Senders that pipeline, an owner that comes and goes and acknowledges some of what it gets: nothing answered is lost, and no sender's posts change places.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public async Task Whatever_owner_and_disk_do_all_that_was_answered_arrives_in_order(int seed)
    {
        const int Senders = 3, Each = 400;
        var random = new Random(seed);
        await using var server = await TestServer.StartAsync(o => o with { WindowEnvelopes = 24, IdleDeadline = TimeSpan.FromDays(1000) });
        var box = new TestMailbox();
        await using (var first = await server.ConnectAsync())
            await first.CreateAsync(box);
        var senders = Enumerable.Range(0, Senders).Select(s => Task.Run(() => PostAllAsync(server, box, (byte)s, Each))).ToArray();
        var next = new int[Senders];
        var seen = new ConcurrentDictionary<(byte, int), byte>();
        while (seen.Count < Senders * Each)
        {
            await using var owner = await server.ConnectAsync();
            await owner.OpenAsync(box);
            var last = 0ul;
            var unacknowledged = new List<ulong>();
            for (var left = random.Next(1, 120); left > 0 && seen.Count < Senders * Each; left--)
            {
                var delivery = await owner.DeliveryAsync();
                Assert.True(delivery.Sequence > last, $"sequence {delivery.Sequence} after {last} (seed {seed})");
                last = delivery.Sequence;
                var (sender, number) = (delivery.Envelope[0], BitConverter.ToInt32(delivery.Envelope.Span[1..]));
                if (seen.TryAdd((sender, number), 0))
                    Assert.Equal(next[sender]++, number);
                unacknowledged.Add(delivery.Sequence);
                if (random.Next(6) == 0 || unacknowledged.Count >= 20)
                {
                    var acknowledge = new Acknowledge { MailboxId = box.Id.ToByteString() };
                    acknowledge.Sequences.AddRange(unacknowledged);
                    unacknowledged.Clear();
                    await owner.SendAsync(new ClientFrame { Acknowledge = acknowledge });
                }
            }

            if (random.Next(2) == 0)
                owner.Break();
        }

        await Task.WhenAll(senders);
    }

    private static async Task PostAllAsync(TestServer server, TestMailbox box, byte sender, int count)
    {
        await using var client = await server.ConnectAsync();
        await client.OpenSenderAsync(box);
        var open = new HashSet<ulong>();
        for (var i = 0; i < count; i++)
        {
            open.Add(await client.SendAsync(TestClient.PostFrame(box, NewId(), [sender, .. BitConverter.GetBytes(i)])));
            if (open.Count >= 16)
                await AnswerAsync();
        }

        while (open.Count > 0)
            await AnswerAsync();

        async Task AnswerAsync()
        {
            var frame = await client.NextAsync();
            Assert.Equal(ServerFrame.KindOneofCase.Posted, frame.KindCase);
            Assert.True(open.Remove(frame.Request), "answered twice");
        }
    }

    /// <summary>A server's first mailbox, with a connected owner that has taken all there was: the next post is handed over.</summary>
    private static async Task<TestMailbox> PrepareAsync(TestServer server, TestClient owner, TestClient sender)
    {
        var box = new TestMailbox();
        await owner.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        do
        {
            await sender.PostAsync(box, NewId(), [0]);
            await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
        }
        while (server.Host.Hub.Owner(1) is not { Mailbox: not null, More: false });
        return box;
    }

    private static async Task<(ulong Waiting, ulong Highest)> WaitingAsync(TestClient owner, TestMailbox box)
    {
        var opened = (await owner.OpenAsync(box)).MailboxOpened;
        return (opened.WaitingEnvelopes, opened.HighestAcknowledged);
    }

    /// <summary>The writer's thread waits inside a transaction until this is disposed of: a disk that takes very long.</summary>
    private sealed class StandingDisk(TestServer server) : IDisposable
    {
        private readonly ManualResetEventSlim _go = new();
        private readonly TaskCompletionSource _stands = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task StandsAsync()
        {
            await ((EmbeddedOffice)server.Host.Office).Writer.EnqueueAsync(new Standing(_stands, _go), CancellationToken.None);
            await _stands.Task;
        }

        public void Dispose() => _go.Set();

        private sealed class Standing(TaskCompletionSource stands, ManualResetEventSlim go) : WriteOperation
        {
            public override void Apply(WriteSession session)
            {
                stands.SetResult();
                go.Wait(TimeSpan.FromMinutes(5));
            }

            public override void Complete(bool stored)
            {
            }
        }
    }
}
