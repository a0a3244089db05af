using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary>
/// Sending. Step 1: what is to be sent is gathered by flow (socket and destination). Step 2: of each flow, neighbours of equal length become one message,
/// which the kernel cuts again (UDP_SEGMENT: all segments but the last are of one length). Step 3: all messages of a socket leave in one call.
/// </summary>
internal sealed unsafe partial class LinuxReactor
{
    // UDP_MAX_SEGMENTS of the first kernels that have it, and what an IP packet holds less the headers.
    private const int MostSegments = 64;
    private const int MostBytes = 65_000;
    private const int ControlBytes = 24;

    private readonly Pending[] _items;
    private readonly Flow[] _flows;
    private readonly bool[] _segments;
    private readonly Block<MessageHeader> _sent;
    private readonly Block<Slice> _sentSlices;
    private readonly Block<byte> _sentNames;
    private readonly Block<byte> _controls;
    private int _itemCount;
    private int _flowCount;

    public override void Send(int socket, in Endpoint to, int slot, int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset + (uint)length, (uint)Options.SlotBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)(2 * Options.Batch));
        if (_itemCount == _items.Length)
            throw new InvalidOperationException("A slot may be sent once between two flushes.");
        var item = _itemCount++;
        _items[item] = new Pending { Start = _arena + (slot * Options.SlotBytes) + offset, Length = length, Next = -1 };
        // Few flows at a time, and mostly the last one again.
        for (var i = _flowCount - 1; i >= 0; i--)
        {
            ref var known = ref _flows[i];
            if (known.Socket != socket || known.To != to)
                continue;
            _items[known.Last].Next = item;
            known.Last = item;
            return;
        }

        _flows[_flowCount++] = new Flow { Socket = socket, To = to, First = item, Last = item };
    }

    public override void Flush()
    {
        for (var i = 0; i < _flowCount; i++)
        {
            if (_flows[i].Socket >= 0)
                FlushSocket(i);
        }

        _itemCount = _flowCount = 0;
    }

    private void Forget(int socket)
    {
        for (var i = 0; i < _flowCount; i++)
        {
            if (_flows[i].Socket == socket)
                _flows[i].Socket = -1;
        }
    }

    private void FlushSocket(int from)
    {
        var socket = _flows[from].Socket;
        int messages = 0, slices = 0;
        for (var i = from; i < _flowCount; i++)
        {
            ref var flow = ref _flows[i];
            if (flow.Socket != socket)
                continue;
            flow.Socket = -1;
            var name = _sentNames.At(i * SocketAddressBytes.Longest);
            var nameLength = (uint)SocketAddressBytes.Write(flow.To, new Span<byte>(name, SocketAddressBytes.Longest));
            for (var item = flow.First; item >= 0;)
            {
                ref var message = ref _sent[messages];
                message = new MessageHeader { Name = name, NameLength = nameLength, Slices = _sentSlices.At(slices) };
                item = Gather(item, _segments[socket], ref slices, out var count, out var length);
                message.SliceCount = (nuint)count;
                if (count > 1)
                    Segment(ref message, messages, length);
                messages++;
            }
        }

        Send(socket, messages);
    }

    /// <summary>Takes a run of neighbours that may leave as one.</summary>
    private int Gather(int item, bool together, ref int slices, out int count, out int length)
    {
        length = _items[item].Length;
        count = 0;
        for (var total = 0; item >= 0; item = _items[item].Next)
        {
            ref var one = ref _items[item];
            if (count > 0 && (!together || count == MostSegments || one.Length > length || one.Length == 0 || total + one.Length > MostBytes))
                break;
            _sentSlices[slices++] = new Slice { Start = one.Start, Length = (nuint)one.Length };
            count++;
            total += one.Length;
            // A shorter one may only be the last; an empty one is a datagram by itself.
            if (one.Length < length || one.Length == 0)
                return one.Next;
        }

        return item;
    }

    private void Segment(ref MessageHeader message, int index, int length)
    {
        // struct cmsghdr: its length with the data, the level, the type; then a u16.
        var control = _controls.At(index * ControlBytes);
        *(ulong*)control = 18;
        *(int*)(control + 8) = LibC.UdpLevel;
        *(int*)(control + 12) = LibC.UdpSegment;
        *(ulong*)(control + 16) = (ushort)length;
        message.Control = control;
        message.ControlLength = ControlBytes;
    }

    private void Send(int socket, int messages)
    {
        for (var at = 0; at < messages;)
        {
            var count = LibC.SendMany(_descriptors[socket], _sent.At(at), (uint)(messages - at), LibC.DoNotWait);
            if (count > 0)
            {
                at += count;
                continue;
            }

            var fault = Marshal.GetLastPInvokeError();
            if (fault == LibC.Interrupted)
                continue;
            ref var failed = ref _sent[at];
            if (fault == LibC.Again)
            {
                // The socket's buffer is full: as on a wire that is.
                for (; at < messages; at++)
                    Lost += (long)_sent[at].SliceCount;
                return;
            }

            if (failed.SliceCount > 1 && fault is LibC.InOut or LibC.Invalid or LibC.MessageSize or LibC.NoProtocolOption or LibC.NotSupported)
            {
                // Too long for the way, or a kernel or device that cannot: never again on this socket, and these one by one.
                _segments[socket] = false;
                SendSingly(socket, failed);
            }
            else
            {
                Lost += (long)failed.SliceCount;
            }

            at++;
        }
    }

    private void SendSingly(int socket, in MessageHeader message)
    {
        for (var i = 0; i < (int)message.SliceCount; i++)
        {
            var one = message with { Slices = message.Slices + i, SliceCount = 1, Control = null, ControlLength = 0 };
            if (LibC.SendMany(_descriptors[socket], &one, 1, LibC.DoNotWait) != 1)
                Lost++;
        }
    }

    private struct Pending
    {
        public byte* Start;
        public int Length;
        public int Next;
    }

    private struct Flow
    {
        public int Socket;
        public Endpoint To;
        public int First;
        public int Last;
    }
}
