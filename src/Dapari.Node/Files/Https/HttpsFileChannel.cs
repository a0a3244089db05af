using System.Buffers.Binary;
using Dapari.Node.Files.Channels;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Https;

/// <summary>
/// A data channel with a lane by HTTPS beside it, once a browser wishes for one and gets through. Control messages stay in the data channel; so does everything else until the lane is open
/// and as soon as it is over, together with what was under way in it. Safe for threads.
/// </summary>
/// <param name="beneath">The data channel; owned.</param>
/// <param name="door">Where browsers reach this node; stays its owner's.</param>
/// <param name="random">For tickets and keys.</param>
/// <param name="time">For the lane's silence.</param>
internal sealed class HttpsFileChannel(IFileChannel beneath, HttpsDoor door, RandomSource random, TimeProvider time) : IFileChannel
{
    private const int ByHttps = 1;
    private readonly byte[] _room = new byte[HttpsLane.MostMessage];
    private readonly SemaphoreSlim _turn = new(1);
    private volatile HttpsLane? _lane;

    /// <inheritdoc/>
    public bool IsByHttps => _lane is { IsOpen: true };

    /// <inheritdoc/>
    public int Lanes => 2;

    /// <inheritdoc/>
    public int SendingLanes => 1;

    /// <inheritdoc/>
    public int PieceBytes => FileShape.ChunkBytes;

    /// <inheritdoc/>
    public FileCarrier CarrierOf(int lane) => lane == ByHttps ? FileCarrier.Https : FileCarrier.Channel;

    /// <inheritdoc/>
    public bool TrySendControl(ReadOnlyMemory<byte> message) => beneath.TrySendControl(message);

    /// <inheritdoc/>
    public Memory<byte> SendingRoom(int lane, int length) => _room.AsMemory(0, length);

    /// <inheritdoc/>
    public async ValueTask SendAsync(int lane, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_lane is { } https)
            {
                if (await https.TrySendAsync(message, cancellation))
                    return;
                await RescueAsync(https, cancellation);
            }

            await SendBeneathAsync(message, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(IFileReceiver receiver, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var words = new Words(this, receiver, ending.Token);
        await beneath.RunAsync(words, cancellation);
        await ending.CancelAsync();
        if (words.Lane is { } lane)
            await lane;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lane?.End();
        beneath.Dispose();
    }

    private async Task RunLaneAsync(string origin, IFileReceiver receiver, CancellationToken cancellation)
    {
        var (ticket, down, up) = (random.Bytes(LaneWord.TicketBytes), random.Bytes(LaneWord.KeyBytes), random.Bytes(LaneWord.KeyBytes));
        using var lane = new HttpsLane(origin, down, up, receiver, ByHttps, time);
        if (!door.TryAdd(ticket, lane))
            return;
        _lane = lane;
        try
        {
            if (!beneath.TrySendControl(LaneWord.WriteOffer(ticket, down, up, door.Address)))
                return;
            await lane.Ended.WaitAsync(cancellation);
            beneath.TrySendControl(new[] { LaneWord.Over });
            await _turn.WaitAsync(cancellation);
            try
            {
                await RescueAsync(lane, cancellation);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The data channel is gone, and the lane with it.
        }
        finally
        {
            _lane = null;
            door.Remove(ticket);
            await lane.CloseAsync();
        }
    }

    // What may have been lost with the lane goes again, before anything else does; what comes twice is thrown away by its recipient.
    private async Task RescueAsync(HttpsLane lane, CancellationToken cancellation)
    {
        foreach (var message in lane.Rescue())
            await SendBeneathAsync(message, cancellation);
    }

    // A data channel takes a chunk in parts.
    private async Task SendBeneathAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        if (message.Span[0] != (byte)FileMessageKind.Piece)
        {
            await SendPartAsync(message.Length, (message, 0), cancellation);
            return;
        }

        for (var at = FileChannelCodec.PieceHeader; at < message.Length; at += beneath.PieceBytes)
            await SendPartAsync(Math.Min(beneath.PieceBytes, message.Length - at) + FileChannelCodec.PieceHeader, (message, at), cancellation);
    }

    private async Task SendPartAsync(int length, (ReadOnlyMemory<byte> Message, int At) part, CancellationToken cancellation)
    {
        var room = beneath.SendingRoom(0, length);
        if (part.At == 0)
        {
            part.Message.CopyTo(room);
        }
        else
        {
            part.Message[..FileChannelCodec.PieceHeader].CopyTo(room);
            BinaryPrimitives.WriteUInt32BigEndian(room.Span[(FileChannelCodec.PieceHeader - 4)..], (uint)(part.At - FileChannelCodec.PieceHeader));
            part.Message.Slice(part.At, length - FileChannelCodec.PieceHeader).CopyTo(room[FileChannelCodec.PieceHeader..]);
        }

        await beneath.SendAsync(0, room, cancellation);
    }

    /// <summary>Listens to the words about the lane; the rest is its receiver's.</summary>
    private sealed class Words(HttpsFileChannel channel, IFileReceiver receiver, CancellationToken ending) : IFileReceiver
    {
        public Task? Lane { get; private set; }

        public void TakeControl(byte[] message) => receiver.TakeControl(message);

        public Memory<byte> Room(int lane, int length) => receiver.Room(lane, length);

        public bool IsBusy(int lane) => receiver.IsBusy(lane);

        public ValueTask RestAsync(int lane) => receiver.RestAsync(lane);

        public ValueTask TakeAsync(int lane, ReadOnlyMemory<byte> message)
        {
            switch (message.Span[0])
            {
                // One for each channel: whoever wants another makes another channel.
                case LaneWord.Wish when Lane is null && LaneWord.TryReadWish(message.Span, out var origin):
                    Lane = Task.Run(() => channel.RunLaneAsync(origin, receiver, ending), CancellationToken.None);
                    break;
                case LaneWord.Got when LaneWord.TryReadGot(message.Span, out var records):
                    channel._lane?.Acknowledge(records);
                    break;
                case LaneWord.Over when message.Length == 1:
                    channel._lane?.End();
                    break;
                case (byte)FileMessageKind.Piece or (byte)FileMessageKind.Page when message.Length <= FileChannelCodec.MaxBytes:
                    return receiver.TakeAsync(lane, message);
                default:
                    break;
            }

            return ValueTask.CompletedTask;
        }
    }
}
