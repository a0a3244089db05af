using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Stands in for an OpenTelemetry collector: takes OTLP over HTTP and keeps the bytes, or, when told, never answers.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = [];

    private OtlpCollector(WebApplication app) => _app = app;

    public Uri Uri => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Somebody waits for an answer that never comes.</summary>
    public TaskCompletionSource Hung { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] All => [.. _taken.SelectMany(t => t.Body)];

    public static async Task<OtlpCollector> StartAsync(bool answers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.WebHost.UseShutdownTimeout(TimeSpan.Zero);
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.Run(context => collector.TakeAsync(context, answers));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>What came for a signal, as text in which every protobuf string is to be found.</summary>
    public string Text(string signal) => Encoding.Latin1.GetString([.. _taken.Where(t => t.Path == "/v1/" + signal).SelectMany(t => t.Body)]);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _app.DisposeAsync();
        _ended.Dispose();
    }

    private async Task TakeAsync(HttpContext context, bool answers)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, _ended.Token);
        if (!answers)
        {
            Hung.TrySetResult();
            await Task.Delay(Timeout.Infinite, _ended.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (context.Request is { Method: "POST", ContentType: "application/x-protobuf" })
            _taken.Enqueue((context.Request.Path.Value!, body.ToArray()));
        context.Response.ContentType = "application/x-protobuf"; // OTLP 1.0: an empty message says that all was taken.
    }
}
