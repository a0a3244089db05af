using System.Threading.Channels;
using Dapari.Rtc;
using Dapari.Rtc.Stun;

namespace Dapari.Relay.Driver;

/// <summary>A client on a TCP or TLS connection: cuts its messages out of the stream, and writes what the relay's thread has for it.</summary>
internal sealed class StreamClient : IDisposable
{
    private const int ReceiveBytes = 64 * 1024;
    private static readonly TimeSpan WriteWithin = TimeSpan.FromSeconds(30);

    private readonly RelayShard _shard;
    private readonly Stream _stream;
    private readonly RelayDriverOptions _options;
    private readonly TimeProvider _time;
    private readonly bool _isTls;
    private readonly CancellationTokenSource _end = new();

    // Bounded by bytes (_waiting), not by count: what does not fit is dropped before it is queued.
    private readonly Channel<byte[]> _out = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private int _waiting;

    public StreamClient(RelayShard shard, Stream stream, Endpoint remote, Endpoint local, bool isTls, RelayDriverOptions options, TimeProvider time)
    {
        _shard = shard;
        _stream = stream;
        Remote = remote;
        LocalAddress = local;
        _options = options;
        _time = time;
        _isTls = isTls;
    }

    public Endpoint Remote { get; }

    public Endpoint LocalAddress { get; }

    /// <summary>Its number with the core; the relay's thread alone reads and writes it.</summary>
    public int Local { get; set; }

    public async Task ServeAsync(CancellationToken cancellation)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _end.Token);
        try
        {
            await _shard.SayAsync(new StreamFrameIn(this, StreamEvent.Began), both.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ChannelClosedException)
        {
            return;
        }

        var writing = WriteAsync(both.Token);
        try
        {
            await ReadAsync(both.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException or ChannelClosedException)
        {
            // The client, the network or the relay ended it.
        }

        await _end.CancelAsync();
        _out.Writer.TryComplete();
        await writing;
        try
        {
            await _shard.SayAsync(new StreamFrameIn(this, StreamEvent.Ended), CancellationToken.None);
        }
        catch (ChannelClosedException)
        {
            // The whole relay has ended.
        }
    }

    /// <summary>By the relay's thread: queues a message, or drops it where the client reads too slowly.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        if (Volatile.Read(ref _waiting) + message.Length > _options.StreamSendBytes)
        {
            _shard.SlowReader();
            return;
        }

        Interlocked.Add(ref _waiting, message.Length);
        _out.Writer.TryWrite(message.ToArray());
    }

    /// <summary>By the relay's thread: it ends.</summary>
    public void End()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    public void Dispose() => _end.Dispose();

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var buffer = new byte[ReceiveBytes];
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = _time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), silence, _options.FirstMessageWithin, Timeout.InfiniteTimeSpan);
        int start = 0, end = 0;
        while (true)
        {
            var count = await _stream.ReadAsync(buffer.AsMemory(end), silence.Token);
            if (count == 0)
                return;
            end += count;
            var any = false;
            StreamFrame kind;
            while ((kind = StreamFraming.Read(buffer.AsSpan(start, end - start), out var length, out var advance)) == StreamFrame.Frame)
            {
                if (length > _shard.LongestFrame)
                    return;
                any = true;
                await _shard.SayAsync(StreamFrameIn.Message(this, buffer.AsSpan(start, length)), silence.Token);
                start += advance;
            }

            // What cannot be read, and what is longer than what is relayed, ends the connection.
            if (kind == StreamFrame.Malformed || !Fits(buffer.AsSpan(start, end - start)))
                return;
            if (any)
                timer.Change(_options.SilenceWithin, Timeout.InfiniteTimeSpan);
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
    }

    private bool Fits(ReadOnlySpan<byte> rest) => StreamFraming.Read(rest, out _, out var needed) != StreamFrame.NeedMore || needed <= _shard.LongestFrame + 3;

    private async Task WriteAsync(CancellationToken cancellation)
    {
        // What waits goes out together, but in TLS each message for itself: some clients, coturn's tools among them, take what a record brings for one message.
        var buffer = new byte[16 * 1024];
        try
        {
            while (await _out.Reader.WaitToReadAsync(cancellation))
            {
                var count = 0;
                while (_out.Reader.TryPeek(out var next) && (count == 0 || (!_isTls && count + next.Length <= buffer.Length)) && _out.Reader.TryRead(out next))
                {
                    if (next.Length > buffer.Length)
                        buffer = new byte[next.Length];
                    next.CopyTo(buffer, count);
                    count += next.Length;
                }

                using var late = new CancellationTokenSource(WriteWithin, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
                await _stream.WriteAsync(buffer.AsMemory(0, count), either.Token);
                Interlocked.Add(ref _waiting, -count);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The reading side hears of it too.
        }
        finally
        {
            await _end.CancelAsync();
        }
    }
}
