using System.Diagnostics;
using Dapari.Server.Storage;
using Dapari.Server.Tests;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Npgsql;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Invites, prekeys, drop-offs and versions, seen from several machines.</summary>
public sealed class OthersTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_one_time_prekey_is_given_once_in_the_whole_cluster()
    {
        const int Keys = 60;
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var store = PrekeyStoreId.Random(RandomSource.System);
        var upload = new PutPrekeys { StoreId = store.ToByteString(), OwnerKey = ByteString.CopyFrom(new byte[32]), Device = new DeviceCertificate(), SignedPrekey = new SignedPrekey(), LastResort = new KemPrekey { Id = 9999 } };
        for (uint i = 1; i <= Keys; i++)
        {
            upload.OneTime.Add(new OneTimePrekey { Id = i });
            upload.OneTimeKem.Add(new KemPrekey { Id = i });
        }

        Assert.Equal(Keys, (await here.Office.PutPrekeysAsync(store, upload, true, CancellationToken.None)).OneTime);
        var bundles = await Task.WhenAll(Enumerable.Range(0, Keys + 10).Select(i => (i % 2 == 0 ? here : there).Office.TakePrekeysAsync(store, CancellationToken.None)));
        var given = bundles.Where(b => b.Bundle!.OneTimePrekey is not null).Select(b => b.Bundle!.OneTimePrekey.Id).ToList();
        Assert.Equal(Enumerable.Range(1, Keys).Select(i => (uint)i), given.Order());
        Assert.Equal(10, bundles.Count(b => b.Bundle!.KemPrekey.Id == 9999));
        // A repeated upload revives none.
        Assert.Equal(0, (await there.Office.PutPrekeysAsync(store, upload, true, CancellationToken.None)).OneTime);
    }

    [Fact]
    public async Task An_invite_put_at_one_machine_is_had_and_revoked_at_another()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster);
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster);
        var id = InviteBlobId.Random(RandomSource.System);
        var later = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds();
        Assert.Equal(Refusal.Unspecified, (await here.Office.PutInviteAsync(id, [1], [7], later, CancellationToken.None)).Refusal);
        Assert.Equal(Refusal.Taken, (await there.Office.PutInviteAsync(id, [2], [8], later, CancellationToken.None)).Refusal);
        Assert.Equal([7], await there.Office.InviteAsync(id, CancellationToken.None));
        Assert.Equal(Refusal.UnknownInvite, (await there.Office.DeleteInviteAsync(id, key => key[0] == 2, CancellationToken.None)).Refusal);
        Assert.Equal(Refusal.Unspecified, (await there.Office.DeleteInviteAsync(id, key => key[0] == 1, CancellationToken.None)).Refusal);
        Assert.Null(await here.Office.InviteAsync(id, CancellationToken.None));
    }

    [Fact]
    public async Task What_lay_too_long_goes_and_no_longer_counts()
    {
        var cluster = Guid.NewGuid().ToString();
        await using var machine = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Quota = new(1 << 20, 2) });
        var box = new TestMailbox();
        await using var owner = await machine.ConnectAsync();
        await owner.CreateAsync(box);
        await owner.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = box.Id.ToByteString() } });
        await using var sender = await machine.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1]);
        await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [2]);
        Assert.Equal(2, await machine.Office.SweepAsync(DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds(), CancellationToken.None));
        Assert.NotNull((await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [3])).Posted);
    }

    [Fact]
    public async Task Two_versions_work_side_by_side_and_one_that_is_too_old_does_not_start()
    {
        await using var own = await TestPostgres.StartAsync();
        await using var database = NpgsqlDataSource.Create(own.Settings);
        await PostgresSchema.MigrateAsync(database, TestContext.Current.CancellationToken);
        var cluster = Guid.NewGuid().ToString();
        await using var older = await TestMachine.StartAsync(own, cluster);
        // A later build adds a column while the older one runs; the older one starts again beside it.
        string[] later = [.. Enumerable.Repeat("SELECT 1", PostgresSchema.Version), "ALTER TABLE dapari.envelopes ADD COLUMN later int; ALTER TABLE dapari.mailboxes ADD COLUMN later int"];
        await PostgresSchema.MigrateAsync(database, later, PostgresSchema.Version, TestContext.Current.CancellationToken);
        await using var again = await TestMachine.StartAsync(own, cluster);
        var box = new TestMailbox();
        await using var owner = await older.ConnectAsync();
        await using var sender = await again.ConnectAsync();
        await owner.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        Assert.NotNull((await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1])).Posted);
        Assert.Equal([1], (await owner.DeliveryAsync()).Envelope.ToByteArray());
        // And one that demands more shuts it out.
        await PostgresSchema.MigrateAsync(database, [.. later, "SELECT 1"], later.Length + 1, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<StorageException>(() => PostgresSchema.MigrateAsync(database, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_machine_alone_loads_neither_Orleans_nor_the_database_driver()
    {
        var data = Directory.CreateTempSubdirectory("dapari-alone-").FullName;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", data, "--listen", "127.0.0.1:0", "--relay", "off"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        try
        {
            // The greeting is the last thing that a start does.
            string? line;
            var output = "";
            while (!output.Contains("http://", StringComparison.Ordinal) && (line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken)) is not null)
                output += line;
            Assert.Contains("http://", output, StringComparison.Ordinal);
            var maps = await File.ReadAllTextAsync($"/proc/{process.Id}/maps", TestContext.Current.CancellationToken);
            Assert.Contains("dapari-server.dll", maps, StringComparison.Ordinal);
            Assert.DoesNotContain("Orleans", maps, StringComparison.Ordinal);
            Assert.DoesNotContain("Npgsql", maps, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(data, true);
        }
    }
}
