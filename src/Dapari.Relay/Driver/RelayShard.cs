using System.Net.Sockets;
using System.Threading.Channels;
using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Sockets;

namespace Dapari.Relay.Driver;

/// <summary>
/// One thread of a relay. A round: wait; tell the core the time; take what connections said; for each socket that has something receive a batch, hand
/// it to the core, send what the core says. So what waits is sent together, and nothing waits for more to come.
/// </summary>
internal sealed class RelayShard : IRelayPorts, IDisposable
{
    // A socket that is flooded lets the others have their turn after so many batches.
    private const int BatchesInARow = 4;
    private const int ReadyAtOnce = 128;
    private const int WaitingFrames = 512;

    private readonly RelayCore _core;
    private readonly DatagramReactor _reactor;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly int _batch;
    private readonly int _headRoom;
    private readonly Channel<StreamFrameIn> _frames = Channel.CreateBounded<StreamFrameIn>(new BoundedChannelOptions(WaitingFrames) { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _ready = new int[ReadyAtOnce];

    // By the reactor's socket number: the core's local side (listeners) as it is, or its relayed port as its complement.
    private readonly int[] _roles;

    // By the core's relayed port: the reactor's socket.
    private readonly int[] _portSockets;

    // By the core's local side: a listener's socket, or a connection.
    private readonly List<(int Socket, StreamClient? Stream)> _locals = [];
    private readonly HashSet<StreamClient> _streams = [];
    private int _spare;
    private long _lost;
    private long _reactorLost;
    private volatile bool _stopping;

    public RelayShard(RelayShared shared, RelayDriverOptions options, Entropy entropy, TimeProvider time)
    {
        var sockets = shared.Options.Ports + options.Listen.Count;
        _reactor = DatagramReactor.Create(options.Reactor with { HeadRoom = RelayCore.HeadRoom, TailRoom = RelayCore.TailRoom, Sockets = sockets });
        _core = new RelayCore(shared, this, entropy);
        _time = time;
        _started = time.GetTimestamp();
        _batch = options.Reactor.Batch;
        _headRoom = RelayCore.HeadRoom;
        _roles = new int[sockets];
        _portSockets = new int[shared.Options.Ports];
        _portSockets.AsSpan().Fill(-1);
    }

    public Task Ended => _ended.Task;

    public long Lost => Volatile.Read(ref _lost);

    /// <summary>The longest message of a connection.</summary>
    public int LongestFrame => _reactor.Options.SlotBytes - RelayCore.HeadRoom - RelayCore.TailRoom;

    /// <summary>Whether an address can be had, and with which port.</summary>
    public SocketError Try(in Endpoint address, out Endpoint bound)
    {
        var fault = _reactor.Open(address, shared: false, out var socket, out bound);
        if (fault == SocketError.Success)
            _reactor.Close(socket);
        return fault;
    }

    public SocketError Listen(in Endpoint address, bool shared)
    {
        var fault = _reactor.Open(address, shared, out var socket, out var bound);
        if (fault != SocketError.Success)
            return fault;
        var local = _core.AddLocal(bound, RelayTransport.Udp);
        _roles[socket] = local;
        Place(local, socket, null);
        return fault;
    }

    public void Start(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    public void Stop()
    {
        _stopping = true;
        _reactor.Wake();
    }

    /// <summary>Says what a connection said; waits while the thread has much to do, so that the client's own sending is held back.</summary>
    public async ValueTask SayAsync(StreamFrameIn frame, CancellationToken cancellation)
    {
        await _frames.Writer.WriteAsync(frame, cancellation);
        _reactor.Wake();
    }

    public void SlowReader() => Interlocked.Increment(ref _lost);

    bool IRelayPorts.TryOpen(int port, in Endpoint local)
    {
        if (_reactor.Open(local, shared: false, out var socket, out _) != SocketError.Success)
            return false;
        _roles[socket] = ~port;
        _portSockets[port] = socket;
        return true;
    }

    void IRelayPorts.Close(int port)
    {
        _reactor.Close(_portSockets[port]);
        _portSockets[port] = -1;
    }

    public void Dispose() => _reactor.Dispose();

    private RelayMoment Now() => new((long)_time.GetElapsedTime(_started).TotalMilliseconds, _time.GetUtcNow().ToUnixTimeMilliseconds());

    private void Run()
    {
        try
        {
            while (!_stopping)
                Round();
            _core.End();
            foreach (var stream in _streams)
                stream.End();
            _frames.Writer.TryComplete();
            _ended.SetResult();
        }
        catch (Exception bug)
        {
            _frames.Writer.TryComplete(bug);
            _ended.SetException(bug); // Told by RelayDriver.Ended: mailboxes in the same process go on.
        }
    }

    private void Round()
    {
        var deadline = _core.NextDeadline;
        var wait = deadline == long.MaxValue ? -1 : (int)Math.Clamp(deadline - Now().MonotonicMs, 0, int.MaxValue);
        var count = _reactor.Wait(_ready, wait);
        _core.Advance(Now());
        TakeFrames();
        for (var i = 0; i < count; i++)
            Serve(_ready[i]);
        var lost = _reactor.Lost;
        if (lost != _reactorLost)
        {
            Interlocked.Add(ref _lost, lost - _reactorLost);
            _reactorLost = lost;
        }
    }

    private void Serve(int socket)
    {
        for (var round = 0; round < BatchesInARow; round++)
        {
            var count = _reactor.Receive(socket);
            for (var slot = 0; slot < count; slot++)
            {
                ref readonly var received = ref _reactor[slot];
                if (received.Truncated || received.From.IsNone)
                    continue;
                // An allocation that ends within this batch takes its socket's role with it.
                var role = _roles[socket];
                var action = role >= 0
                    ? _core.FromClient(new ClientKey(received.From, role), _reactor.Slot(slot), _headRoom, received.Length, out var packet)
                    : _core.FromPeer(~role, received.From, _reactor.Slot(slot), _headRoom, received.Length, out packet);
                Send(action, packet, slot);
            }

            _reactor.Flush();
            if (count < _batch)
                return;
        }
    }

    private void Send(RelayAction action, in RelayPacket packet, int slot)
    {
        switch (action)
        {
            case RelayAction.ToPeer:
                _reactor.Send(_portSockets[packet.Port], packet.Peer, slot, packet.Offset, packet.Length);
                break;
            case RelayAction.ToClient:
                var (socket, stream) = _locals[packet.Client.Local];
                if (stream is null)
                    _reactor.Send(socket, packet.Client.Remote, slot, packet.Offset, packet.Length);
                else
                    stream.Send(_reactor.Slot(slot).Slice(packet.Offset, packet.Length));
                break;
        }
    }

    private void TakeFrames()
    {
        // Not more than came while it waited: sockets have their turn too.
        for (var i = 0; i < WaitingFrames && _frames.Reader.TryRead(out var frame); i++)
        {
            switch (frame.Kind)
            {
                case StreamEvent.Began:
                    frame.Client.Local = _core.AddLocal(frame.Client.LocalAddress, RelayTransport.Stream);
                    Place(frame.Client.Local, -1, frame.Client);
                    _streams.Add(frame.Client);
                    break;
                case StreamEvent.Ended:
                    _core.RemoveLocal(frame.Client.Local);
                    _locals[frame.Client.Local] = (-1, null);
                    _streams.Remove(frame.Client);
                    break;
                default:
                    Take(frame);
                    break;
            }
        }

        _reactor.Flush();
        _spare = 0;
    }

    private void Take(in StreamFrameIn frame)
    {
        if (_spare == _batch)
        {
            _reactor.Flush();
            _spare = 0;
        }

        var slot = _batch + _spare++;
        frame.Bytes.Span.CopyTo(_reactor.Slot(slot)[_headRoom..]);
        var action = _core.FromClient(new ClientKey(frame.Client.Remote, frame.Client.Local), _reactor.Slot(slot), _headRoom, frame.Bytes.Length, out var packet);
        frame.Return();
        Send(action, packet, slot);
    }

    private void Place(int local, int socket, StreamClient? stream)
    {
        while (_locals.Count <= local)
            _locals.Add((-1, null));
        _locals[local] = (socket, stream);
    }
}
