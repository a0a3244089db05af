using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>
/// Reads and writes frames: one WebSocket message each. Every length and count is held to <see cref="WireLimits"/> before it is used.
/// A kind that a newer version added is read as a frame whose <c>KindCase</c> is <c>None</c>, its bytes kept; unknown fields are kept too.
/// </summary>
/// <remarks>The parser allocates no more than a small multiple of the message's bytes, which <see cref="WireLimits.FrameBytes"/> caps.</remarks>
public static class FrameCodec
{
    /// <summary>Reads a frame from a client, on a server.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out ClientFrame? frame, out FrameFault fault)
    {
        frame = null;
        if (!TryParse(source, ClientFrame.Parser, out var parsed, out fault))
            return false;
        fault = parsed.Request == 0 ? FrameFault.NoRequest : ClientFrameShape.Check(parsed);
        if (fault != FrameFault.None)
            return false;
        frame = parsed;
        return true;
    }

    /// <summary>Reads a frame from a server, on a client.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out ServerFrame? frame, out FrameFault fault)
    {
        frame = null;
        if (!TryParse(source, ServerFrame.Parser, out var parsed, out fault))
            return false;
        fault = ServerFrameShape.Check(parsed);
        if (fault != FrameFault.None)
            return false;
        frame = parsed;
        return true;
    }

    /// <summary>Writes a client's frame.</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.FrameBytes"/>.</exception>
    public static byte[] Write(ClientFrame frame) => Serialize(frame);

    /// <summary>Writes a server's frame.</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.FrameBytes"/>.</exception>
    public static byte[] Write(ServerFrame frame) => Serialize(frame);

    private static byte[] Serialize(IMessage frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (frame.CalculateSize() > WireLimits.FrameBytes)
            throw new ArgumentException("The frame is too large.", nameof(frame));
        return frame.ToByteArray();
    }

    private static bool TryParse<T>(ReadOnlySpan<byte> source, MessageParser<T> parser, [NotNullWhen(true)] out T? message, out FrameFault fault)
        where T : class, IMessage<T>
    {
        message = null;
        if (source.Length > WireLimits.FrameBytes)
        {
            fault = FrameFault.TooLarge;
            return false;
        }

        fault = Protobuf.TryParse(source, parser, out message) ? FrameFault.None : FrameFault.Malformed;
        return message is not null;
    }
}
