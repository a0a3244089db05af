using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Threading.Channels;
using Dapari.Server.Limits;
using Dapari.Wire;

namespace Dapari.Server.Shares;

/// <summary>One WebSocket at the rendezvous: a sender or a visitor. What waits to be sent is bounded; who is too slow for it is closed.</summary>
internal sealed class RendezvousEnd(WebSocket socket, AddressKey address, string host, bool hasTls, CancellationToken ended) : IDisposable
{
    private const int MostWaiting = 64;
    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _closing = CancellationTokenSource.CreateLinkedTokenSource(ended);

    public AddressKey Address => address;

    /// <summary>The host as this end connected to it, for the relay's URLs.</summary>
    public string Host => host;

    public bool HasTls => hasTls;

    /// <summary>Cancelled when it is to end.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Queues a message; false: too many wait.</summary>
    public bool TrySend(RendezvousKind kind, ReadOnlySpan<byte> body = default) => _waiting.Writer.TryWrite([(byte)kind, .. body]);

    /// <summary>The same with a visitor's number before the body.</summary>
    public bool TrySend(RendezvousKind kind, uint visitor, ReadOnlySpan<byte> body = default)
    {
        var message = new byte[5 + body.Length];
        message[0] = (byte)kind;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), visitor);
        body.CopyTo(message.AsSpan(5));
        return _waiting.Writer.TryWrite(message);
    }

    /// <summary>Nothing more is queued; what waits still goes, then it is closed.</summary>
    public void Finish() => _waiting.Writer.TryComplete();

    /// <summary>Sends what is queued until it ends.</summary>
    public async Task SendAsync()
    {
        try
        {
            await foreach (var message in _waiting.Reader.ReadAllAsync(Closing))
                await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, Closing);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Closing);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            await _closing.CancelAsync();
        }
    }

    /// <summary>The next whole message; null: it has ended, was silent, or sent what is none.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReceiveAsync(byte[] buffer, TimeSpan patience, TimeProvider time)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, Closing);
        try
        {
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), either.Token);
                length += part.Count;
                if (part.MessageType != WebSocketMessageType.Binary || length > RendezvousLimits.MessageBytes)
                    return null;
                if (part.EndOfMessage)
                    return buffer.AsMemory(0, length);
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Ends it at once.</summary>
    public void Close() => _closing.Cancel();

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _closing.Dispose();
    }
}
