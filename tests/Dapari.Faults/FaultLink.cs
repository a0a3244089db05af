using System.Buffers;
using System.Net.WebSockets;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Faults;

/// <summary>The connection is gone, or the server said so in a way that only a new connection mends.</summary>
internal sealed class LinkLostException(string message) : Exception(message);

/// <summary>One connection to the server. Of one task at a time.</summary>
internal sealed class FaultLink : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[WireLimits.FrameBytes];
    private readonly ArrayBufferWriter<byte> _sending = new();
    private readonly Queue<ServerFrame> _unasked = [];
    private ulong _request;

    private FaultLink(string host) => Host = host;

    public string Host { get; }

    public byte[] Challenge { get; private set; } = [];

    /// <exception cref="LinkLostException">It cannot be reached.</exception>
    public static async Task<FaultLink> ConnectAsync(Uri server, CancellationToken cancellation)
    {
        var link = new FaultLink(server.Authority);
        try
        {
            await link._socket.ConnectAsync(new Uri($"ws://{server.Authority}/ws"), cancellation);
            var answer = await link.AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "faults" } }, cancellation);
            link.Challenge = answer.Welcome?.Challenge.ToByteArray() ?? throw new LinkLostException($"no welcome: {answer}");
            return link;
        }
        catch (Exception e) when (e is WebSocketException or LinkLostException)
        {
            link.Dispose();
            throw new LinkLostException(e.Message);
        }
    }

    /// <summary>Its request's number.</summary>
    /// <exception cref="LinkLostException">The connection is gone.</exception>
    public async Task<ulong> SendAsync(ClientFrame frame, CancellationToken cancellation)
    {
        frame.Request = ++_request;
        _sending.ResetWrittenCount();
        frame.WriteTo(_sending);
        try
        {
            await _socket.SendAsync(_sending.WrittenMemory, WebSocketMessageType.Binary, true, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            throw new LinkLostException(e.Message);
        }

        return frame.Request;
    }

    /// <summary>Sends, and waits for the answer; what comes unasked in between is kept.</summary>
    /// <exception cref="LinkLostException">The connection is gone.</exception>
    public async Task<ServerFrame> AskAsync(ClientFrame frame, CancellationToken cancellation)
    {
        var request = await SendAsync(frame, cancellation);
        while (true)
        {
            var answer = await ReadAsync(cancellation);
            if (answer.Request == request)
                return answer;
            _unasked.Enqueue(answer);
        }
    }

    /// <summary>The next frame.</summary>
    /// <exception cref="LinkLostException">The connection is gone.</exception>
    public async Task<ServerFrame> ReceiveAsync(CancellationToken cancellation) => _unasked.TryDequeue(out var kept) ? kept : await ReadAsync(cancellation);

    public void Dispose() => _socket.Dispose();

    private async Task<ServerFrame> ReadAsync(CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            }
            catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or IOException)
            {
                throw new LinkLostException(e.Message);
            }

            if (received.MessageType == WebSocketMessageType.Close)
                throw new LinkLostException($"closed ({_socket.CloseStatus})");
            length += received.Count;
            if (received.EndOfMessage)
                return ServerFrame.Parser.ParseFrom(_buffer.AsSpan(0, length));
        }
    }
}
