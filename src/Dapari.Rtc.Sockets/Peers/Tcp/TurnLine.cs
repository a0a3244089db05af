using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using Dapari.Rtc.Stun;

namespace Dapari.Rtc.Sockets.Peers.Tcp;

/// <summary>A connection of TCP or TLS to a TURN server: messages and frames in a stream (<see cref="StreamFraming"/>), both ways.</summary>
/// <remarks>
/// What is sent waits up to <see cref="MostQueued"/> bytes; what finds no room is lost, as on a wire: what runs over it measures that. What comes is handed over
/// before more is read.
/// </remarks>
internal sealed class TurnLine : IDisposable
{
    private const int MostQueued = 256 * 1024;
    private const int LastWordsMs = 2_000;

    // Of TCP and TLS together.
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(15);
    private readonly TurnServer _server;
    private readonly IPAddress? _from;
    private readonly RemoteCertificateValidationCallback? _judge;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private long _queued;

    /// <param name="server">Of <see cref="TurnTransport.Tcp"/> or <see cref="TurnTransport.Tls"/>.</param>
    /// <param name="from">The local address; null: the system chooses.</param>
    /// <param name="judge">Judges its certificate; null: as the system does.</param>
    public TurnLine(TurnServer server, IPAddress? from, RemoteCertificateValidationCallback? judge) => (_server, _from, _judge) = (server, from, judge);

    /// <summary>Queues what <see cref="Turn.TurnClient"/> made, a whole message or frame, or loses it. Any thread.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (Interlocked.Read(ref _queued) + frame.Length > MostQueued)
            return;
        Interlocked.Add(ref _queued, frame.Length);
        _queue.Writer.TryWrite(frame.ToArray());
    }

    /// <summary>Connects, and carries both ways until it breaks or is disposed; never throws.</summary>
    /// <param name="take">Hands whole messages and frames over, with their padding; the bytes are the line's again when it is done.</param>
    /// <param name="time">For limits.</param>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, Task> take, TimeProvider time)
    {
        using var socket = new Socket(_server.Address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await using var stream = await ConnectAsync(socket, time);
            var writing = WriteAsync(stream, socket);
            await ReadAsync(stream, take);
            _queue.Writer.TryComplete();
            await writing;
        }
        catch (Exception over) when (over is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            // That it ended is all there is to say.
        }
    }

    /// <summary>What is queued still goes, for two seconds; then it is closed.</summary>
    public void Close()
    {
        _queue.Writer.TryComplete();
        _stopping.CancelAfter(LastWordsMs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _ = _stopping.CancelAsync();
    }

    private async Task<Stream> ConnectAsync(Socket socket, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(_connectLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        socket.NoDelay = true;
        if (_from is not null)
            socket.Bind(new IPEndPoint(_from, 0));
        await socket.ConnectAsync(new IPEndPoint(_server.Address.ToIPAddress(), _server.Address.Port), either.Token);
        var plain = new NetworkStream(socket);
        if (_server.Transport == TurnTransport.Tcp)
            return plain;
        var tls = new SslStream(plain);
        try
        {
            // No ALPN: RFC 7443's name is known to few servers, and one that serves web pages at the same port has others.
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _server.Name.Length > 0 ? _server.Name : _server.Address.ToIPAddress().ToString(),
                    RemoteCertificateValidationCallback = _judge,
                },
                either.Token);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private async Task ReadAsync(Stream stream, Func<ReadOnlyMemory<byte>, Task> take)
    {
        var (buffer, end) = (new byte[StreamFraming.LongestFrame], 0);
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(end), _stopping.Token);
            if (read == 0)
                return;
            end += read;
            var kind = Whole(buffer.AsSpan(0, end), out var whole);
            if (whole > 0)
                await take(buffer.AsMemory(0, whole));
            if (kind == StreamFrame.Malformed)
                return;
            buffer.AsSpan(whole, end - whole).CopyTo(buffer);
            end -= whole;
        }
    }

    private static StreamFrame Whole(ReadOnlySpan<byte> bytes, out int whole)
    {
        for (whole = 0; ;)
        {
            var kind = StreamFraming.Read(bytes[whole..], out _, out var advance);
            if (kind != StreamFrame.Frame)
                return kind;
            whole += advance;
        }
    }

    private async Task WriteAsync(Stream stream, Socket socket)
    {
        try
        {
            await foreach (var frame in _queue.Reader.ReadAllAsync(_stopping.Token))
            {
                await stream.WriteAsync(frame, _stopping.Token);
                Interlocked.Add(ref _queued, -frame.Length);
            }
        }
        catch (Exception over) when (over is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // What reads must end too.
        }

        socket.Dispose();
    }
}
