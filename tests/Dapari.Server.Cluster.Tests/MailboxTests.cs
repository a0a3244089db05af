using Dapari.Server.Tests;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Mailboxes of one machine and of several.</summary>
public sealed class MailboxTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private static EnvelopeId NewId() => EnvelopeId.Random(RandomSource.System);

    [Fact]
    public async Task One_machine_keeps_delivers_and_removes()
    {
        var box = new TestMailbox();
        var cluster = Guid.NewGuid().ToString();
        await using (var machine = await TestMachine.StartAsync(fixture.Postgres, cluster))
        {
            await using var owner = await machine.ConnectAsync();
            await using var sender = await machine.ConnectAsync();
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.CreateAsync(box)).KindCase);
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await sender.OpenSenderAsync(box)).KindCase);
            for (byte i = 1; i <= 5; i++)
            {
                Assert.True((await sender.PostAsync(box, NewId(), [i])).Posted.RecipientConnected);
                var delivery = await owner.DeliveryAsync();
                Assert.Equal([i], delivery.Envelope.ToByteArray());
                Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.AcknowledgeAsync(box, delivery.Sequence)).KindCase);
            }

            await sender.PostAsync(box, NewId(), [6]);
            await owner.DeliveryAsync();
        }

        await using var next = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var again = await next.ConnectAsync();
        var opened = (await again.OpenAsync(box)).MailboxOpened;
        Assert.Equal(1u, opened.WaitingEnvelopes);
        Assert.Equal(5u, opened.HighestAcknowledged);
        Assert.Equal([6], (await again.DeliveryAsync()).Envelope.ToByteArray());
    }

    [Fact]
    public async Task Posts_from_another_machine_arrive_in_order_and_say_whether_the_owner_is_there()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var box = new TestMailbox();
        await using var owner = await here.ConnectAsync();
        await using var sender = await there.ConnectAsync();
        await owner.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        var posts = new List<ulong>();
        for (byte i = 0; i < 100; i++)
            posts.Add(await sender.SendAsync(TestClient.PostFrame(box, NewId(), [i])));
        for (byte i = 0; i < 100; i++)
        {
            var delivery = await owner.DeliveryAsync();
            Assert.Equal([i], delivery.Envelope.ToByteArray());
            await owner.AcknowledgeAsync(box, delivery.Sequence);
        }

        var answers = new HashSet<ulong>();
        while (answers.Count < posts.Count)
        {
            var answer = await sender.NextAsync();
            Assert.True(answer.Posted?.RecipientConnected, answer.ToString());
            answers.Add(answer.Request);
        }

        Assert.Equal(posts, answers.Order());
    }

    [Fact]
    public async Task A_mailbox_follows_its_owner_to_another_machine()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var first = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var second = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var box = new TestMailbox();
        await using var before = await first.ConnectAsync();
        await before.CreateAsync(box);
        await using var sender = await first.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, NewId(), [1]);
        Assert.Equal([1], (await before.DeliveryAsync()).Envelope.ToByteArray());

        await using var after = await second.ConnectAsync();
        Assert.Equal(1u, (await after.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        Assert.Equal(box.Id.ToByteString(), (await before.NextAsync()).MailboxTaken?.MailboxId);
        Assert.True((await sender.PostAsync(box, NewId(), [2])).Posted.RecipientConnected);
        var one = await after.DeliveryAsync();
        var two = await after.DeliveryAsync();
        Assert.Equal([1, 2], one.Envelope.Concat(two.Envelope));
        Assert.True(two.Sequence > one.Sequence);
        var live = await sender.AskAsync(new ClientFrame { Live = new Live { MailboxId = box.Id.ToByteString(), Envelope = Google.Protobuf.ByteString.CopyFrom(9) } });
        Assert.True(live.LiveResult.RecipientConnected);
        Assert.Equal([9], (await after.NextAsync()).LiveDeliver.Envelope.ToByteArray());
    }

    [Fact]
    public async Task Who_lost_a_mailbox_without_knowing_writes_nothing_more_and_nothing_is_lost()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var machine = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var box = new TestMailbox();
        await using (var owner = await machine.ConnectAsync())
            await owner.CreateAsync(box);
        var sender = await machine.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var kept = NewId();
        await sender.PostAsync(box, kept, [1]);
        // Another machine that this one cannot see takes it.
        var number = (await machine.Host.Office.FindMailboxAsync(box.Id, CancellationToken.None))!.Value.Number;
        await fixture.Postgres.AskAsync($"UPDATE dapari.mailboxes SET epoch = epoch + 1, reserved = reserved + 10000 WHERE number = {number}");
        var lost = NewId();
        Assert.Equal(Refusal.Storage, (await sender.PostAsync(box, lost, [2])).Refused.Refusal);
        Assert.Null(await sender.ReceiveAsync());
        await sender.DisposeAsync();
        Assert.Equal(1L, await fixture.Postgres.AskAsync($"SELECT count(*) FROM dapari.envelopes WHERE mailbox = {number}"));

        await using var again = await machine.ConnectAsync();
        await again.OpenSenderAsync(box);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await again.PostAsync(box, lost, [2])).KindCase);
        await using var reader = await machine.ConnectAsync();
        Assert.Equal(2u, (await reader.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        var one = await reader.DeliveryAsync();
        var two = await reader.DeliveryAsync();
        Assert.Equal([1, 2], one.Envelope.Concat(two.Envelope));
        Assert.True(two.Sequence > one.Sequence + 9999);
    }

    [Fact]
    public async Task A_repeated_envelope_lies_once_and_a_full_mailbox_refuses()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Quota = new(1 << 20, 3) });
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Quota = new(1 << 20, 3) });
        var box = new TestMailbox();
        await using (var owner = await here.ConnectAsync())
            await owner.CreateAsync(box);
        await using var one = await here.ConnectAsync();
        await using var two = await there.ConnectAsync();
        await one.OpenSenderAsync(box);
        await two.OpenSenderAsync(box);
        var ids = new[] { NewId(), NewId(), NewId() };
        foreach (var id in ids)
        {
            Assert.False((await one.PostAsync(box, id, [1])).Posted.RecipientConnected);
            Assert.NotNull((await two.PostAsync(box, id, [1])).Posted);
        }

        Assert.Equal(Refusal.MailboxFull, (await two.PostAsync(box, NewId(), [1])).Refused.Refusal);
        Assert.NotNull((await one.PostAsync(box, ids[0], [1])).Posted);
        await using var reader = await there.ConnectAsync();
        Assert.Equal(3u, (await reader.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        await reader.AcknowledgeAsync(box, (await reader.DeliveryAsync()).Sequence);
        Assert.NotNull((await one.PostAsync(box, NewId(), [1])).Posted);
    }

    [Fact]
    public async Task A_deleted_mailbox_is_gone_everywhere()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var box = new TestMailbox();
        await using var owner = await here.ConnectAsync();
        await owner.CreateAsync(box);
        await using var sender = await there.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, NewId(), [1]);
        Assert.NotNull((await owner.AskAsync(new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = box.Id.ToByteString() } })).Done);
        Assert.Equal(Refusal.UnknownMailbox, (await sender.PostAsync(box, NewId(), [2])).Refused.Refusal);
    }
}
