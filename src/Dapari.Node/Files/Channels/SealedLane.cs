using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Dapari.Node.Paths;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// A lane of a channel: a connection whose keys were agreed on within TLS, and whose messages then go beneath it in records of their own (docs/protocol/tcp.md, "Lanes"). Sends one
/// message at a time and reads on one task; either beside the other.
/// </summary>
internal sealed class SealedLane : IDisposable
{
    // SOL_SOCKET and SO_RCVLOWAT, socket(7) of Linux.
    private const int SocketLevel = 1;
    private const int LeastToRead = 18;

    // What is put off for more to come waits this long for it.
    private static readonly TimeSpan _rest = TimeSpan.FromMilliseconds(10);
    private readonly PathStream _stream;
    private readonly LaneSeal _sending;
    private readonly LaneSeal _receiving;
    private readonly TimeProvider _time;
    private int _least = 1;
    private readonly byte[] _record = new byte[LaneReader.MostMessage + LaneSeal.Overhead];

    private SealedLane(PathStream stream, (LaneSeal Sending, LaneSeal Receiving) seals, TimeProvider time) => (_stream, _sending, _receiving, _time) = (stream, seals.Sending, seals.Receiving, time);

    /// <summary>The end that connected: says its secret, hears the other's, and proves that it has the keys.</summary>
    /// <exception cref="Exception">One that <see cref="TcpConnection.IsEnd"/> knows.</exception>
    public static async Task<SealedLane> ConnectAsync(PathStream stream, byte number, byte count, TimeProvider time, CancellationToken cancellation)
    {
        var (own, theirs) = (RandomNumberGenerator.GetBytes(LaneSeal.SecretBytes), new byte[LaneSeal.SecretBytes]);
        await stream.WriteAsync((byte[])[number, count, .. own], cancellation);
        await stream.ReadExactlyAsync(theirs, cancellation);
        var lane = new SealedLane(stream, LaneSeal.Pair(own, theirs, number, connects: true), time);
        // Until this has come the other end sends nothing beneath TLS: what TLS reads ahead would be lost.
        await lane.SendAsync(new[] { number }, cancellation);
        return lane;
    }

    /// <summary>The other end, when number and count were read.</summary>
    /// <exception cref="Exception">One that <see cref="TcpConnection.IsEnd"/> knows.</exception>
    public static async Task<SealedLane> AcceptAsync(PathStream stream, byte number, TimeProvider time, CancellationToken cancellation)
    {
        var (own, theirs) = (RandomNumberGenerator.GetBytes(LaneSeal.SecretBytes), new byte[LaneSeal.SecretBytes]);
        await stream.ReadExactlyAsync(theirs, cancellation);
        await stream.WriteAsync(own, cancellation);
        var lane = new SealedLane(stream, LaneSeal.Pair(theirs, own, number, connects: false), time);
        var proof = new byte[1 + LaneSeal.Overhead];
        for (var read = 0; read < proof.Length;)
        {
            var more = await stream.Beneath.ReceiveAsync(proof.AsMemory(read), cancellation);
            read += more > 0 ? more : throw new EndOfStreamException();
        }

        var word = new byte[1];
        return lane._receiving.TryOpen(proof, word) && word[0] == number ? lane : throw new IOException("Keys do not agree.");
    }

    /// <summary>Where the next message may be put together; sealed in its place.</summary>
    /// <param name="length">At most <see cref="LaneReader.MostMessage"/>.</param>
    public Memory<byte> SendingRoom(int length) => _record.AsMemory(LaneSeal.HeaderBytes, length);

    /// <summary>Sends a message; the memory is the caller's again when it is done.</summary>
    /// <exception cref="Exception">One that <see cref="TcpConnection.IsEnd"/> knows.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        _sending.Seal(message.Span, _record);
        for (var rest = _record.AsMemory(0, message.Length + LaneSeal.Overhead); !rest.IsEmpty;)
            rest = rest[await _stream.Beneath.SendAsync(rest, cancellation)..];
    }

    /// <summary>Brings messages until the lane ends; never throws but a bug.</summary>
    public async Task ReadAsync(IFileReceiver receiver, int lane, CancellationToken cancellation)
    {
        var records = new LaneReader(_receiving);
        Task? resting = null;
        try
        {
            while (true)
            {
                while (records.Next() is { } length)
                {
                    var message = receiver.Room(lane, length);
                    if (records.TryOpen(message.Span))
                        await receiver.TakeAsync(lane, message);
                }

                if (records.IsOver)
                    return;
                WakeAt(records.Missing);
                var reading = _stream.Beneath.ReceiveAsync(records.Room(), cancellation);
                var read = reading.IsCompleted ? await reading : await WaitAsync(reading.AsTask());
                if (read == 0)
                    return;
                records.Add(read);
            }
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            // That it ended is all there is to say.
        }

        async Task<int> WaitAsync(Task<int> reading)
        {
            if (receiver.IsBusy(lane))
            {
                resting = resting is null || resting.IsCompleted ? Task.Delay(_rest, _time, CancellationToken.None) : resting;
                if (await Task.WhenAny(reading, resting) != reading)
                    await receiver.RestAsync(lane);
            }

            return await reading;
        }
    }

    // A record is opened when all of it is here: being woken for each part of it costs more than opening it.
    private void WakeAt(int bytes)
    {
        if (bytes == _least || !OperatingSystem.IsLinux())
            return;
        _least = bytes;
        _stream.Beneath.SetRawSocketOption(SocketLevel, LeastToRead, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in bytes)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _sending.Dispose();
        _receiving.Dispose();
    }
}
