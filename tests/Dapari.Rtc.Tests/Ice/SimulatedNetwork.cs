namespace Dapari.Rtc.Tests.Ice;

/// <summary>Repeats from its seed.</summary>
internal sealed class SeededEntropy(ulong seed) : Entropy
{
    private ulong _state = seed;

    public override void Fill(Span<byte> destination)
    {
        foreach (ref var value in destination)
            value = unchecked((byte)(Step() >> 32));
    }

    public int Below(int bound) => (int)(Step() % (ulong)bound);

    // SplitMix64.
    private ulong Step()
    {
        unchecked
        {
            _state += 0x9E37_79B9_7F4A_7C15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return z ^ (z >> 31);
        }
    }
}

/// <summary>What a router does with addresses (RFC 4787 §4.1, §5).</summary>
public enum Router
{
    /// <summary>None: the host has a public address.</summary>
    None,

    /// <summary>One mapping for all, and anybody may answer.</summary>
    FullCone,

    /// <summary>One mapping for all; only addresses that were sent to may answer.</summary>
    Restricted,

    /// <summary>One mapping for all; only endpoints that were sent to may answer.</summary>
    PortRestricted,

    /// <summary>A mapping for each endpoint, and only that may answer.</summary>
    Symmetric,

    /// <summary>No UDP leaves.</summary>
    Blocked,
}

/// <summary>A home: a router and the devices behind it.</summary>
internal sealed class Home(Router kind, uint publicAddress)
{
    private readonly Dictionary<(Endpoint Inside, Endpoint To), ushort> _mappings = [];
    private readonly Dictionary<ushort, (Endpoint Inside, HashSet<Endpoint> Sent)> _ports = [];
    private ushort _nextPort = 20_000;

    public Router Kind { get; set; } = kind;

    public uint PublicAddress { get; set; } = publicAddress;

    /// <summary>The endpoint that the world sees; null: nothing leaves.</summary>
    public Endpoint? Out(Endpoint inside, Endpoint to)
    {
        if (Kind == Router.Blocked)
            return null;
        if (Kind == Router.None)
            return inside;
        var key = (inside, Kind == Router.Symmetric ? to : default);
        if (!_mappings.TryGetValue(key, out var port))
        {
            port = _nextPort++;
            _mappings.Add(key, port);
            _ports.Add(port, (inside, []));
        }

        _ports[port].Sent.Add(to);
        return Endpoint.V4(PublicAddress, port);
    }

    /// <summary>Who gets what comes; null: it is filtered.</summary>
    public Endpoint? In(Endpoint to, Endpoint from)
    {
        if (Kind == Router.None)
            return to;
        if (Kind == Router.Blocked || !_ports.TryGetValue(to.Port, out var mapping))
            return null;
        var mayIn = Kind switch
        {
            Router.FullCone => true,
            Router.Restricted => mapping.Sent.Any(sent => sent.HasSameAddress(from)),
            _ => mapping.Sent.Contains(from),
        };
        return mayIn ? mapping.Inside : null;
    }

    /// <summary>As after the router was started anew.</summary>
    public void Forget()
    {
        _mappings.Clear();
        _ports.Clear();
    }
}

/// <summary>An Internet in memory: homes, a STUN server that is a relay too; delay, loss, repeats and disorder from a seed.</summary>
internal sealed class SimulatedNetwork
{
    private readonly SeededEntropy _random;
    private readonly PriorityQueue<Action, (long At, long Order)> _due = new();
    private readonly Dictionary<uint, Home> _homes = [];
    private readonly Dictionary<Endpoint, (Home Home, Action<Endpoint, byte[]> Take)> _sockets = [];
    private long _order;

    public SimulatedNetwork(ulong seed)
    {
        _random = new SeededEntropy(seed);
        Relay = new SimulatedRelay(this, ~seed);
    }

    public static Endpoint StunServer { get; } = Endpoint.V4(0x0901_0101, 3478);

    public const uint RelayAddress = 0x0901_0101;

    public SimulatedRelay Relay { get; }

    public long Now { get; private set; } = 1_000;

    public int LossPercent { get; set; }

    public int RepeatPercent { get; set; }

    public int DelayMs { get; set; } = 20;

    public int JitterMs { get; set; }

    /// <summary>Datagrams that left a device.</summary>
    public int Sent { get; private set; }

    public Home AddHome(Router kind)
    {
        var home = new Home(kind, 0x0505_0501u + (uint)_homes.Count);
        _homes.Add(home.PublicAddress, home);
        return home;
    }

    public void Bind(Home home, Endpoint address, Action<Endpoint, byte[]> take) => _sockets[address] = (home, take);

    /// <summary>Where a device is that has the address.</summary>
    public Home HomeOf(Endpoint address) => _sockets[address].Home;

    public void Unbind(Endpoint address) => _sockets.Remove(address);

    public void After(int delayMs, Action action) => _due.Enqueue(action, (Now + delayMs, _order++));

    public void Send(Endpoint from, Endpoint to, byte[] bytes)
    {
        Sent++;
        foreach (var delay in Fates())
        {
            if (!_sockets.TryGetValue(from, out var socket))
                continue;
            // Within a home devices reach each other by their own addresses.
            if (_sockets.TryGetValue(to, out var near) && near.Home == socket.Home)
                After(1, () => near.Take(from, bytes));
            else if (!IsPrivate(to) && socket.Home.Out(from, to) is { } seen && !(to.IsV4 && to.V4Bits == socket.Home.PublicAddress && socket.Home.Kind != Router.None))
                After(delay, () => Arrive(seen, to, bytes));
        }
    }

    /// <summary>What the relay sends: on the same lines as all else, and by none to itself.</summary>
    public void SendFromServer(Endpoint from, Endpoint to, byte[] bytes)
    {
        if (to.HasSameAddress(from))
        {
            After(0, () => Arrive(from, to, bytes));
            return;
        }

        foreach (var delay in Fates())
            After(delay, () => Arrive(from, to, bytes));
    }

    /// <summary>Lets time pass until then; whoever waits is woken by <paramref name="tick"/>, which tells when next.</summary>
    public void Run(long until, Func<long, long?> tick)
    {
        while (true)
        {
            var next = tick(Now) ?? long.MaxValue;
            if (_due.TryPeek(out _, out var first))
                next = Math.Min(next, first.At);
            if (next > until)
                break;
            Now = Math.Max(Now, next);
            while (_due.TryPeek(out _, out first) && first.At <= Now)
                _due.Dequeue()();
        }

        Now = until;
    }

    /// <summary>After how long each copy of a datagram arrives; none: it is lost.</summary>
    private int[] Fates()
    {
        if (_random.Below(100) < LossPercent)
            return [];
        var fates = new int[_random.Below(100) < RepeatPercent ? 2 : 1];
        foreach (ref var fate in fates.AsSpan())
            fate = DelayMs + (JitterMs > 0 ? _random.Below(JitterMs) : 0);
        return fates;
    }

    private void Arrive(Endpoint from, Endpoint to, byte[] bytes)
    {
        if (to == StunServer)
            Relay.FromClient(from, bytes);
        else if (Relay.Has(to))
            Relay.FromPeer(to, from, bytes);
        else if (to.IsV4 && _homes.TryGetValue(to.V4Bits, out var home) && home.In(to, from) is { } inside && _sockets.TryGetValue(inside, out var socket) && socket.Home == home)
            socket.Take(from, bytes);
    }

    private static bool IsPrivate(Endpoint endpoint) => endpoint.IsV4 && (endpoint.V4Bits >> 24 == 10 || endpoint.V4Bits >> 16 == 0xC0A8);
}
