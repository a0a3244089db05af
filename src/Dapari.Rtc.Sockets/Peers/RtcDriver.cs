using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Turn;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>
/// Runs an <see cref="RtcPeer"/> over real sockets: one thread that waits, receives many datagrams at a time, lets the peer work, and sends what it has in as few
/// calls as the platform allows. All else is done on that thread too, by <see cref="Do"/>.
/// </summary>
/// <remarks>
/// One turn: 1. what others asked for; 2. every ready socket's datagrams; 3. the peer's deadline; 4. messages and events to the listener, waiting messages to the
/// peer, datagrams to the kernel, until none of them has anything. In steady state a turn allocates nothing but what the listener does.
/// </remarks>
public sealed partial class RtcDriver : IAsyncDisposable
{
    /// <summary>Datagrams in one turn from one socket, so that a flood cannot keep deadlines waiting: so many receives.</summary>
    private const int ReceivesAtOnce = 4;

    private const int Batch = 64;

    // RtcPeer probes up to 16,384 bytes.
    private const int SlotBytes = 17_408;

    private readonly RtcDriverOptions _options;
    private readonly IRtcListener _listener;
    private readonly RtcPeer _peer;
    private readonly DatagramReactor _reactor;
    private readonly ConcurrentQueue<Action<RtcPeer, long>> _asked = new();
    private readonly Dictionary<System.Net.IPAddress, (int Socket, int Base)> _bound = [];
    private readonly Dictionary<int, int> _baseOfSocket = [];
    private readonly Dictionary<int, int> _socketOfBase = [];
    private readonly Dictionary<int, ushort> _portOfBase = [];
    private readonly ArrayBufferWriter<byte> _message = new(64 * 1024);
    private readonly Entropy _entropy;
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private int _woken;
    private volatile bool _ends;
    private volatile bool _over;

