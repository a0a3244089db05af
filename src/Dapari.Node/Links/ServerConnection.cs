using System.Buffers;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Threading.Channels;
using Dapari.Node.Paths;
using Dapari.Wire;

namespace Dapari.Node.Links;

/// <summary>One WebSocket to one server, from its opening to its end.</summary>
internal sealed class ServerConnection : IDisposable
{
    // More waiting than this, and the connection is slower than what is written to it.
    private const int MostQueued = 1024 * 1024;
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _closeLimit = TimeSpan.FromSeconds(2);
    private readonly Uri _url;
    private readonly TimeProvider _time;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SocketsHttpHandler _handler;
    private IPAddress? _from;
    private long _queued;

    public ServerConnection(Uri url, Authorities authorities, TimeProvider time)
    {
        (_url, _time) = (url, time);
        // The engine asks by itself whether a silent server is there.
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
        _handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = true, ConnectCallback = ConnectAsync };
        _handler.SslOptions.RemoteCertificateValidationCallback = authorities.Judge;
    }

    /// <summary>Queues a frame; false: too much waits already.</summary>
    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        if (Interlocked.Add(ref _queued, frame.Length) > MostQueued)
            return false;
        _queue.Writer.TryWrite(frame.ToArray());
        return true;
    }

    /// <summary>Ends it soon.</summary>
    public void Stop()
    {
        _queue.Writer.TryComplete();
        try
        {
            _stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    /// <summary>Connects, and carries both ways until it ends, however that is. Never throws.</summary>
    /// <param name="opened">Told once, before anything is received.</param>
    /// <param name="received">Told each binary message, in order.</param>
    public async Task RunAsync(Action opened, Action<byte[]> received)
    {
        try
        {
            using var invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
            using (var limit = new CancellationTokenSource(_connectLimit, _time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token))
                await _socket.ConnectAsync(_url, invoker, either.Token);
            opened();
            NetworkChange.NetworkAddressChanged += OnAddressChanged;
            try
            {
                var writing = WriteAsync();
                await ReadAsync(received);
                _queue.Writer.TryComplete();
                await writing;
            }
            finally
            {
                NetworkChange.NetworkAddressChanged -= OnAddressChanged;
            }

            using var closing = new CancellationTokenSource(_closeLimit, _time);
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, closing.Token);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException or HttpRequestException or InvalidOperationException)
        {
            // Its end is all that is told: what to do about it is the engine's affair.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _socket.Dispose();
        _handler.Dispose();
        _stopping.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            _from = ((IPEndPoint)socket.LocalEndPoint!).Address;
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Nothing comes back to an address that this machine no longer has, and TCP by itself would wait for minutes.
    private void OnAddressChanged(object? sender, EventArgs args)
    {
        if (_from is { } from && !TcpAddresses.IsOwn(from))
            Stop();
    }

    private async Task ReadAsync(Action<byte[]> received)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(WireLimits.FrameBytes + 1);
        try
        {
            var length = 0;
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(length, WireLimits.FrameBytes + 1 - length), _stopping.Token);
                length += part.Count;
                // What is no frame, or beyond every cap, ends the connection.
                if (part.MessageType != WebSocketMessageType.Binary || length > WireLimits.FrameBytes)
                    return;
                if (!part.EndOfMessage)
                    continue;
                received(buffer.AsSpan(0, length).ToArray());
                length = 0;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var frame in _queue.Reader.ReadAllAsync(_stopping.Token))
            {
                await _socket.SendAsync(frame.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, _stopping.Token);
                Interlocked.Add(ref _queued, -frame.Length);
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            Stop();
        }
    }
}
