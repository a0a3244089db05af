using System.Net;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets.Portable;

/// <summary>What every platform has: one datagram a call, and select over the sockets.</summary>
internal sealed class PortableReactor : DatagramReactor
{
    private readonly List<Socket?> _sockets = [];
    private readonly Stack<int> _free = new();
    private readonly Dictionary<Socket, int> _numbers = [];
    private readonly List<Socket> _ask = [];
    private readonly SocketAddress _from = new(AddressFamily.InterNetworkV6);
    private readonly (int Socket, Endpoint To, int Slot, int Offset, int Length)[] _pending;
    private readonly Socket _ear;
    private readonly Socket _mouth;
    private int _pendingCount;

    public PortableReactor(ReactorOptions options)
        : base(options)
    {
        _pending = new (int, Endpoint, int, int, int)[2 * options.Batch];
        // Waking is a datagram to oneself: select knows nothing else.
        _ear = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        _ear.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _mouth = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        _mouth.Connect(_ear.LocalEndPoint!);
    }

    public override SocketError Open(in Endpoint local, bool shared, out int socket, out Endpoint bound)
    {
        socket = -1;
        bound = default;
        if (_free.Count == 0 && _sockets.Count == Options.Sockets)
            return SocketError.TooManyOpenSockets;
        if (Bind(local, shared, out var fault) is not { } opened)
            return fault;
        bound = LocalOf(opened);
        if (_free.TryPop(out socket))
        {
            _sockets[socket] = opened;
        }
        else
        {
            socket = _sockets.Count;
            _sockets.Add(opened);
        }

        _numbers[opened] = socket;
        return SocketError.Success;
    }

    public override void Close(int socket)
    {
        if (_sockets[socket] is not { } closed)
            return;
        for (var i = 0; i < _pendingCount; i++)
        {
            if (_pending[i].Socket == socket)
                _pending[i].Socket = -1;
        }

        _sockets[socket] = null;
        _numbers.Remove(closed);
        closed.Dispose();
        _free.Push(socket);
    }

    public override int Wait(Span<int> ready, int milliseconds)
    {
        _ask.Clear();
        _ask.Add(_ear);
        foreach (var socket in _sockets)
        {
            if (socket is not null)
                _ask.Add(socket);
        }

        Socket.Select(_ask, null, null, milliseconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds));
        var found = 0;
        foreach (var socket in _ask)
        {
            if (socket == _ear)
                Drain();
            else if (found < ready.Length)
                ready[found++] = _numbers[socket];
        }

        return found;
    }

    public override void Wake()
    {
        try
        {
            _mouth.Send([0]);
        }
        catch (SocketException)
        {
            // Full of wakes already: that wakes too.
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    public override int Receive(int socket)
    {
        var count = 0;
        while (_sockets[socket] is { } open && count < Options.Batch)
        {
            var slot = Slot(count)[Options.HeadRoom..^Options.TailRoom];
            try
            {
                _from.Size = SocketAddress.GetMaximumAddressSize(AddressFamily.InterNetworkV6);
                var length = open.ReceiveFrom(slot, SocketFlags.None, _from);
                // Not every platform says that it cut something: what fills the slot may have been longer.
                Slots[count++] = new Received(From(_from), length, Truncated: length == slot.Length);
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.WouldBlock)
            {
                break;
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.MessageSize)
            {
                Slots[count++] = new Received(From(_from), slot.Length, Truncated: true);
            }
            catch (SocketException)
            {
                break; // What an ICMP message left on the socket.
            }
        }

        return count;
    }

    public override void Send(int socket, in Endpoint to, int slot, int offset, int length)
    {
        if (_pendingCount == _pending.Length)
            throw new InvalidOperationException("A slot may be sent once between two flushes.");
        _pending[_pendingCount++] = (socket, to, slot, offset, length);
    }

    public override void Flush()
    {
        for (var i = 0; i < _pendingCount; i++)
        {
            var (socket, to, slot, offset, length) = _pending[i];
            if (socket < 0 || _sockets[socket] is not { } open)
                continue;
            try
            {
                open.SendTo(Slot(slot).Slice(offset, length), SocketFlags.None, new IPEndPoint(to.ToIPAddress(), to.Port));
            }
            catch (SocketException)
            {
                Lost++;
            }
        }

        _pendingCount = 0;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var socket in _sockets)
            socket?.Dispose();
        _ear.Dispose();
        _mouth.Dispose();
    }

    private static Endpoint From(SocketAddress address)
    {
        var family = address.Family == AddressFamily.InterNetwork ? new IPEndPoint(IPAddress.Any, 0) : new IPEndPoint(IPAddress.IPv6Any, 0);
        var endpoint = (IPEndPoint)family.Create(address);
        return Endpoint.From(endpoint.Address, (ushort)endpoint.Port).Unmap();
    }

    private void Drain()
    {
        try
        {
            Span<byte> one = stackalloc byte[8];
            while (_ear.Receive(one) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Empty.
        }
    }
}
