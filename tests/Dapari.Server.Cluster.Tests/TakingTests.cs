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

    /// <summary>Who waits for the mailbox's row.</summary>
    private async Task<int> TakerAsync(CancellationToken cancellation)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            if (await fixture.Postgres.AskAsync("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE dapari.mailboxes SET epoch%' LIMIT 1") is int pid)
                return pid;
            await tick.WaitForNextTickAsync(cancellation);
        }
    }
}
