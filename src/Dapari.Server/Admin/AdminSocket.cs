using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dapari.Server.Admin;

/// <summary>
/// The operator's door: a Unix socket in a folder that only the server's own user enters. A request is a JSON list of words behind its length (4 bytes, big-endian), a reply an object
/// behind its length.
/// </summary>
internal sealed partial class AdminSocket : IAsyncDisposable
{
    private const int RequestBytes = 64 * 1024;
    private const int ReplyBytes = 16 * 1024 * 1024;

    /// <summary>sun_path holds 108 bytes with its end (unix(7)).</summary>
    private const int PathBytes = 107;

    /// <summary>For a request to come, that nobody is kept out by one who says nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly string _path;
    private readonly Func<string[], CancellationToken, Task<AdminReply>> _answer;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private AdminSocket(Socket listener, string path, Func<string[], CancellationToken, Task<AdminReply>> answer, TimeProvider time)
    {
        _time = time;
        _listener = listener;
        _path = path;
        _answer = answer;
        _serving = ServeAsync();
    }

    /// <summary>Where it is.</summary>
    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "admin", "socket");

    /// <summary>Null: this machine has none for such a path, which is logged; the server goes on without.</summary>
    public static AdminSocket? Start(string dataFolder, Func<string[], CancellationToken, Task<AdminReply>> answer, TimeProvider time, ILogger logger)
    {
        var path = PathIn(dataFolder);
        if (OperatingSystem.IsWindows() || Encoding.UTF8.GetByteCount(path) > PathBytes)
        {
            NoSocket(logger, "the data folder's path is too long for a socket");
            return null;
        }

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, mine);
            File.SetUnixFileMode(Path.GetDirectoryName(path)!, mine);
            File.Delete(path); // Left by a process that was killed: the folder's lock says that it is gone.
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite); // 0600
            listener.Listen(128);
            return new AdminSocket(listener, path, answer, time);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            NoSocket(logger, e.Message);
            return null;
        }
    }

    /// <summary>Asks a running server; null: none listens there.</summary>
    /// <exception cref="IOException">It went away before it had answered.</exception>
    public static async Task<AdminReply?> AskAsync(string dataFolder, string[] words, CancellationToken cancellation)
    {
        var path = PathIn(dataFolder);
        if (OperatingSystem.IsWindows() || Encoding.UTF8.GetByteCount(path) > PathBytes || !File.Exists(path))
            return null;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new IOException("this user may not speak with the server: use the one that it runs as");
        }
        catch (SocketException)
        {
            return null;
        }

        await using var stream = new NetworkStream(socket);
        await WriteAsync(stream, new JsonArray([.. words.Select(w => JsonValue.Create(w))]), cancellation);
        return await ReadAsync(stream, ReplyBytes, cancellation) is JsonObject reply
            && reply["exit"]?.GetValueKind() == JsonValueKind.Number && reply["text"]?.GetValueKind() == JsonValueKind.String && reply["json"] is JsonObject json
            ? new AdminReply(reply["exit"]!.GetValue<int>(), reply["text"]!.GetValue<string>(), json.DeepClone().AsObject())
            : throw new IOException("the server ended before it had answered");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        File.Delete(_path);
        _stop.Dispose();
    }

    /// <summary>One after the other: what an operator does is not done twice at once.</summary>
    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var socket = await _listener.AcceptAsync(_stop.Token);
                await using var stream = new NetworkStream(socket);
                using var patience = new CancellationTokenSource(Patience, _time);
                using var reading = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, patience.Token);
                if (await ReadAsync(stream, RequestBytes, reading.Token) is not JsonArray request || request.Any(w => w?.GetValueKind() != JsonValueKind.String))
                    continue;
                var reply = await _answer([.. request.Select(w => w!.GetValue<string>())], _stop.Token);
                await WriteAsync(stream, new JsonObject { ["exit"] = reply.Exit, ["text"] = reply.Text, ["json"] = reply.Json }, _stop.Token);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Who asked is gone, or the server ends.
            }
        }
    }

    private static async Task WriteAsync(NetworkStream stream, JsonNode node, CancellationToken cancellation)
    {
        var text = Encoding.UTF8.GetBytes(node.ToJsonString());
        var bytes = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, text.Length);
        text.CopyTo(bytes, 4);
        await stream.WriteAsync(bytes, cancellation);
    }

    /// <summary>Null: it was no JSON, or longer than it may be.</summary>
    private static async Task<JsonNode?> ReadAsync(NetworkStream stream, int most, CancellationToken cancellation)
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, cancellation);
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length < 0 || length > most)
            return null;
        var text = new byte[length];
        await stream.ReadExactlyAsync(text, cancellation);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 1601, Level = LogLevel.Warning, Message = "dapari-server admin cannot speak with this server while it runs: {Detail}.")]
    private static partial void NoSocket(ILogger logger, string detail);
}