    /// <summary>Opens nothing yet: <see cref="Start"/> does.</summary>
    /// <exception cref="ArgumentException">Options that cannot be.</exception>
    public RtcDriver(RtcDriverOptions options, IRtcListener listener, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(entropy);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WaitingMessages, 1, nameof(options));
        _options = options;
        _listener = listener;
        _entropy = entropy;
        _peer = new RtcPeer(options.Peer, entropy, NowUs);
        _reactor = DatagramReactor.Create(new ReactorOptions { Batch = Batch, SlotBytes = SlotBytes, HeadRoom = 0, TailRoom = 0, Sockets = IceAgent.MaxBases + options.TurnServers.Count, Portable = options.Portable });
        _thread = new Thread(Run) { IsBackground = true, Name = "dapari rtc" };
    }

    /// <summary>Completes when the driver has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Microseconds since it was made: the peer's clock.</summary>
    public long NowUs => (long)Stopwatch.GetElapsedTime(_began).TotalMicroseconds;

    /// <summary>Binds the sockets and begins.</summary>
    public void Start()
    {
        Do((_, _) => BindAll(first: true));
        if (_options.Addresses is null)
            NetworkChange.NetworkAddressChanged += OnAddressesChanged;
        _thread.Start();
    }

    /// <summary>Has something done on the driver's thread, soon; after its end, never. Any thread.</summary>
    public void Do(Action<RtcPeer, long> step)
    {
        ArgumentNullException.ThrowIfNull(step);
        _asked.Enqueue(step);
        // One wake-up is enough for all that come before the thread looks.
        if (Interlocked.Exchange(ref _woken, 1) == 0)
            _reactor.Wake();
    }

    /// <summary>The same with an answer; cancelled when the driver ends before. Any thread.</summary>
    public async Task<TAnswer> AskAsync<TAnswer>(Func<RtcPeer, long, TAnswer> ask, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ask);
        var answered = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Do((peer, now) =>
        {
            try
            {
                answered.TrySetResult(ask(peer, now));
            }
            catch (ArgumentException wrong)
            {
                answered.TrySetException(wrong); // The asker's mistake, and not the driver's end.
            }
        });
        var first = await Task.WhenAny(answered.Task, _ended.Task).WaitAsync(cancellation);
        return first == answered.Task || answered.Task.IsCompleted ? await answered.Task : throw new OperationCanceledException("The driver ended.");
    }

    /// <summary>Closes the connection, tells the other end, and ends the thread. Safe to call twice.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressesChanged;
        if (_thread.ThreadState.HasFlag(System.Threading.ThreadState.Unstarted) && !_over)
        {
            _over = true;
            _peer.Dispose();
            _reactor.Dispose();
            _ended.TrySetResult();
        }

        Do((_, _) => _ends = true);
        await _ended.Task;
    }

    private void OnAddressesChanged(object? sender, EventArgs change) => Do((_, _) => BindAll(first: false));

    private void Run()
    {
        Exception? fault = null;
        try
        {
            Loop();
        }
#pragma warning disable CA1031 // A bug ends this connection and not the process; whoever listens is told.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            fault = bug;
        }

        WishNothing();
        CloseTcp();
        CloseRelayLines();
        UnnameAll();
        _peer.Dispose();
        _reactor.Dispose();
        _over = true;
        CancelWaiting();
        _ended.TrySetResult();
        if (fault is not null)
            _listener.Failed(fault);
    }

    private void Loop()
    {
        var ready = new int[IceAgent.MaxBases + _options.TurnServers.Count];
        while (!_ends)
        {
            var now = NowUs;
            var due = NextDeadlineUs;
            var wait = due == long.MaxValue ? -1 : (int)Math.Clamp((due - now + 999) / 1_000, 0, 60_000);
            var count = _reactor.Wait(ready, _asked.IsEmpty ? wait : 0);
            Volatile.Write(ref _woken, 0);
            while (_asked.TryDequeue(out var step))
                step(_peer, NowUs);
            foreach (var socket in ready.AsSpan(0, count))
                Receive(socket);
            now = NowUs;
            if (_peer.NextDeadlineUs <= now)
                _peer.Advance(now);
            AdvanceRelays(now);
            Settle();
        }

        _peer.Close(NowUs);
        Settle();
        CloseRelays();
        Flush();
    }

    private void Receive(int socket)
    {
        for (var i = 0; i < ReceivesAtOnce; i++)
        {
            var count = _reactor.Receive(socket);
            if (count == 0)
                return;
            var now = NowUs;
            var relay = _relayOfSocket.GetValueOrDefault(socket);
            var number = relay is null ? _baseOfSocket[socket] : -1;
            for (var slot = 0; slot < count; slot++)
            {
                ref readonly var received = ref _reactor[slot];
                if (relay is not null)
                    ReceiveFrom(relay, received, _reactor.Slot(slot)[..received.Length], now);
                else if (!received.Truncated)
                    _peer.Receive(number, received.From, _reactor.Slot(slot)[..received.Length], now);
            }

            if (count < Batch)
                return;
            Settle();
        }
    }

    /// <summary>Lets everything go where it has to go, until nothing moves any more.</summary>
    private void Settle()
    {
        bool moved;
        do
        {
            moved = Tell();
            moved |= SendWaiting();
            Flush();
        }
        while (moved);
    }

    private bool Tell()
    {
        var moved = false;
        while (_peer.TryTakeEvent(out var told))
        {
            moved = true;
            if (told.Kind == RtcEventKind.ChannelClosed)
                CancelWaiting(told.Channel!);
            else if (told.Kind == RtcEventKind.Disconnected)
                ProbeRelays();
            if (told.Kind != RtcEventKind.MessageWaiting)
                _listener.Happened(_peer, told, NowUs);
        }

        while (_listener.Takes && _peer.TryReceive(out var channel, out var text, _message))
        {
            moved = true;
            _listener.Received(_peer, channel, text, _message.WrittenSpan, NowUs);
            _message.ResetWrittenCount();
        }

        return moved;
    }

    private void Flush()
    {
        while (true)
        {
            var slot = QueueRequests(Batch);
            while (slot < 2 * Batch && _peer.TryTakeDatagram(_reactor.Slot(slot)[TurnClient.HeadRoom..], out var length, out var number, out var to))
            {
                if (to.IsTcp)
                    SendByTcp(number, to, _reactor.Slot(slot).Slice(TurnClient.HeadRoom, length));
                else if (_socketOfBase.TryGetValue(number, out var socket))
                    _reactor.Send(socket, to, slot++, TurnClient.HeadRoom, length);
                else if (_relayOfBase.TryGetValue(number, out var relay) && TrySendBy(relay, to, slot, length))
                    slot++;
            }

            if (slot == Batch)
                return;
            _reactor.Flush();
        }
    }

    /// <summary>Binds addresses that came, and leaves those that went.</summary>
    private void BindAll(bool first)
    {
        var wanted = _options.Addresses is { } named ? [.. named.Select(a => new LocalAddress(a, LocalInterfaces.MtuOf(a)))] : LocalInterfaces.All();
        foreach (var (address, (socket, number)) in _bound.ToArray())
        {
            if (wanted.Exists(one => one.Address.Equals(address)))
                continue;
            _peer.RemoveBase(number, NowUs);
            _reactor.Close(socket);
            _bound.Remove(address);
            _baseOfSocket.Remove(socket);
            _socketOfBase.Remove(number);
            _portOfBase.Remove(number);
            WishNoMore(number);
            Unname(address);
        }

        ushort preference = 65_535;
        foreach (var (address, mtu) in wanted)
        {
            preference--;
            if (_bound.ContainsKey(address) || _reactor.Open(Endpoint.From(address, 0), shared: false, out var socket, out var bound) != SocketError.Success)
                continue;
            var number = TryName(address, out var name) ? _peer.AddBase(bound, CandidateType.Host, preference, NowUs, mtu: mtu, name: name) : -1;
            if (number < 0)
            {
                Unname(address);
                _reactor.Close(socket);
                continue;
            }

            _bound[address] = (socket, number);
            _portOfBase[number] = bound.Port;
            _baseOfSocket[socket] = number;
            _socketOfBase[number] = socket;
            WishFor(number, bound);
        }

        BindTcp(wanted);
        if (!first)
            return;
        foreach (var server in _options.StunServers)
            _peer.AddServer(server, NowUs);
        AskRelays(wanted);
    }
}
