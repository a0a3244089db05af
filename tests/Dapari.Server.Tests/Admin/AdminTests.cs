using System.Net;
using System.Net.WebSockets;
using Dapari.Server.Admin;
using Dapari.Server.Hosting;
using Dapari.Server.Options;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Admin;

public sealed class AdminTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Usage_is_numbers_without_names_and_the_same_on_the_stopped_data_folder()
    {
        var server = await TestServer.StartAsync();
        await using (server)
        {
            var box = await MailboxTests.PrepareAsync(server);
            await using var sender = await server.ConnectAsync();
            await sender.OpenSenderAsync(box);
            for (var i = 0; i < 3; i++)
                await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1, 2, 3]);
            var running = await Operator.DoneAsync(server.Data, "usage");
            Assert.Equal((1, 3), ((int)running["mailboxes"]!, (int)running["envelopes"]!));
            Assert.True((int)running["connections"]! >= 1);
            Assert.DoesNotContain(box.Id.ToString(), running.ToJsonString(), StringComparison.Ordinal);
            await server.Host.DisposeAsync();
            var stopped = await Operator.DoneAsync(server.Data, "usage");
            Assert.Equal((1, 3), ((int)stopped["mailboxes"]!, (int)stopped["envelopes"]!));
            Assert.Null(stopped["connections"]);
        }
    }

    [Fact]
    public async Task Only_the_servers_own_user_reaches_the_socket()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix sockets with modes");
        await using var server = await TestServer.StartAsync();
        var path = AdminSocket.PathIn(server.Data);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task Rubbish_at_the_socket_is_no_answer_and_the_next_command_is()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var rubbish in new byte[][] { [], [0], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 2, (byte)'{', (byte)'}'], [0, 0, 0, 3, (byte)'[', (byte)'1', (byte)']'], [0, 0, 0, 1, (byte)'x'] })
        {
            using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
            await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(AdminSocket.PathIn(server.Data)), Token);
            await socket.SendAsync(rubbish, Token);
        }

        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await silent.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(AdminSocket.PathIn(server.Data)), Token);
        var end = silent.ReceiveAsync(new byte[1], Token).AsTask();
        await ProtocolTests.UntilAsync(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            return end.IsCompleted;
        });
        Assert.Equal(0, await end);
        Assert.Equal(2, (await Operator.AskAsync(server.Data, "nothing")).Exit);
        await Operator.DoneAsync(server.Data, "usage");
    }

    [Theory]
    [InlineData("quota", "set", "mailbox-bytes", "12")]
    [InlineData("quota", "set", "listen", "*:80")]
    [InlineData("quota", "set", "retention-days", "0")]
    [InlineData("registration", "token", "new", "--uses")]
    [InlineData("registration", "token", "new", "--uses", "0")]
    [InlineData("block", "0.0.0.0/0")]
    [InlineData("block", "nobody")]
    [InlineData("downgrade", "1")]
    public async Task What_is_not_meant_is_refused_with_a_reason_and_changes_nothing(params string[] words)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-admin-").FullName;
        var (exit, json) = await Operator.AskAsync(folder, words);
        Assert.Equal(2, exit);
        Assert.NotEmpty(json["error"]!.GetValue<string>());
        Assert.False(File.Exists(Path.Combine(folder, "admin.json")));
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task A_quota_and_a_retention_hold_at_once()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1]);
        await Operator.DoneAsync(server.Data, "quota", "set", "mailbox-envelopes", "2");
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [2])).KindCase);
        Assert.Equal(Refusal.MailboxFull, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [3])).Refused?.Refusal);
        await Operator.DoneAsync(server.Data, "quota", "reset", "mailbox-envelopes");
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [3])).KindCase);
        server.Time.Advance(TimeSpan.FromDays(3));
        await server.Host.Housekeeping.SweepAsync();
        Assert.Equal(3, (int)(await Operator.DoneAsync(server.Data, "usage"))["envelopes"]!);
        await Operator.DoneAsync(server.Data, "retention", "set", "retention-days", "2");
        await server.Host.Housekeeping.SweepAsync();
        Assert.Equal(0, (int)(await Operator.DoneAsync(server.Data, "usage"))["envelopes"]!);
        await using var late = await server.ConnectAsync();
        Assert.Equal(2u, late.Welcome!.Limits.RetentionDays);
    }

    [Fact]
    public async Task A_blocked_mailbox_takes_nothing_and_gives_nothing_until_it_is_unblocked()
    {
        await using var server = await TestServer.StartAsync();
        var box = new TestMailbox();
        await using var owner = await server.ConnectAsync();
        await owner.CreateAsync(box);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await Operator.DoneAsync(server.Data, "block", box.Id.ToString());
        Assert.Equal(Refusal.UnknownMailbox, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1])).Refused?.Refusal);
        Assert.Equal(Refusal.UnknownMailbox, (await owner.AskAsync(new ClientFrame { GetUsage = new GetUsage { MailboxId = box.Id.ToByteString() } })).Refused?.Refusal);
        Assert.Equal(Refusal.UnknownMailbox, (await owner.OpenAsync(box)).Refused?.Refusal);
        Assert.Equal(Refusal.UnknownMailbox, (await sender.OpenSenderAsync(box)).Refused?.Refusal);
        Assert.Equal(box.Id.ToString(), (await Operator.DoneAsync(server.Data, "blocked"))["mailboxes"]![0]!.GetValue<string>());
        await Operator.DoneAsync(server.Data, "unblock", box.Id.ToString());
        Assert.Equal(ServerFrame.KindOneofCase.MailboxOpened, (await owner.OpenAsync(box)).KindCase);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1])).KindCase);
        Assert.Equal(1u, (await owner.DeliveryAsync()).Sequence);
    }

    [Fact]
    public async Task A_blocked_address_is_shown_the_door_and_let_in_again()
    {
        await using var server = await TestServer.StartAsync();
        await using var before = await server.ConnectAsync();
        using var http = new HttpClient();
        await Operator.DoneAsync(server.Data, "block", "127.0.0.0/8");
        Assert.Null(await before.ReceiveAsync());
        await Assert.ThrowsAsync<WebSocketException>(server.ConnectAsync);
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(new Uri(server.Uri, "/blobs/x"), Token)).StatusCode);
        await Operator.DoneAsync(server.Data, "unblock", "127.0.0.0/8");
        await using var after = await server.ConnectAsync();
        Assert.NotNull(after.Welcome);
    }

    [Theory]
    [InlineData("::ffff:192.0.2.7", true)]
    [InlineData("192.0.2.8", true)]
    [InlineData("192.0.3.1", false)]
    [InlineData("2001:db8:1::5", true)]
    [InlineData("2001:db8:2::5", false)]
    public void Addresses_are_judged_by_what_they_are_and_not_by_how_they_are_written(string address, bool blocked)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-admin-").FullName;
        var rules = ServerRules.Open(folder, TimeProvider.System, RandomSource.System);
        rules.Change(d => d with { Addresses = ["192.0.2.0/24", "2001:db8:1::/48"] });
        Assert.Equal(blocked, rules.IsBlocked(IPAddress.Parse(address)));
        Assert.Equal(blocked, ServerRules.Open(folder, TimeProvider.System, RandomSource.System).IsBlocked(IPAddress.Parse(address)));
        Directory.Delete(folder, true);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"settings":{},"tokens":[],"addresses":["x"],"mailboxes":[]}""")]
    [InlineData("""{"settings":{},"tokens":[],"addresses":[],"mailboxes":["12"]}""")]
    public async Task A_damaged_file_of_decisions_stops_the_start_with_a_reason(string text)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-admin-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "admin.json"), text, Token);
        var e = await Assert.ThrowsAsync<StartException>(() => ServerHost.StartAsync(new ServerOptions { Data = folder, Listen = [new IPEndPoint(IPAddress.Loopback, 0)] }, TimeProvider.System));
        Assert.Contains("admin.json is damaged", e.Message, StringComparison.Ordinal);
        Directory.Delete(folder, true);
    }
}
