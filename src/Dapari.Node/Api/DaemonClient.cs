using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Home;

namespace Dapari.Node.Api;

/// <summary>The folder's daemon, over its socket.</summary>
internal sealed class DaemonClient : INodeClient
{
    private readonly HttpClient _http;

    private DaemonClient(string socket)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = async (_, cancellation) => new NetworkStream(await ConnectAsync(socket, cancellation), ownsSocket: true),
        })
        {
            BaseAddress = new Uri("http://localhost/v1/"), Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <inheritdoc/>
    public bool IsDaemon => true;

    /// <summary>Connects to a folder's daemon; null: there is none.</summary>
    public static async Task<DaemonClient?> TryConnectAsync(string folder, CancellationToken cancellation)
    {
        var socket = NodeHome.SocketOf(folder);
        if (!NodeHome.FitsSocket(folder) || !File.Exists(socket))
            return null;
        try
        {
            using (await ConnectAsync(socket, cancellation))
                return new DaemonClient(socket);
        }
        catch (SocketException)
        {
            // A socket that nobody listens on was left by a daemon that is gone.
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellation)
    {
        try
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Method), Url(request));
            if (!request.Body.IsEmpty)
                message.Content = new ReadOnlyMemoryContent(request.Body);
            using var answer = await _http.SendAsync(message, cancellation);
            return new ApiAnswer((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (HttpRequestException fault)
        {
            throw new IOException("The daemon does not answer: " + fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<EventBody> EventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "events");
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException fault)
        {
            throw new IOException("The daemon does not answer: " + fault.Message, fault);
        }

        using (answer)
        {
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
            while (await lines.ReadLineAsync(cancellation) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonSerializer.Deserialize(line.AsSpan(6), ApiJson.Default.EventBody) is { } happened)
                    yield return happened;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri Url(ApiRequest request)
    {
        var path = string.Join('/', request.Path.Select(Uri.EscapeDataString));
        var query = string.Join('&', request.Query.Select(pair => Uri.EscapeDataString(pair.Key) + "=" + Uri.EscapeDataString(pair.Value)));
        return new Uri(query.Length == 0 ? path : path + "?" + query, UriKind.Relative);
    }

    private static async Task<Socket> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
