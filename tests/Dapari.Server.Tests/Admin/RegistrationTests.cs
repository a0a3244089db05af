using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Admin;

public sealed class RegistrationTests
{
    [Fact]
    public async Task Who_has_a_code_registers_and_nobody_else_and_a_code_counts_as_often_as_it_says()
    {
        await using var server = await TestServer.StartAsync(o => o with { Registration = Registration.Invited });
        var code = (await Operator.DoneAsync(server.Data, "registration", "token", "new", "--uses", "2"))["code"]!.GetValue<string>();

        await using var stranger = await server.ConnectAsync();
        Assert.Equal(Registration.Invited, stranger.Welcome!.Registration);
        Assert.Equal(Refusal.RegistrationClosed, (await stranger.CreateAsync(new TestMailbox())).Refused?.Refusal);
        await using var guesser = await ConnectAsync(server, "not-it");
        Assert.Equal(Refusal.RegistrationClosed, (await guesser.CreateAsync(new TestMailbox())).Refused?.Refusal);

        var first = new TestMailbox();
        await using var invited = await ConnectAsync(server, code);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await invited.CreateAsync(first)).KindCase);
        // Whoever is in makes the rest without using the code up, and a repeat does not use it up either.
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await invited.CreateAsync(new TestMailbox())).KindCase);
        await using var again = await ConnectAsync(server, code);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await again.CreateAsync(first)).KindCase);
        Assert.Equal(1, (int)(await Operator.DoneAsync(server.Data, "registration", "token", "list"))["tokens"]![0]!["uses"]!);

        await using var second = await ConnectAsync(server, code);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await second.CreateAsync(new TestMailbox())).KindCase);
        await using var third = await ConnectAsync(server, code);
        Assert.Equal(Refusal.RegistrationClosed, (await third.CreateAsync(new TestMailbox())).Refused?.Refusal);
    }

    [Fact]
    public async Task A_code_of_one_use_admits_one_of_many_who_come_at_once()
    {
        await using var server = await TestServer.StartAsync(o => o with { Registration = Registration.Invited });
        var code = (await Operator.DoneAsync(server.Data, "registration", "token", "new"))["code"]!.GetValue<string>();
        var clients = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ConnectAsync(server, code)));
        var answers = await Task.WhenAll(clients.Select(c => c.CreateAsync(new TestMailbox())));
        Assert.Equal(1, answers.Count(a => a.KindCase == ServerFrame.KindOneofCase.Done));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_code_ends_with_its_days_or_when_it_is_revoked_and_outlives_a_new_start()
    {
        await using var server = await TestServer.StartAsync(o => o with { Registration = Registration.Invited });
        var over = (await Operator.DoneAsync(server.Data, "registration", "token", "new", "--days", "1"))["code"]!.GetValue<string>();
        var revoked = await Operator.DoneAsync(server.Data, "registration", "token", "new", "--days", "30");
        var kept = (await Operator.DoneAsync(server.Data, "registration", "token", "new", "--days", "30"))["code"]!.GetValue<string>();
        await Operator.DoneAsync(server.Data, "registration", "token", "revoke", revoked["id"]!.GetValue<string>());
        server.Time.Advance(TimeSpan.FromDays(2));
        await server.RestartAsync();
        foreach (var (code, admitted) in new[] { (over, false), (revoked["code"]!.GetValue<string>(), false), (kept, true) })
        {
            await using var client = await ConnectAsync(server, code);
            Assert.Equal(admitted, (await client.CreateAsync(new TestMailbox())).KindCase == ServerFrame.KindOneofCase.Done);
        }

        // What is on the disk does not tell a code.
        Assert.DoesNotContain(kept, await File.ReadAllTextAsync(Path.Combine(server.Data, "admin.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(server.Data, "admin.json")));
    }

    [Fact]
    public async Task The_mode_changes_while_the_server_runs_and_stays_after_a_new_start()
    {
        await using var server = await TestServer.StartAsync();
        await using var open = await server.ConnectAsync();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await open.CreateAsync(new TestMailbox())).KindCase);
        await Operator.DoneAsync(server.Data, "registration", "closed");
        await using var stranger = await server.ConnectAsync();
        Assert.Equal(Registration.Closed, stranger.Welcome!.Registration);
        Assert.Equal(Refusal.RegistrationClosed, (await stranger.CreateAsync(new TestMailbox())).Refused?.Refusal);
        // Who is in already goes on.
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await open.CreateAsync(new TestMailbox())).KindCase);
        await server.RestartAsync();
        Assert.Equal(Registration.Closed, server.Host.Options.Registration);
        await Operator.DoneAsync(server.Data, "registration", "open");
        await using var late = await server.ConnectAsync();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await late.CreateAsync(new TestMailbox())).KindCase);
    }

    [Fact]
    public async Task The_first_page_is_told_whether_it_needs_a_code_and_whether_one_is_good_without_using_it_up()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Uri };
        async Task<string> AskAsync(string code)
        {
            using var body = new StringContent(code);
            using var answer = await http.PostAsync(new Uri("/registration", UriKind.Relative), body, TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode ? (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Trim() : $"{(int)answer.StatusCode}";
        }

        Assert.Equal("open", await AskAsync(""));
        await Operator.DoneAsync(server.Data, "registration", "invited");
        var code = (await Operator.DoneAsync(server.Data, "registration", "token", "new"))["code"]!.GetValue<string>();
        foreach (var (said, told) in new[] { ("", "invited"), ("wrong", "invited"), (code, "admitted"), (code, "admitted"), (new string('x', 65), "400") })
            Assert.Equal(told, await AskAsync(said));
        await using var client = await ConnectAsync(server, code);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await client.CreateAsync(new TestMailbox())).KindCase);
        Assert.Equal("invited", await AskAsync(code));
        await Operator.DoneAsync(server.Data, "registration", "closed");
        Assert.Equal("closed", await AskAsync(code));
    }

    internal static async Task<TestClient> ConnectAsync(TestServer server, string code)
    {
        var client = await TestClient.ConnectAsync(server.Uri);
        await client.HelloAsync(code);
        return client;
    }
}
