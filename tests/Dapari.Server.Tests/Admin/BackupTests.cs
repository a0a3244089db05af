using System.Net;
using Dapari.Server.Storage;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Admin;

public sealed class BackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-restore-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_of_a_running_server_put_into_an_empty_folder_is_the_server_again()
    {
        var file = Path.Combine(_folder, "town.tar");
        var data = Path.Combine(_folder, "data");
        var box = new TestMailbox();
        DropOff drop;
        byte[] secret;
        await using (var server = await TestServer.StartAsync())
        {
            await using var user = await BlobUser.ConnectAsync(server.Uri, box);
            drop = await user.StoreAsync(300_000);
            await using var sender = await server.ConnectAsync();
            await sender.OpenSenderAsync(box);
            for (byte i = 1; i <= 20; i++)
                await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [i]);
            await user.AskAsync(new ClientFrame { Acknowledge = new Acknowledge { MailboxId = box.Id.ToByteString(), Sequences = { 1, 2, 3, 4, 5 } } });
            secret = await File.ReadAllBytesAsync(Path.Combine(server.Data, "relay.secret"), Token);
            await Operator.DoneAsync(server.Data, "registration", "invited");

            // Posts go on meanwhile: what is answered before is in it, in order and once.
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var load = Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                    await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [200]);
            }, Token);
            var made = await Operator.DoneAsync(server.Data, "backup", file);
            await over.CancelAsync();
            await load;
            Assert.Equal(new FileInfo(file).Length, (long)made["bytes"]!);
            Assert.Equal(1, (await Operator.AskAsync(server.Data, "backup", file)).Exit); // Never over another file.
        }

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder));
        await Operator.DoneAsync(data, "restore", file);
        Assert.Equal(secret, await File.ReadAllBytesAsync(Path.Combine(data, "relay.secret"), Token));
        Assert.True((bool)(await Operator.DoneAsync(data, "check"))["sound"]!);
        await using var again = await TestServer.StartAsync(o => o with { Data = data });
        Assert.Equal(Registration.Invited, again.Host.Options.Registration);
        await using var owner = await again.ConnectAsync();
        Assert.Equal(5u, (await owner.OpenAsync(box)).MailboxOpened.HighestAcknowledged);
        var next = 6ul;
        for (byte i = 6; i <= 20; i++, next++)
        {
            var delivery = await owner.DeliveryAsync();
            Assert.Equal((next, i), (delivery.Sequence, delivery.Envelope[0]));
            await owner.AcknowledgeAsync(box, delivery.Sequence);
        }

        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(again.Uri, $"/blobs/{drop.Id}"));
        request.Headers.Authorization = new("Bearer", drop.Read.ToText());
        using var answer = await http.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(drop.Content, await answer.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_damaged_or_cut_backup_is_refused_and_leaves_the_folder_empty()
    {
        var (file, data) = (Path.Combine(_folder, "town.tar"), Path.Combine(_folder, "data"));
        await using (var server = await TestServer.StartAsync())
        {
            await MailboxTests.PrepareAsync(server);
            await Operator.DoneAsync(server.Data, "backup", file);
        }

        var whole = await File.ReadAllBytesAsync(file, Token);
        var marks = new[] { 0, 600, whole.Length / 3, whole.Length / 2 };
        foreach (var cut in marks)
        {
            await File.WriteAllBytesAsync(file, whole[..cut], Token);
            Assert.Equal(1, (await Operator.AskAsync(data, "restore", file)).Exit);
            Assert.Empty(Directory.GetFileSystemEntries(data));
        }

        var flipped = whole.ToArray();
        flipped[flipped.AsSpan().IndexOf("SQLite format 3"u8) + 3000] ^= 1;
        await File.WriteAllBytesAsync(file, flipped, Token);
        var (exit, json) = await Operator.AskAsync(data, "restore", file);
        Assert.Equal(1, exit);
        Assert.Contains("checksum", json["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(data));
        await File.WriteAllBytesAsync(file, whole, Token);
        await Operator.DoneAsync(data, "restore", file);
        Assert.Equal(1, (await Operator.AskAsync(data, "restore", file)).Exit); // Not over what is there.
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/outside")]
    [InlineData("a/b/c")]
    [InlineData("blobs/..")]
    [InlineData(".hidden")]
    public async Task An_entry_that_leads_out_of_the_folder_is_refused(string name)
    {
        var file = Path.Combine(_folder, "bad.tar");
        await using (var stream = File.Create(file))
        await using (var tar = new System.Formats.Tar.TarWriter(stream))
        {
            foreach (var (entry, text) in new[] { ("dapari-backup.json", """{"format":1,"schema":1}"""), (name, "x") })
            {
                using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
                await tar.WriteEntryAsync(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, entry) { DataStream = content }, Token);
            }
        }

        var (exit, json) = await Operator.AskAsync(Path.Combine(_folder, "data"), "restore", file);
        Assert.Equal(1, exit);
        Assert.Contains("none may be", json["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "outside")));
    }

    [Fact]
    public async Task A_check_finds_what_does_not_belong_together_and_mends_it()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        await user.StoreAsync(50_000);
        Assert.True((bool)(await Operator.DoneAsync(server.Data, "check"))["sound"]!);
        var blobs = Path.Combine(server.Data, "blobs");
        var kept = Directory.GetFiles(blobs).Single();
        await File.WriteAllTextAsync(Path.Combine(blobs, "0123"), "stray", Token);
        await using (var cut = File.OpenWrite(kept))
            cut.SetLength(100);
        var (exit, found) = await Operator.AskAsync(server.Data, "check");
        Assert.Equal((1, 1, 1), (exit, (int)found["orphans"]!, (int)found["short"]!));
        await Operator.DoneAsync(server.Data, "check", "--repair");
        Assert.Equal([kept], Directory.GetFiles(blobs));
        Assert.True((bool)(await Operator.DoneAsync(server.Data, "check"))["sound"]!);
    }

    [Fact]
    public async Task A_damaged_database_is_noticed()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            for (var i = 0; i < 50; i++)
                await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[2000]);
        }

        await server.Host.DisposeAsync();
        await Operator.DoneAsync(server.Data, "downgrade", "3"); // Envelopes are in the database then.
        var path = Path.Combine(server.Data, "dapari.db");
        var bytes = await File.ReadAllBytesAsync(path, Token);
        for (var at = bytes.Length / 2; at < bytes.Length; at++)
            bytes[at] = 0x5A;
        await File.WriteAllBytesAsync(path, bytes, Token);
        Assert.Equal(1, (await Operator.AskAsync(server.Data, "check")).Exit);
    }

    [Fact]
    public async Task The_way_to_an_older_schema_and_up_again_loses_and_doubles_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            for (byte i = 1; i <= 40; i++)
                await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [i]);
        }

        await using (var owner = await server.ConnectAsync())
        {
            await owner.OpenAsync(box);
            for (var i = 1; i <= 10; i++)
                await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
        }

        Assert.Equal(1, (await Operator.AskAsync(server.Data, "downgrade", "3")).Exit); // Not under a running server.
        await server.Host.DisposeAsync();
        foreach (var version in new[] { 3, 2 })
        {
            Assert.Equal(version, (int)(await Operator.DoneAsync(server.Data, "downgrade", $"{version}"))["schema"]!);
            // As an older build sees it: no journal, all in the tables it knows.
            Assert.False(Directory.Exists(Path.Combine(server.Data, "journal")));
            using (var database = Database.Open(Path.Combine(server.Data, "dapari.db"), readOnly: true))
            {
                Assert.Equal(version, database.Scalar("PRAGMA user_version"));
                Assert.Equal(30, database.Scalar("SELECT count(*) FROM envelopes"));
                Assert.Equal(10, database.Scalar("SELECT highest_acknowledged FROM mailboxes"));
            }
        }

        await server.RestartAsync(server.Time);
        await using var back = await server.ConnectAsync();
        Assert.Equal(10u, (await back.OpenAsync(box)).MailboxOpened.HighestAcknowledged);
        for (byte i = 11; i <= 40; i++)
        {
            var delivery = await back.DeliveryAsync();
            Assert.Equal((i, i), ((byte)delivery.Sequence, delivery.Envelope[0]));
        }
    }

    public void Dispose() => Directory.Delete(_folder, true);
}
