using Dapari.Server.Tests;
using Dapari.Wire;
using Dapari.Wire.V1;
using Npgsql;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>The database fails just while a machine takes a mailbox that another machine asks for.</summary>
public sealed class TakingTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private const int Failures = 6;

    [Fact]
    public async Task Posts_of_another_machine_arrive_when_taking_the_mailbox_has_failed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var box = new TestMailbox();
        await using (var before = await TestMachine.StartAsync(fixture.Postgres, Guid.NewGuid().ToString()))
        {
            await using var owner = await before.ConnectAsync();
            await owner.CreateAsync(box);
        }

        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var sender = await here.ConnectAsync();
        await using var reader = await there.ConnectAsync();
        await sender.OpenSenderAsync(box);
        ulong post;
        Task<ServerFrame> opened;
        await using (var connection = new NpgsqlConnection(fixture.Postgres.Settings))
        {
            await connection.OpenAsync(cancellation);
            await using var holding = await connection.BeginTransactionAsync(cancellation);
            await using (var hold = new NpgsqlCommand("SELECT FROM dapari.mailboxes WHERE id = $1 FOR UPDATE", connection, holding) { Parameters = { new() { Value = box.Id.ToArray() } } })
                await hold.ExecuteNonQueryAsync(cancellation);
            opened = reader.OpenAsync(box);
            var taker = await TakerAsync(cancellation);
            post = await sender.SendAsync(TestClient.PostFrame(box, EnvelopeId.Random(RandomSource.System), [7]));
            for (var i = 0; i < Failures; i++)
            {
                await fixture.Postgres.AskAsync($"SELECT pg_terminate_backend({taker}, 10000)");
                taker = await TakerAsync(cancellation);
            }
        }

        Assert.NotNull((await sender.AnswerAsync(post)).Posted);
        Assert.NotNull((await opened).MailboxOpened);
        Assert.Equal([7], (await reader.DeliveryAsync()).Envelope.ToByteArray());
    }

    [Fact]
    public async Task Who_asked_last_has_a_mailbox_that_several_waited_for()
    {
        const int Boxes = 16;
        var cancellation = TestContext.Current.CancellationToken;
        var boxes = Enumerable.Range(0, Boxes).Select(_ => new TestMailbox()).ToArray();
        await MakeAsync(boxes);
        await using var machine = await TestMachine.StartAsync(fixture.Postgres, Guid.NewGuid().ToString());
        var givenUp = await Task.WhenAll(boxes.Select(_ => machine.ConnectAsync()));
        var present = await Task.WhenAll(boxes.Select(_ => machine.ConnectAsync()));
        await using (await HoldAsync(boxes, cancellation))
        {
            foreach (var (client, box) in givenUp.Zip(boxes))
                await client.SendAsync(client.OpenFrame(box));
            await TakersAsync(Boxes, cancellation);
            // The owners do not wait any longer, and come again.
            foreach (var (client, box) in present.Zip(boxes))
                await client.SendAsync(client.OpenFrame(box));
        }

        await using var sender = await machine.ConnectAsync();
        foreach (var (client, box) in present.Zip(boxes))
        {
            Assert.Equal(ServerFrame.KindOneofCase.MailboxOpened, (await client.NextAsync()).KindCase);
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [7]);
            Assert.Equal([7], (await client.NextAsync()).Deliver?.Envelope.ToByteArray() ?? []);
        }

        foreach (var client in givenUp.Concat(present))
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_mailbox_is_not_opened_for_a_connection_that_has_gone_meanwhile()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var box = new TestMailbox();
        await MakeAsync(box);
        await using var machine = await TestMachine.StartAsync(fixture.Postgres, Guid.NewGuid().ToString(), o => o with { Cluster = o.Cluster with { Patience = TimeSpan.FromHours(1) } });
        await using (await HoldAsync([box], cancellation))
        {
            var client = await machine.ConnectAsync();
            await client.SendAsync(client.OpenFrame(box));
            await TakerAsync(cancellation);
            client.Break();
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            for (var i = 0; i < 4000 && machine.Host.Hub.ConnectionCount > 0; i++)
                await tick.WaitForNextTickAsync(cancellation);
            Assert.Equal(0, machine.Host.Hub.ConnectionCount);
        }
    }

    [Fact]
    public async Task A_mailbox_stays_where_it_is_when_a_machine_that_ends_asks_for_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var box = new TestMailbox();
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var owner = await here.ConnectAsync();
        await owner.CreateAsync(box);
        var silo = there.Office.Silo;
        var number = (await there.Office.FindMailboxAsync(box.Id, cancellation))!.Value.Number;
        await there.Host.Hub.GoAwayAsync(TimeSpan.Zero);
        await Assert.ThrowsAsync<Storage.StorageException>(() => there.Office.OpenMailboxAsync(box.Id, number, cancellation));
        await there.DisposeAsync();
        await here.Office.Grain(box.Id).MoveAsync(silo);
        await using var sender = await here.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [7]);
        Assert.Equal([7], (await owner.NextAsync()).Deliver?.Envelope.ToByteArray() ?? []);
    }

    /// <summary>Mailboxes that no machine has.</summary>
    private async Task MakeAsync(params TestMailbox[] boxes)
    {
        await using var before = await TestMachine.StartAsync(fixture.Postgres, Guid.NewGuid().ToString());
        await using var owner = await before.ConnectAsync();
        foreach (var box in boxes)
            await owner.CreateAsync(box);
    }

    /// <summary>Until it is disposed, no machine can take them.</summary>
    private async Task<IAsyncDisposable> HoldAsync(TestMailbox[] boxes, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(fixture.Postgres.Settings);
        await connection.OpenAsync(cancellation);
        var holding = await connection.BeginTransactionAsync(cancellation);
        await using var hold = new NpgsqlCommand("SELECT FROM dapari.mailboxes WHERE id = ANY($1) FOR UPDATE", connection, holding) { Parameters = { new() { Value = boxes.Select(b => b.Id.ToArray()).ToArray() } } };
        await hold.ExecuteNonQueryAsync(cancellation);
        return connection; // Which ends its transaction.
    }

    /// <summary>Who waits for the mailbox's row.</summary>
    private Task<int> TakerAsync(CancellationToken cancellation) => TakersAsync(1, cancellation);

    /// <summary>One of so many, when they all wait.</summary>
    private async Task<int> TakersAsync(int count, CancellationToken cancellation)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            if (await fixture.Postgres.AskAsync($"SELECT max(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE dapari.mailboxes SET epoch%' HAVING count(*) >= {count}") is int pid)
                return pid;
            await tick.WaitForNextTickAsync(cancellation);
        }
    }
}
