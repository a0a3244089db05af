using System.Buffers;
using System.Threading.Channels;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Channels;

/// <summary>A channel for files by WebRTC: one data channel, in which control messages and one lane take turns. Safe for threads.</summary>
/// <param name="driver">Of the path; stays its owner's.</param>
/// <param name="channel">The data channel.</param>
internal sealed class RtcFileChannel(RtcDriver driver, RtcChannel channel) : IFileChannel
{
    // What a browser puts into one message.
    private const int Piece = 64 * 1024;

    // So much may wait to be judged and written; then the other end is held back, and goes on when half of it is done.
    private const int MostWaiting = 8 << 20;

    // Before anybody listens: the first words about files, and no more.
    private const int MostEarly = 64;
    private const int LongestEarly = 1024;
    private const int MostControlsQueued = 16_384;
    private readonly Channel<byte[]> _controls = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostControlsQueued) { SingleReader = true });
    private readonly Channel<(byte[] Buffer, int Length)> _arrived = Channel.CreateUnbounded<(byte[], int)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly byte[] _sending = new byte[FileChannelCodec.PieceHeader + Piece];
    private int _waiting;
    private int _early;
    private int _disposed;
    private volatile bool _listens;
    private volatile bool _full;

    /// <summary>The data channel.</summary>
    public RtcChannel Data => channel;

    /// <summary>Whether so much waits that nothing more may be taken. Any thread.</summary>
    public bool IsFull => _full;

    /// <inheritdoc/>
    public int Lanes => 1;

    /// <inheritdoc/>
    public int PieceBytes => Piece;

    /// <inheritdoc/>
    public bool TrySendControl(ReadOnlyMemory<byte> message) => _controls.Writer.TryWrite(message.ToArray());

    /// <inheritdoc/>
    public Memory<byte> SendingRoom(int lane, int length) => _sending.AsMemory(0, length);

    /// <inheritdoc/>
    public async ValueTask SendAsync(int lane, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        if (_disposed != 0 || await driver.SendAsync(channel, message, text: false).WaitAsync(cancellation) != SendResult.Accepted)
            throw new IOException("The channel is gone.");
    }

    /// <inheritdoc/>
    public async Task RunAsync(IFileReceiver receiver, CancellationToken cancellation)
    {
        _listens = true;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> running = [Task.Run(() => ReceiveAsync(receiver, ending.Token), CancellationToken.None), SendControlsAsync(ending.Token)];
        await Task.WhenAny(running);
        await ending.CancelAsync();
        Dispose();
        await Task.WhenAll(running);
    }

    /// <summary>Takes a message; on the driver's thread.</summary>
    public void Take(ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty || _disposed != 0 || (!_listens && (message.Length > LongestEarly || ++_early > MostEarly)))
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(buffer);
        if (Interlocked.Add(ref _waiting, message.Length) >= MostWaiting)
            _full = true;
        if (!_arrived.Writer.TryWrite((buffer, message.Length)))
            ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>The data channel is over.</summary>
    public void End()
    {
        _full = false;
        _controls.Writer.TryComplete();
        _arrived.Writer.TryComplete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        End();
        driver.Do((peer, now) => peer.CloseChannel(channel, now));
    }

    private async Task ReceiveAsync(IFileReceiver receiver, CancellationToken cancellation)
    {
        try
        {
            await foreach (var (buffer, length) in _arrived.Reader.ReadAllAsync(cancellation))
            {
                if (buffer[0] == (byte)FileMessageKind.Control)
                    receiver.TakeControl(buffer[..length]);
                else
                    await receiver.TakeAsync(0, buffer.AsMemory(0, length));
                ArrayPool<byte>.Shared.Return(buffer);
                if (Interlocked.Add(ref _waiting, -length) > MostWaiting / 2 || !_full)
                    continue;
                _full = false;
                driver.Do((_, _) => { });
            }
        }
        catch (OperationCanceledException)
        {
            // That it ended is all there is to say.
        }
    }

    private async Task SendControlsAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var message in _controls.Reader.ReadAllAsync(cancellation))
                await SendAsync(0, message, cancellation);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // What reads ends too.
        }
    }
}
