using System.Net.Sockets;
using System.Threading.Channels;
using Dapari.Rtc.Ice;

namespace Dapari.Rtc.Sockets.Peers.Tcp;

/// <summary>A connection of TCP between a base and an address of the other end: datagrams in frames (<see cref="TcpFrame"/>), both ways.</summary>
/// <remarks>
/// What is sent waits up to <see cref="MostQueued"/> bytes; what finds no room is lost, as on a wire: what runs over it measures that. What comes is handed over
/// before more is read. Until the other end has proved itself it may send frames of a check's length only, and has <see cref="_proofLimit"/> for it.
/// </remarks>
internal sealed class TcpLine : IDisposable
{
    private const int MostQueued = 256 * 1024;
    private const int LongestUnproven = 1_280;
    private const int LastWordsMs = 2_000;
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _proofLimit = TimeSpan.FromSeconds(15);
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private long _queued;
    private volatile bool _closes;

    /// <param name="socket">Of this connection alone, connected or to be; owned.</param>
    /// <param name="baseId">The peer's number of the base.</param>
    /// <param name="remote">Where the other end is, of TCP.</param>
    public TcpLine(Socket socket, int baseId, Endpoint remote) => (_socket, BaseId, Remote) = (socket, baseId, remote);

    /// <summary>The peer's number of the base.</summary>
    public int BaseId { get; }

    /// <summary>Where the other end is.</summary>
    public Endpoint Remote { get; }

    /// <summary>Whether it has proved itself; on the driver's thread.</summary>
    public bool IsProven { get; set; }

    /// <summary>Queues a datagram, or loses it. Any thread.</summary>
    public void Send(ReadOnlySpan<byte> datagram)
    {
        if (Interlocked.Read(ref _queued) + datagram.Length > MostQueued)
            return;
        Interlocked.Add(ref _queued, datagram.Length);
        _queue.Writer.TryWrite(TcpFrame.Of(datagram));
    }

    /// <summary>Connects if it must, and carries both ways until it breaks or is disposed; never throws.</summary>
    /// <param name="connects">Whether this end connects.</param>
    /// <param name="take">Hands frames over; true: the other end has proved itself by now.</param>
    /// <param name="time">For limits.</param>
    public async Task RunAsync(bool connects, Func<TcpLine, ReadOnlyMemory<byte>, Task<bool>> take, TimeProvider time)
    {
        try
        {
            _socket.NoDelay = true;
            if (connects)
            {
                using var limit = new CancellationTokenSource(_connectLimit, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
                await _socket.ConnectAsync(new System.Net.IPEndPoint(Remote.ToIPAddress(), Remote.Port), either.Token);
            }

            var writing = WriteAsync();
            try
            {
                await ReadAsync(take, time);
            }
            catch (OperationCanceledException) when (_closes && !_stopping.IsCancellationRequested)
            {
                // Nobody takes anything any more. What still comes is read all the same: closing on unread bytes resets a connection (RFC 2525 §2.17),
                // and the last words would be lost.
                var nowhere = new byte[4_096];
                while (await _socket.ReceiveAsync(nowhere, SocketFlags.None, _stopping.Token) > 0)
                {
                }
            }

            _queue.Writer.TryComplete();
            await writing;
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // That it ended is all there is to say.
        }
        finally
        {
            _socket.Dispose();
        }
    }

    /// <summary>What is queued still goes, for two seconds; then it is closed.</summary>
    public void Close()
    {
        _closes = true;
        _queue.Writer.TryComplete();
        _stopping.CancelAfter(LastWordsMs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _stopping.Cancel();
    }

    private async Task ReadAsync(Func<TcpLine, ReadOnlyMemory<byte>, Task<bool>> take, TimeProvider time)
    {
        var (buffer, end, proven) = (new byte[TcpFrame.HeaderLength + LongestUnproven], 0, false);
        using var limit = new CancellationTokenSource(_proofLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        while (true)
        {
            var read = await _socket.ReceiveAsync(buffer.AsMemory(end), SocketFlags.None, proven ? _stopping.Token : either.Token);
            if (read == 0)
                return;
            end += read;
            var whole = Whole(buffer.AsSpan(0, end));
            if (whole > 0)
            {
                proven = await take(this, buffer.AsMemory(0, whole));
                buffer.AsSpan(whole, end - whole).CopyTo(buffer);
                end -= whole;
            }

            var needed = TcpFrame.LengthOf(buffer.AsSpan(0, end));
            if (needed <= buffer.Length)
                continue;
            if (!proven)
                return;
            Array.Resize(ref buffer, TcpFrame.Longest);
        }
    }

    private static int Whole(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        while (TcpFrame.TryRead(ref rest, out _))
        {
        }

        return bytes.Length - rest.Length;
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var frame in _queue.Reader.ReadAllAsync(_stopping.Token))
            {
                for (ReadOnlyMemory<byte> rest = frame; rest.Length > 0;)
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None, _stopping.Token)..];
                Interlocked.Add(ref _queued, TcpFrame.HeaderLength - frame.Length);
            }

            if (_closes)
            {
                _socket.Shutdown(SocketShutdown.Send);
                return; // Who reads goes on until the other end has closed too.
            }
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // What reads must end too.
        }

        _socket.Dispose();
    }
}
