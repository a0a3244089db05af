using System.Net;
using System.Threading.Channels;
using Dapari.Node.Files.Channels;
using Dapari.Node.Paths;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>A recipient whose disk does not answer: both ends hold little, control messages go on, and all of it arrives when the disk does.</summary>
public sealed class StalledRecipientTests
{
    // Far more than what two kernels keep for four connections: 6 MiB for reading and 4 for sending each, as Linux has it, and its bookkeeping besides.
    private const int PieceBytes = FileChannelCodec.PieceHeader + FileShape.ChunkBytes;
    private const int ChunksOfLane = 256;
    private const int MostOnTheWay = 4 * 100;

    [Fact]
    public async Task What_is_not_taken_is_not_read_and_what_is_not_read_is_not_sent()
    {
        await using var pair = new LinkPair(Link, Link);
        await pair.OpenAsync();
        using var here = new TcpFileChannels((TcpPathLink)pair.One.Link, _ => true, TimeProvider.System);
        using var there = new TcpFileChannels((TcpPathLink)pair.Other.Link, _ => true, TimeProvider.System);
        var cancellation = TestContext.Current.CancellationToken;
        var opening = (here.TryOpen(1, offerer: true, cancellation)!, there.TryOpen(1, offerer: false, cancellation)!);
        using var sender = await opening.Item1;
        using var recipient = await opening.Item2;
        var (quiet, stalled) = (new Taker(sender.Lanes), new Taker(recipient.Lanes));
        var running = new[] { sender.RunAsync(quiet, cancellation), recipient.RunAsync(stalled, cancellation) };

        // Each lane sends until nothing goes any more: counted when the channel has taken it.
        var sent = new int[sender.Lanes];
        var sending = Enumerable.Range(0, sender.Lanes).Select(lane => Task.Run(async () =>
        {
            var piece = new byte[PieceBytes];
            for (var chunk = 0; chunk < ChunksOfLane; chunk++)
            {
                piece.AsSpan().Fill(Filling(lane, chunk));
                await sender.SendAsync(lane, piece, cancellation);
                Interlocked.Increment(ref sent[lane]);
            }
        })).ToArray();
        await Task.WhenAll(stalled.Begun.Select(begun => begun.Task)).WaitAsync(LinkPair.Patience, cancellation);

        // Nothing tells that nothing happens: so many words there and back without a chunk between them do.
        var (still, before) = (0, -1);
        while (still < 200)
        {
            await PingAsync(sender, stalled);
            await PingAsync(recipient, quiet);
            var now = sent.Sum();
            (still, before) = (now == before ? still + 1 : 0, now);
        }

        Assert.True(sent.Sum() < MostOnTheWay, $"{sent.Sum()} chunks went to a recipient who takes none.");
        Assert.All(sending, one => Assert.False(one.IsCompleted));
        Assert.All(stalled.Taken, taken => Assert.Equal(1, taken));
        Assert.All(stalled.Rooms, rooms => Assert.Equal(1, rooms));

        stalled.Answer.SetResult();
        await Task.WhenAll(sending).WaitAsync(LinkPair.Patience, cancellation);
        await stalled.All.Task.WaitAsync(LinkPair.Patience, cancellation);
        Assert.True(stalled.IsRight);
        sender.Dispose();
        await Task.WhenAll(running).WaitAsync(LinkPair.Patience, cancellation);
    }

    private static TcpPathLink Link() => new([IPAddress.Loopback], 0, RandomSource.System, TimeProvider.System);

    private static byte Filling(int lane, int chunk) => (byte)(((lane * 7) + chunk) % 251);

    private static async Task PingAsync(IFileChannel from, Taker to)
    {
        Assert.True(from.TrySendControl(FileChannelCodec.Write(new FileFrame { TransferId = ByteString.CopyFrom(new byte[16]), Drop = new FileDrop() })));
        await to.Controls.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(LinkPair.Patience);
    }

    /// <summary>Takes a first message of each lane and is not done with it until the disk answers.</summary>
    private sealed class Taker(int lanes) : IFileReceiver
    {
        private readonly byte[]?[] _rooms = new byte[lanes][];
        private int _wrong;
        private int _ended;

        public Channel<byte[]> Controls { get; } = Channel.CreateUnbounded<byte[]>();

        public TaskCompletionSource[] Begun { get; } = [.. Enumerable.Range(0, lanes).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int[] Taken { get; } = new int[lanes];

        public int[] Rooms { get; } = new int[lanes];

        public bool IsRight => _wrong == 0;

        public void TakeControl(byte[] message) => Controls.Writer.TryWrite(message);

        public Memory<byte> Room(int lane, int length)
        {
            Interlocked.Increment(ref Rooms[lane]);
            return (_rooms[lane] ??= new byte[PieceBytes]).AsMemory(0, length);
        }

        public async ValueTask TakeAsync(int lane, ReadOnlyMemory<byte> message)
        {
            var chunk = Interlocked.Increment(ref Taken[lane]) - 1;
            if (message.Length != PieceBytes || message.Span.IndexOfAnyExcept(Filling(lane, chunk)) >= 0)
                Interlocked.Increment(ref _wrong);
            Begun[lane].TrySetResult();
            await Answer.Task;
            if (chunk == ChunksOfLane - 1 && Interlocked.Increment(ref _ended) == lanes)
                All.TrySetResult();
        }

        public bool IsBusy(int lane) => false;

        public ValueTask RestAsync(int lane) => ValueTask.CompletedTask;
    }
}
