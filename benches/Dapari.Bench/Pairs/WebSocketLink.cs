using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Dapari.Bench.Pairs;

/// <summary>WebSocket frames by hand: a client's mask is zero, so that masking costs the generator nothing and the server what it always costs.</summary>
internal abstract class WebSocketLink : PairLink
{
    /// <summary>The HTTP upgrade (RFC 6455 §4.1).</summary>
    protected Task UpgradeAsync(IPEndPoint server, string path) => AskAsync(
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
        bytes => bytes.AsSpan().IndexOf("\r\n\r\n"u8) is >= 0 and var end ? end + 4 : 0);

    /// <summary>A frame's bytes, for questions while connecting.</summary>
    protected static byte[] Frame(ReadOnlySpan<byte> content)
    {
        var frame = new byte[HeaderLength(content.Length) + content.Length];
        Header(frame, content.Length);
        content.CopyTo(frame.AsSpan(frame.Length - content.Length));
        return frame;
    }

    protected Task<byte[]> AskFrameAsync(ReadOnlySpan<byte> content) => AskContentAsync(Frame(content));

    private async Task<byte[]> AskContentAsync(byte[] frame)
    {
        var answer = await AskAsync(frame, bytes => TryFrame(bytes, out var start, out var length) ? start + length : 0);
        TryFrame(answer, out var begin, out var count);
        return answer[begin..(begin + count)];
    }

    /// <summary>Room for a binary frame's content at the end of what is queued.</summary>
    protected Span<byte> QueueFrame(int length)
    {
        var header = HeaderLength(length);
        var room = Queue(header + length);
        Header(room, length);
        return room[header..];
    }

    protected sealed override int Take(ReadOnlySpan<byte> received, List<long> stamps)
    {
        var used = 0;
        while (TryFrame(received[used..], out var start, out var length))
        {
            // RFC 6455 §5.5: Kestrel's keep-alive after two minutes is a control frame.
            if ((received[used] & 0x08) == 0)
                Content(received.Slice(used + start, length), stamps);
            used += start + length;
        }

        Taken();
        return used;
    }

    /// <summary>One frame's content.</summary>
    protected abstract void Content(ReadOnlySpan<byte> content, List<long> stamps);

    /// <summary>All that one read brought has been seen.</summary>
    protected virtual void Taken()
    {
    }

    private static bool TryFrame(ReadOnlySpan<byte> bytes, out int start, out int length)
    {
        (start, length) = (2, 0);
        if (bytes.Length < 2)
            return false;
        length = bytes[1] & 0x7f;
        if (length == 126)
        {
            start = 4;
            if (bytes.Length < 4)
                return false;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        }
        else if (length == 127)
        {
            start = 10;
            if (bytes.Length < 10)
                return false;
            length = (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]);
        }

        return bytes.Length >= start + length;
    }

    private static int HeaderLength(int length) => (length < 126 ? 2 : 4) + 4;

    private static void Header(Span<byte> frame, int length)
    {
        frame[0] = 0x82; // the end of a binary message
        if (length < 126)
            frame[1] = (byte)(0x80 | length);
        else
        {
            frame[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], checked((ushort)length));
        }

        frame.Slice(HeaderLength(length) - 4, 4).Clear();
    }
}
