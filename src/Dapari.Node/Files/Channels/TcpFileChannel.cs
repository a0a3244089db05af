using System.Buffers.Binary;
using System.Net.Security;
using System.Threading.Channels;
using Dapari.Node.Paths;
using Dapari.Wire;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// A channel for files over connections beside a path (docs/protocol/tcp.md): stream 0 carries control messages within TLS, each with its length before it (4 bytes, big endian); each of
/// the others is a lane. Safe for threads.
/// </summary>
internal sealed class TcpFileChannel : IFileChannel
{
    /// <summary>Lanes besides the control stream: one core seals each.</summary>
    public const int LaneCount = 4;

    private const int MostControl = 1 + WireLimits.FileFrameBytes;

    // The engine's wishes and what it says besides: far more than it ever has waiting.
    private const int MostControlsQueued = 16_384;
    private readonly SslStream _control;
    private readonly SealedLane[] _lanes;
    private readonly Channel<byte[]> _controls = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostControlsQueued) { SingleReader = true });
    private int _disposed;

    /// <param name="control">Stream 0.</param>
    /// <param name="lanes">The others, in order.</param>
    public TcpFileChannel(SslStream control, SealedLane[] lanes) => (_control, _lanes) = (control, lanes);

    /// <inheritdoc/>
    public int Lanes => _lanes.Length;

    /// <inheritdoc/>
    public int PieceBytes => FileShape.ChunkBytes;

    /// <inheritdoc/>
    public bool TrySendControl(ReadOnlyMemory<byte> message) => _controls.Writer.TryWrite(message.ToArray());

    /// <inheritdoc/>
    public Memory<byte> SendingRoom(int lane, int length) => _lanes[lane].SendingRoom(length);

    /// <inheritdoc/>
    public async ValueTask SendAsync(int lane, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        try
        {
            await _lanes[lane].SendAsync(message, cancellation);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            throw new IOException("The channel is gone.", fault);
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(IFileReceiver receiver, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> running =
        [
            ReadControlsAsync(receiver, ending.Token),
            WriteControlsAsync(ending.Token),
        ];
        for (var i = 0; i < _lanes.Length; i++)
        {
            var lane = i;
            running.Add(Task.Run(() => _lanes[lane].ReadAsync(receiver, lane, ending.Token), CancellationToken.None));
        }

        // With one stream the whole channel is gone.
        await Task.WhenAny(running);
        await ending.CancelAsync();
        Dispose();
        await Task.WhenAll(running);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _controls.Writer.TryComplete();
        _control.Dispose();
        foreach (var lane in _lanes)
            lane.Dispose();
    }

    private async Task ReadControlsAsync(IFileReceiver receiver, CancellationToken cancellation)
    {
        var buffer = new byte[2 * (4 + MostControl)];
        var (start, end) = (0, 0);
        try
        {
            while (true)
            {
                while (end - start >= 4)
                {
                    var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(start));
                    if (length < 1 || length > MostControl)
                        return;
                    if (end - start - 4 < length)
                        break;
                    receiver.TakeControl(buffer.AsSpan(start + 4, length).ToArray());
                    start += 4 + length;
                }

                // Moved only when what is missing would not fit behind it.
                if (start > 0 && buffer.Length - start < 4 + MostControl)
                {
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, end) = (0, end - start);
                }

                var read = await _control.ReadAsync(buffer.AsMemory(end), cancellation);
                if (read == 0)
                    return;
                end += read;
            }
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            // That it ended is all there is to say.
        }
    }

    private async Task WriteControlsAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _controls.Reader.WaitToReadAsync(cancellation))
            {
                // What waits goes together: wishes come in bursts.
                using var batch = new MemoryStream();
                var length = new byte[4];
                while (batch.Length < 16 * 1024 && _controls.Reader.TryRead(out var message))
                {
                    BinaryPrimitives.WriteInt32BigEndian(length, message.Length);
                    batch.Write(length);
                    batch.Write(message);
                }

                await _control.WriteAsync(batch.GetBuffer().AsMemory(0, (int)batch.Length), cancellation);
            }
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            // What reads ends too.
        }
    }
}
