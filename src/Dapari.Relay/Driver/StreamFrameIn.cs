using System.Buffers;

namespace Dapari.Relay.Driver;

/// <summary>What happened on a connection.</summary>
internal enum StreamEvent
{
    Message,
    Began,
    Ended,
}

/// <summary>What a connection tells its thread; a message's bytes are rented and given back by <see cref="Return"/>.</summary>
internal readonly struct StreamFrameIn(StreamClient client, StreamEvent kind, byte[]? rented = null, int length = 0)
{
    public StreamClient Client { get; } = client;

    public StreamEvent Kind { get; } = kind;

    public ReadOnlyMemory<byte> Bytes => rented.AsMemory(0, length);

    public static StreamFrameIn Message(StreamClient client, ReadOnlySpan<byte> message)
    {
        var copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        return new StreamFrameIn(client, StreamEvent.Message, copy, message.Length);
    }

    public void Return()
    {
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }
}
