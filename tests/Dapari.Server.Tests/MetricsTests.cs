using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What the server tells its operator, and what it never does. Prometheus itself has to be installed: eng/common.sh, need_prometheus.</summary>
public sealed class MetricsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Figures_follow_what_is_done()
    {
        await using var server = await StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        for (var i = 0; i < 3; i++)
            Assert.Equal(ServerFrame.KindOneofCase.Posted, (await PostAsync(sender, box)).KindCase);
        Assert.Equal(Refusal.NotOpen, (await PostAsync(sender, new TestMailbox())).Refused.Refusal);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        for (var i = 0; i < 3; i++)
            await owner.DeliveryAsync();

        var figures = await ReadAsync(server);
        Assert.Equal(4, figures["dapari_frames_received_total{kind=\"post\"}"]);
        Assert.Equal(3, figures["dapari_frames_sent_total{kind=\"posted\"}"]);
        Assert.Equal(3, figures["dapari_frames_sent_total{kind=\"deliver\"}"]);
        Assert.Equal(1, figures["dapari_refusals_total{reason=\"not_open\"}"]);
        Assert.Equal(1, figures["dapari_ready"]);
        Assert.InRange(figures["dapari_connections"], 2, 3); // The first may still be leaving.
        Assert.InRange(figures["dapari_commit_seconds_count"], 1, 10);
        Assert.Equal(figures["dapari_commit_seconds_count"], figures["dapari_commit_seconds_bucket{le=\"+Inf\"}"]);
        Assert.True(figures["process_resident_memory_bytes"] > 1_000_000);
    }

    [Fact]
    public async Task Figures_are_nowhere_unless_asked_for_and_never_where_people_connect()
    {
        await using var silent = await TestServer.StartAsync();
        Assert.Null(silent.Host.MetricsAddress);
        await using var server = await StartAsync();
        Assert.NotEqual(server.Uri.Port, server.Host.MetricsAddress!.Port);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(server.Uri, "/metrics"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("dapari_", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var path in new[] { "/", "/healthz", "/ws", "/blobs/", "/metrics/x" })
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(server.Host.MetricsAddress, path), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task It_is_ready_until_its_disk_fails_or_it_says_goodbye()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxDataBytes = 600 * 1024 });
        using var http = new HttpClient();
        var page = new Uri(server.Uri, "/readyz");
        Assert.Equal("ok\n", await http.GetStringAsync(page, TestContext.Current.CancellationToken));
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        for (var posts = 0; (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000])).KindCase == ServerFrame.KindOneofCase.Posted; posts++)
            Assert.True(posts < 100, "the disk was never full");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "storage\n"), await AnswerAsync(http, page));
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        for (var i = 0; i < 3; i++)
            await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
        await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000]);
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await AnswerAsync(http, page));

        await sender.CloseAsync();
        await owner.CloseAsync();
        await server.Host.Hub.GoAwayAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), await AnswerAsync(http, page));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await AnswerAsync(http, new Uri(server.Uri, "/healthz"))); // It is not ill: nothing should kill it.
    }

    [Fact]
    public async Task Labels_are_this_programs_words_alone()
    {
        await using var server = await StartAsync();
        var before = (await ReadAsync(server)).Keys.Order().ToArray();
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        await PostAsync(sender, new TestMailbox());
        await using (var rude = await server.ConnectAsync())
        {
            await rude.SendBytesAsync([0xff, 0xff, 0xff]);
            await rude.UntilClosedAsync();
        }

        Assert.Equal(before, (await ReadAsync(server)).Keys.Order()); // Whatever is said to the server: no name more.
        Assert.InRange(before.Length, 50, 200);
        using var http = new HttpClient();
        NamesNobody(await http.GetStringAsync(new Uri(server.Host.MetricsAddress!, "/metrics"), TestContext.Current.CancellationToken), box);
    }

    [Fact]
    public async Task The_log_of_a_real_server_names_no_mailbox_and_no_address()
    {
        var data = Directory.CreateTempSubdirectory("dapari-log-").FullName;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "dapari-server.dll"), "serve", "--data", data, "--listen", "127.0.0.1:0", "--relay", "off", "--rate", "posts=1/1"];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        const string Listening = "Dapari is listening: ";
        string? line;
        do
            line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        while (line is not null && !line.StartsWith(Listening, StringComparison.Ordinal));
        var uri = new Uri(Assert.IsType<string>(line)[Listening.Length..]);
        var rest = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var box = new TestMailbox();
        await using (var client = await TestClient.HelloAsync(uri))
        {
            await client.CreateAsync(box);
            await client.OpenSenderAsync(box);
            await PostAsync(client, box);
            Assert.Equal(Refusal.Rate, (await PostAsync(client, box)).Refused.Refusal);
            await client.OpenAsync(new TestMailbox());
            await client.SendBytesAsync([0xff, 0xff, 0xff]);
            await client.UntilClosedAsync();
        }

        await using (var rude = await TestClient.HelloAsync(uri))
        {
            await rude.OpenAsync(box);
            rude.Break();
        }

        process.Kill(); // What it wrote is in the pipe.
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        // The greeting tells the server's own address; a client's has another port.
        NamesNobody((await rest + await errors).Replace(uri.Authority, "", StringComparison.Ordinal), box);
        Directory.Delete(data, true);
    }

    /// <summary>Every expression of the dashboard, asked of a real Prometheus that watches a real server under a little load.</summary>
    [Fact]
    public async Task Every_query_of_the_dashboard_has_an_answer()
    {
        var queries = Queries();
        Assert.True(queries.Count >= 20);
        Assert.SkipUnless(Prometheus.IsInstalled, "Prometheus is not installed on this machine.");
        await using var server = await StartAsync();
        await using var prometheus = await Prometheus.StartAsync(server.Host.MetricsAddress!);
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await using var owner = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await owner.OpenAsync(box);
        var began = Stopwatch.StartNew();
        var open = queries;
        while (open.Count > 0)
        {
            Assert.True(began.Elapsed < Patience, "No answer to: " + string.Join("; ", open));
            await PostAsync(sender, box);
            await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
            var left = new List<string>();
            foreach (var query in open)
            {
                if (!await prometheus.HasValueAsync(query))
                    left.Add(query);
            }

            open = left;
        }
    }

    [Fact]
    public void A_bound_belongs_to_its_bucket()
    {
        var times = new CommitTimes();
        times.Add(TimeSpan.FromMilliseconds(1));
        times.Add(TimeSpan.FromMilliseconds(1.5));
        times.Add(TimeSpan.FromSeconds(60));
        var page = new Exposition();
        page.Histogram("x", "y", times);
        Assert.Contains("x_bucket{le=\"0.0005\"} 0\nx_bucket{le=\"0.001\"} 1\nx_bucket{le=\"0.002\"} 2\n", page.ToString(), StringComparison.Ordinal);
        Assert.Contains("x_bucket{le=\"5\"} 2\nx_bucket{le=\"+Inf\"} 3\nx_sum 60.0025\nx_count 3\n", page.ToString(), StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(o => o with { Metrics = new IPEndPoint(IPAddress.Loopback, 0) });

    private static Task<ServerFrame> PostAsync(TestClient client, TestMailbox box) => client.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[100]);

    private static async Task<(HttpStatusCode Status, string Text)> AnswerAsync(HttpClient http, Uri page)
    {
        using var answer = await http.GetAsync(page, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<Dictionary<string, double>> ReadAsync(TestServer server)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(server.Host.MetricsAddress!, "/metrics"), TestContext.Current.CancellationToken);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#')
            .ToDictionary(l => l[..l.LastIndexOf(' ')], l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    private static void NamesNobody(string text, TestMailbox box)
    {
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        foreach (var bytes in new[] { box.Id.ToByteString(), box.Owner.Public, box.Sender.Public })
        {
            var base64 = bytes.ToBase64().TrimEnd('=');
            foreach (var form in new[] { Convert.ToHexString(bytes.Span), base64, base64.Replace('+', '-').Replace('/', '_') })
                Assert.DoesNotContain(form[..12], text, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static List<string> Queries()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dapari.slnx")))
            folder = folder.Parent!;
        using var dashboard = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.FullName, "deploy", "grafana", "dapari-server.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)];
    }
}
