using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Dapari.Server.Tests.S3;

/// <summary>What befalls a request on its way to the store.</summary>
/// <param name="Status">Answered with this instead, and with the code; 0: it goes on.</param>
/// <param name="Code">Of the answer.</param>
/// <param name="CutAfter">So many bytes of the answer's body are passed on, then the connection breaks.</param>
/// <param name="Hold">It waits for this first.</param>
internal sealed record Fault(int Status = 0, string Code = "", int? CutAfter = null, Task? Hold = null);

/// <summary>Before a store: passes requests on as they are, except where a test decides otherwise.</summary>
internal sealed class FaultyStore : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Uri _store;
    private WebApplication? _app;
    private int _requests;

    private FaultyStore(Uri store) => _store = store;

    /// <summary>Asked for each request, by its method and path; null: it goes on.</summary>
    public Func<string, string, Fault?> Decide { get; set; } = (_, _) => null;

    /// <summary>Requests that came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public Uri Uri { get; private set; } = null!;

    public static async Task<FaultyStore> StartAsync(Uri store)
    {
        var faulty = new FaultyStore(store);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        faulty._app = builder.Build();
        faulty._app.Run(faulty.ServeAsync);
        await faulty._app.StartAsync();
        faulty.Uri = new Uri(faulty._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return faulty;
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _http.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        var (method, path) = (context.Request.Method, context.Request.Path.Value!);
        var fault = Decide(method, path) ?? new Fault();
        if (fault.Hold is { } hold)
            await hold.WaitAsync(context.RequestAborted);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (fault.Status != 0)
        {
            context.Response.StatusCode = fault.Status;
            await context.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{fault.Code}</Code><Message>so</Message></Error>");
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_store, path + context.Request.QueryString.Value));
        if (method == "PUT")
            request.Content = new ByteArrayContent(body.ToArray());
        foreach (var (name, value) in context.Request.Headers.Where(h => !h.Key.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)))
            request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value); // The Host too: it is signed.
        using var answer = await _http.SendAsync(request);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var name in new[] { "Content-Range", "Content-Type" })
        {
            if (answer.Content.Headers.TryGetValues(name, out var values))
                context.Response.Headers[name] = values.ToArray();
        }

        if (answer.StatusCode == HttpStatusCode.NoContent)
            return;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes.AsMemory(0, Math.Min(bytes.Length, fault.CutAfter ?? bytes.Length)));
        await context.Response.Body.FlushAsync();
        if (fault.CutAfter < bytes.Length)
            context.Abort();
    }
}
