using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using Dapari.Wire;

namespace Dapari.Node.Paths;

/// <summary>An authenticated connection of an attempt. Messages: length (4 bytes, big endian), then as many bytes.</summary>
internal sealed class TcpConnection : IDisposable
{
    // An envelope is far smaller than this: four of them, as in browsers.
    private const int MostQueued = 256 * 1024;
    private readonly SslStream _stream;
    private readonly int _longest;
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private long _queued;

    /// <param name="stream">After its handshake.</param>
    /// <param name="remote">The other end's address.</param>
    /// <param name="longest">Of a message that comes, in bytes.</param>
    public TcpConnection(SslStream stream, IPAddress remote, int longest = WireLimits.EnvelopeBytes) => (_stream, Remote, _longest) = (stream, remote, longest);

    /// <summary>The other end's address.</summary>
    public IPAddress Remote { get; }

    /// <summary>For what comes before and beside messages.</summary>
    public SslStream Stream => _stream;

    /// <summary>Queues a message; false: too much waits already.</summary>
    public bool TrySend(ReadOnlyMemory<byte> message)
    {
        if (Interlocked.Read(ref _queued) > MostQueued)
            return false;
        var framed = new byte[4 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed, message.Length);
        message.Span.CopyTo(framed.AsSpan(4));
        Interlocked.Add(ref _queued, framed.Length);
        return _queue.Writer.TryWrite(framed);
    }

    /// <summary>Carries messages until either end closes or breaks; never throws.</summary>
    public async Task RunAsync(Action<byte[]> received, CancellationToken cancellation)
    {
        try
        {
            var writing = WriteAsync(cancellation);
            await ReadAsync(received, cancellation);
            _queue.Writer.TryComplete();
            await writing;
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            // That it ended is all there is to say.
        }
    }

    /// <summary>Whether an exception is how a connection ends.</summary>
    public static bool IsEnd(Exception fault) =>
        fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException or System.Security.Authentication.AuthenticationException or InvalidOperationException;

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _stream.Dispose();
    }

    private async Task ReadAsync(Action<byte[]> received, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(2 * (_longest + 4));
        try
        {
            var (start, end) = (0, 0);
            while (true)
            {
                while (end - start >= 4)
                {
                    var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(start));
                    // No envelope is empty or longer: whoever says otherwise speaks another language.
                    if (length < 1 || length > _longest)
                        return;
                    if (end - start - 4 < length)
                        break;
                    received(buffer.AsSpan(start + 4, length).ToArray());
                    start += 4 + length;
                }

                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                var read = await _stream.ReadAsync(buffer.AsMemory(end), cancellation);
                if (read == 0)
                    return;
                end += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var message in _queue.Reader.ReadAllAsync(cancellation))
            {
                await _stream.WriteAsync(message, cancellation);
                Interlocked.Add(ref _queued, -message.Length);
            }
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            // What reads must end too.
            await _stream.DisposeAsync();
        }
    }
}
