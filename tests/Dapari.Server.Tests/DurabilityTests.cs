using System.Diagnostics;
using Dapari.Server.Hosting;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class DurabilityTests
{
    [Fact]
    public async Task Every_answered_post_survives_a_kill_in_the_middle_of_posting()
    {
        var data = Directory.CreateTempSubdirectory("dapari-kill-").FullName;
        var boxes = Enumerable.Range(0, 4).Select(_ => new TestMailbox()).ToArray();
        var answered = new List<(int Box, byte[] Envelope)>();
        for (var round = 0; round < 3; round++)
        {
            using var server = await ChildServer.StartAsync(data);
            await using var sender = await TestClient.HelloAsync(server.Uri);
            foreach (var box in boxes)
            {
                Assert.Equal(ServerFrame.KindOneofCase.Done, (await sender.CreateAsync(box)).KindCase);
                await sender.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = box.Id.ToByteString() } });
                await sender.OpenSenderAsync(box);
            }

            // 40 posts on their way at any time; killed without warning after 400 answers.
            var waiting = new Dictionary<ulong, (int, byte[])>();
            var answers = 0;
            while (answers < 400)
            {
                while (waiting.Count < 40)
                {
                    var (box, envelope) = (waiting.Count % boxes.Length, RandomSource.System.Bytes(200));
                    waiting[await sender.SendAsync(TestClient.PostFrame(boxes[box], EnvelopeId.Random(RandomSource.System), envelope))] = (box, envelope);
                }

                var frame = await sender.NextAsync();
                if (frame.KindCase == ServerFrame.KindOneofCase.Deliver) // From before the mailbox was closed here.
                    continue;
                Assert.Equal(ServerFrame.KindOneofCase.Posted, frame.KindCase);
                waiting.Remove(frame.Request, out var post);
                answered.Add(post);
                answers++;
            }

            server.Kill();
        }

        using var last = await ChildServer.StartAsync(data);
        await using var owner = await TestClient.HelloAsync(last.Uri);
        var delivered = new List<(int Box, string Envelope)>();
        for (var i = 0; i < boxes.Length; i++)
        {
            var waiting = (await owner.OpenAsync(boxes[i])).MailboxOpened.WaitingEnvelopes;
            ulong before = 0;
            for (; waiting > 0; waiting--)
            {
                var delivery = await owner.DeliveryAsync();
                Assert.True(delivery.Sequence > before);
                before = delivery.Sequence;
                delivered.Add((i, Convert.ToHexString(delivery.Envelope.Span)));
                await owner.AcknowledgeAsync(boxes[i], delivery.Sequence);
            }
        }

        Assert.Equal(delivered.Count, delivered.Distinct().Count());
        Assert.Empty(answered.Select(a => (a.Box, Convert.ToHexString(a.Envelope))).Except(delivered));
        last.Kill();
        Directory.Delete(data, true);
    }

    [Fact]
    public async Task A_full_disk_refuses_and_acknowledges_nothing_and_posting_goes_on_when_there_is_room()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxDataBytes = 600 * 1024 });
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var stored = 0;
        ServerFrame answer;
        while ((answer = await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000])).KindCase == ServerFrame.KindOneofCase.Posted)
            Assert.True(++stored < 100, "the disk was never full");
        Assert.Equal(Refusal.Storage, answer.Refused.Refusal);
        Assert.Equal(Refusal.Storage, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000])).Refused.Refusal);
        Assert.True(server.Host.IsStorageFailing);
        using (var http = new HttpClient())
            Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri(server.Uri, "/healthz"), TestContext.Current.CancellationToken)).StatusCode);

        await using var owner = await server.ConnectAsync();
        Assert.Equal((ulong)stored, (await owner.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        for (var i = 0; i < 3; i++)
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence)).KindCase);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000])).KindCase);
        Assert.False(server.Host.IsStorageFailing);
        Assert.Equal((ulong)stored - 2, (await MailboxTests.UsageAsync(owner, box)).StoredEnvelopes);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_folder_does_not_start()
    {
        await using var server = await TestServer.StartAsync();
        var second = await Assert.ThrowsAsync<StartException>(() => ServerHost.StartAsync(server.Host.Options, server.Time));
        Assert.Contains("Another server uses", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_left_alone()
    {
        await using var server = await TestServer.StartAsync();
        await server.Host.DisposeAsync();
        using (var database = Storage.Database.Open(Path.Combine(server.Data, "dapari.db"), false))
            database.Execute("PRAGMA user_version = 99");
        var refused = await Assert.ThrowsAsync<StartException>(() => ServerHost.StartAsync(server.Host.Options, server.Time));
        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
    }
}

/// <summary>The real program in a process of its own.</summary>
internal sealed class ChildServer : IDisposable
{
    private readonly Process _process;

    private ChildServer(Process process, Uri uri)
    {
        _process = process;
        Uri = uri;
    }

    public Uri Uri { get; }

    public int Id => _process.Id;

    /// <summary>Files that it has open now.</summary>
    public int OpenFiles => Directory.EnumerateFileSystemEntries($"/proc/{Id}/fd").Count();

    /// <summary>What it says after the line of where it listens; known when it has ended.</summary>
    public Task<string> Greeting { get; private init; } = Task.FromResult("");

    public static Task<ChildServer> StartAsync(string data, params string[] options) => StartAsync(data, files: null, options);

    /// <param name="files">How many files it may open; null: as this process.</param>
    public static async Task<ChildServer> StartAsync(string data, int? files, params string[] options)
    {
        var dotnet = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet";
        var start = new ProcessStartInfo(files is null ? dotnet : "/bin/sh") { RedirectStandardOutput = true };
        if (files is { } most)
        {
            foreach (var word in (string[])["-c", $"ulimit -n {most} && exec \"$@\"", "sh", dotnet])
                start.ArgumentList.Add(word);
        }

        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", data, "--listen", "127.0.0.1:0", "--rate", "all=off", .. options];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        string? line;
        do
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        while (line is not null && !line.StartsWith("Dapari is listening: ", StringComparison.Ordinal));
        Assert.NotNull(line);
        return new ChildServer(process, new Uri(line["Dapari is listening: ".Length..])) { Greeting = process.StandardOutput.ReadToEndAsync() };
    }

    /// <summary>SIGKILL: no handler, no flush.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
