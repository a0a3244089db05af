using Dapari.Server.Options;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What leaves for an OpenTelemetry collector, and what never does.</summary>
public sealed class OtlpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Figures_traces_and_the_log_arrive_and_name_nobody()
    {
        await using var collector = await OtlpCollector.StartAsync(answers: true);
        await using var server = await TestServer.StartAsync(o => o with { MaxDataBytes = 600 * 1024, Otlp = new OtlpServing { Collector = collector.Uri, TraceOneOf = 1 } });
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var id = EnvelopeId.Random(RandomSource.System);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, id, new byte[100])).KindCase);
        // Until its disk is full: that is logged.
        for (var posts = 0; (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[30_000])).KindCase == ServerFrame.KindOneofCase.Posted; posts++)
            Assert.True(posts < 100, "the disk was never full");

        Assert.True(await server.Host.Otlp!.FlushAsync(Patience), "the collector did not take everything");

        var figures = collector.Text("metrics");
        foreach (var name in new[] { "dapari-server", "dapari_connections", "dapari_frames_received", "dapari_commit_seconds", "dapari_refusals", "dapari_storage_failing" })
            Assert.Contains(name, figures, StringComparison.Ordinal);
        var traces = collector.Text("traces");
        foreach (var name in new[] { "post", "queued", "settled", "dapari.outcome", "done", "Storage" })
            Assert.Contains(name, traces, StringComparison.Ordinal);
        Assert.Contains("Nothing is acknowledged until it works again.", collector.Text("logs"), StringComparison.Ordinal);
        var all = collector.All;
        var text = collector.Text("metrics") + traces + collector.Text("logs");
        foreach (var told in new[] { "127.0.0.1", "localhost", server.Data, Environment.MachineName })
            Assert.DoesNotContain(told, text, StringComparison.OrdinalIgnoreCase);
        foreach (var bytes in new[] { box.Id.ToByteString(), box.Owner.Public, box.Sender.Public, id.ToByteString() })
        {
            Assert.Equal(-1, all.AsSpan().IndexOf(bytes.Span[..8]));
            var base64 = bytes.ToBase64().TrimEnd('=');
            foreach (var form in new[] { Convert.ToHexString(bytes.Span), base64, base64.Replace('+', '-').Replace('/', '_') })
                Assert.DoesNotContain(form[..12], text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Drop_offs_are_traced_by_what_was_done_and_how_it_ended_and_name_nobody()
    {
        await using var collector = await OtlpCollector.StartAsync(answers: true);
        await using var server = await TestServer.StartAsync(o => o with { Otlp = new OtlpServing { Collector = collector.Uri, TraceOneOf = 1 } });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(70_000);
        using (var get = await user.GetAsync(drop))
            Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(70_000, await user.ReceivedAsync(drop));
        using (await user.DeleteAsync(drop, drop.Read))
        using (var gone = await user.GetAsync(drop))
            Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);

        // A span ends a moment after its answer has gone.
        var began = TimeProvider.System.GetTimestamp();
        string traces;
        do
        {
            Assert.True(await server.Host.Otlp!.FlushAsync(Patience), "the collector did not take everything");
            traces = collector.Text("traces");
        }
        while (!traces.Contains("404", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(began) < Patience);
        foreach (var name in new[] { "blob-upload", "blob-download", "blob-look", "blob-removal", "done", "404" })
            Assert.Contains(name, traces, StringComparison.Ordinal);
        Assert.DoesNotContain(drop.Id.ToString(), traces, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("127.0.0.1", traces, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_never_answers_holds_nobody_up()
    {
        await using var collector = await OtlpCollector.StartAsync(answers: false);
        await using var server = await TestServer.StartAsync(o => o with { Otlp = new OtlpServing { Collector = collector.Uri, TraceOneOf = 1 } });
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var flush = server.Host.Otlp!.FlushAsync(Patience);
        await collector.Hung.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        for (var i = 0; i < 3000; i++) // More than the queue of spans holds.
            Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[1])).KindCase);
        Assert.False(await flush);
    }

    [Fact]
    public void Nothing_leaves_unless_a_collector_is_named()
    {
        Assert.True(OptionsReader.TryRead(["--data", "/d"], _ => null, out var silent, out _));
        Assert.Null(silent.Otlp.Collector);
        Assert.True(OptionsReader.TryRead(["--data", "/d", "--otlp", "http://collector:4318", "--otlp-trace-one-of", "7"], _ => null, out var options, out _));
        Assert.Equal(new OtlpServing { Collector = new Uri("http://collector:4318"), TraceOneOf = 7 }, options.Otlp);
        foreach (var wrong in new[] { "collector:4318", "grpc://collector:4317", "http://collector:4318/v1/metrics", "" })
            Assert.False(OptionsReader.TryRead(["--data", "/d", "--otlp", wrong], _ => null, out _, out _), wrong);
    }
}
