using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary>recvmmsg, sendmmsg with UDP_SEGMENT, epoll.</summary>
internal sealed unsafe partial class LinuxReactor : DatagramReactor
{
    private const int EventsAtOnce = 128;
    private const ulong WakeMark = ulong.MaxValue;

    // The kernel packs struct epoll_event on x86-64 only.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int EventDataAt = EventBytes - 8;

    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(EventsAtOnce * 16, pinned: true);
    private readonly Socket?[] _sockets;
    private readonly int[] _descriptors;
    private readonly Stack<int> _free = new();
    private readonly Block<MessageHeader> _received;
    private readonly Block<Slice> _receivedSlices;
    private readonly Block<byte> _receivedNames;
    private readonly byte* _arena;
    private readonly Lock _waking = new();
    private int _used;
    private bool _closed;

    public LinuxReactor(ReactorOptions options)
        : base(options)
    {
        _epoll = Checked(LibC.EpollCreate(LibC.CloseOnExec));
        _wake = Checked(LibC.EventDescriptor(0, LibC.CloseOnExec | LibC.NonBlocking));
        _sockets = new Socket?[options.Sockets];
        _descriptors = new int[options.Sockets];
        _segments = new bool[options.Sockets];
        _arena = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Arena, 0);
        _received = new(options.Batch);
        _receivedSlices = new(options.Batch);
        _receivedNames = new(options.Batch * SocketAddressBytes.Longest);
        for (var i = 0; i < options.Batch; i++)
        {
            ref var slice = ref _receivedSlices[i];
            slice.Start = _arena + (i * options.SlotBytes) + options.HeadRoom;
            slice.Length = (nuint)(options.SlotBytes - options.HeadRoom - options.TailRoom);
            ref var message = ref _received[i];
            message.Name = _receivedNames.At(i * SocketAddressBytes.Longest);
            message.Slices = _receivedSlices.At(i);
            message.SliceCount = 1;
        }

        var sends = 2 * options.Batch;
        _items = new Pending[sends];
        _flows = new Flow[sends];
        _sent = new(sends);
        _sentSlices = new(sends);
        _sentNames = new(sends * SocketAddressBytes.Longest);
        _controls = new(sends * ControlBytes);
        Watch(_wake, WakeMark);
    }

    public override SocketError Open(in Endpoint local, bool shared, out int socket, out Endpoint bound)
    {
        socket = -1;
        bound = default;
        if (_free.Count == 0 && _used == Options.Sockets)
            return SocketError.TooManyOpenSockets;
        if (Bind(local, shared, out var fault) is not { } opened)
            return fault;
        socket = _free.TryPop(out var former) ? former : _used++;
        bound = LocalOf(opened);
        _sockets[socket] = opened;
        _descriptors[socket] = (int)opened.Handle;
        _segments[socket] = Options.Segmentation;
        Watch(_descriptors[socket], (ulong)socket);
        return SocketError.Success;
    }

    public override void Close(int socket)
    {
        if (_sockets[socket] is not { } closed)
            return;
        Forget(socket);
        _sockets[socket] = null;
        // Closing the descriptor takes it out of the epoll set.
        closed.Dispose();
        _free.Push(socket);
    }

    public override int Wait(Span<int> ready, int milliseconds)
    {
        int count;
        fixed (byte* events = _events)
            count = LibC.EpollWait(_epoll, events, Math.Min(EventsAtOnce, ready.Length + 1), milliseconds);
        if (count < 0)
            return Marshal.GetLastPInvokeError() == LibC.Interrupted ? 0 : throw Bug("epoll_wait");
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var mark = BitConverter.ToUInt64(_events, (i * EventBytes) + EventDataAt);
            if (mark == WakeMark)
            {
                ulong times;
                _ = LibC.Read(_wake, &times, sizeof(ulong));
            }
            else if (found < ready.Length)
            {
                ready[found++] = (int)mark;
            }
        }

        return found;
    }

    public override void Wake()
    {
        var one = 1ul;
        lock (_waking)
        {
            // The number of a closed descriptor is somebody else's soon, a file's perhaps.
            if (!_closed)
                _ = LibC.Write(_wake, &one, sizeof(ulong));
        }
    }

    public override int Receive(int socket)
    {
        if (_sockets[socket] is null)
            return 0;
        for (var i = 0; i < Options.Batch; i++)
            _received[i].NameLength = SocketAddressBytes.Longest;
        var count = LibC.ReceiveMany(_descriptors[socket], _received.Start, (uint)Options.Batch, LibC.DoNotWait, null);
        // An error that an ICMP message left on the socket is taken with this call; the next one receives.
        for (var i = 0; i < count; i++)
        {
            ref var message = ref _received[i];
            var from = SocketAddressBytes.Read(new ReadOnlySpan<byte>(message.Name, SocketAddressBytes.Longest));
            Slots[i] = new Received(from, (int)message.Length, (message.Flags & LibC.Truncated) != 0);
        }

        return Math.Max(count, 0);
    }

    protected override void Dispose(bool disposing)
    {
        lock (_waking)
        {
            if (_closed)
                return;
            _closed = true;
        }

        for (var i = 0; i < _used; i++)
            _sockets[i]?.Dispose();
        _ = LibC.CloseDescriptor(_wake);
        _ = LibC.CloseDescriptor(_epoll);
    }

    private static InvalidOperationException Bug(string call) => new($"{call} failed with error {Marshal.GetLastPInvokeError()}.");

    private static int Checked(int result) => result >= 0 ? result : throw Bug("A system call");

    private void Watch(int descriptor, ulong mark)
    {
        Span<byte> change = stackalloc byte[16];
        change.Clear();
        BitConverter.TryWriteBytes(change, LibC.EpollIn);
        BitConverter.TryWriteBytes(change[EventDataAt..], mark);
        fixed (byte* bytes = change)
            _ = Checked(LibC.EpollControl(_epoll, LibC.EpollAdd, descriptor, bytes));
    }
}
