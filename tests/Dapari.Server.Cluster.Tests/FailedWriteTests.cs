using Dapari.Server.Tests;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>The database is away for longer than posts are held.</summary>
public sealed class FailedWriteTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task What_waited_behind_a_post_that_was_given_up_is_not_kept_before_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var postgres = await TestPostgres.StartAsync();
        await using var machine = await TestMachine.StartAsync(postgres, Guid.NewGuid().ToString(), o => o with { Cluster = o.Cluster with { Patience = Patience } });
        var box = new TestMailbox();
        await using (var first = await machine.ConnectAsync())
            await first.CreateAsync(box);
        await using (var before = await machine.ConnectAsync())
        {
            await before.OpenSenderAsync(box);
            await before.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1]);
            await postgres.KillAsync();
            var given = await before.SendAsync(Post(2));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (!machine.Office.IsFailing)
                await tick.WaitForNextTickAsync(cancellation);
            await before.SendAsync(Post(3)); // In the next transaction.
            Assert.Equal(Refusal.Storage, (await before.AnswerAsync(given)).Refused.Refusal);
        }

        await postgres.BeginAsync();
        await using var sender = await machine.ConnectAsync();
        await sender.OpenSenderAsync(box);
        foreach (var number in (byte[])[2, 3])
            Assert.NotNull((await sender.AskAsync(Post(number))).Posted);
        await using var owner = await machine.ConnectAsync();
        await owner.OpenAsync(box);
        for (byte i = 1; i <= 3; i++)
            Assert.Equal([i], (await owner.DeliveryAsync()).Envelope.ToByteArray());

        ClientFrame Post(byte number)
        {
            Span<byte> id = stackalloc byte[EnvelopeId.Length];
            id.Fill(number);
            EnvelopeId.TryRead(id, out var read);
            return TestClient.PostFrame(box, read, [number]);
        }
    }
}
