using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Dapari.EndToEnd;

/// <summary>The daemon's local API: asked as often as one likes, where a command would be a process each time.</summary>
public sealed partial class NodePerson
{
    private HttpClient? api;

    /// <summary>What a request is answered; must be success.</summary>
    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Api().GetStringAsync(new Uri("/v1/" + path, UriKind.Relative))) ?? throw new InvalidOperationException(path + " is empty.");

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonNode?> PostAsync(string path, JsonObject? body = null)
    {
        using var answer = await Api().PostAsJsonAsync(new Uri("/v1/" + path, UriKind.Relative), body ?? []);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? (text.Length > 0 ? JsonNode.Parse(text) : null) : throw new InvalidOperationException($"{Name}: POST {path}: {(int)answer.StatusCode} {text}");
    }

    /// <inheritdoc cref="GetAsync"/>
    public async Task PatchAsync(string path, JsonObject body)
    {
        using var answer = await Api().PatchAsJsonAsync(new Uri("/v1/" + path, UriKind.Relative), body);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{Name}: PATCH {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private HttpClient Api() => api ??= new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder, "api.sock")), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    }) { BaseAddress = new Uri("http://localhost/") };
}
