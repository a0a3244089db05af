using Dapari.Relay.Credentials;
using Dapari.Relay.Driving;
using Dapari.Relay.Peers;
using Dapari.Rtc;

namespace Dapari.Relay.Tests;

/// <summary>A relay with cores, a clock and sockets that are only entries in a table.</summary>
internal sealed class World
{
    public const long Start = 1_800_000_000_000;

    public static readonly Endpoint Server = At("198.51.100.1:3478");

    public World(RelayOptions? options = null, int cores = 1, ulong seed = 1)
    {
        Options = options ?? new RelayOptions();
        Entropy = new SeededEntropy(seed);
        Secrets = new RelaySecrets(Key(1));
        Shared = new RelayShared(Options, Secrets, Entropy);
        Ports = [.. Enumerable.Range(0, cores).Select(_ => new FakePorts(this))];
        Cores = [.. Ports.Select(ports => new RelayCore(Shared, ports, Entropy))];
        Advance(TimeSpan.Zero);
        UdpLocals = [.. Cores.Select(core => core.AddLocal(Server, RelayTransport.Udp))];
    }

    public RelayOptions Options { get; }

    public SeededEntropy Entropy { get; }

    public RelaySecrets Secrets { get; }

    public RelayShared Shared { get; }

    public FakePorts[] Ports { get; }

    public RelayCore[] Cores { get; }

    public RelayCore Core => Cores[0];

    public int[] UdpLocals { get; }

    /// <summary>Bound addresses, over all cores.</summary>
    public Dictionary<Endpoint, (int Core, int Port)> Bound { get; } = [];

    /// <summary>Addresses that something else has bound.</summary>
    public HashSet<Endpoint> Elsewhere { get; } = [];

    public bool NothingBinds { get; set; }

    public RelayMoment Now { get; private set; } = new(5_000, Start);

    public long UnixSeconds => Now.UnixMs / 1000;

    public static Endpoint At(string text) => Endpoint.TryParse(text, out var endpoint) ? endpoint : throw new FormatException(text);

    public static byte[] Key(byte fill) => [.. Enumerable.Repeat(fill, 32)];

    public static IReadOnlyList<IpRange> Ranges(params string[] ranges) => [.. ranges.Select(IpRange.Parse)];

    public void Advance(TimeSpan time)
    {
        Now = new RelayMoment(Now.MonotonicMs + (long)time.TotalMilliseconds, Now.UnixMs + (long)time.TotalMilliseconds);
        foreach (var core in Cores)
            core.Advance(Now);
    }

    public RelayCredential Credential(string id = "alice", int seconds = 86_400) => RelayCredentials.Issue(Secrets, id, UnixSeconds + seconds);

    public TestClient Client(string endpoint = "192.0.2.10:4000", RelayCredential? credential = null, int core = 0) =>
        new(this, core, UdpLocals[core], At(endpoint), credential ?? Credential());

    public TestClient StreamClient(string endpoint = "192.0.2.11:5000", RelayCredential? credential = null, int core = 0) =>
        new(this, core, Cores[core].AddLocal(Server, RelayTransport.Stream), At(endpoint), credential ?? Credential());

    /// <summary>A datagram from the world to a relayed address; what the relay makes of it.</summary>
    public Sent? FromPeer(Endpoint relayed, Endpoint peer, byte[] payload)
    {
        if (!Bound.TryGetValue(relayed, out var at))
            return null;
        var buffer = Buffer(payload);
        var action = Cores[at.Core].FromPeer(at.Port, peer, buffer, RelayCore.HeadRoom, payload.Length, out var packet);
        return Sent.From(action, packet, buffer);
    }

    public static byte[] Buffer(byte[] payload)
    {
        var buffer = new byte[Math.Max(RelayCore.LeastBuffer, RelayCore.HeadRoom + payload.Length + RelayCore.TailRoom)];
        buffer.AsSpan().Fill(0xEE);
        payload.CopyTo(buffer, RelayCore.HeadRoom);
        return buffer;
    }
}

/// <summary>What a core said is to be sent.</summary>
internal sealed record Sent(RelayAction Action, byte[] Bytes, ClientKey Client, int Port, Endpoint Peer)
{
    public static Sent? From(RelayAction action, in RelayPacket packet, byte[] buffer) =>
        action == RelayAction.Drop ? null : new Sent(action, buffer[packet.Offset..(packet.Offset + packet.Length)], packet.Client, packet.Port, packet.Peer);
}

internal sealed class FakePorts(World world) : IRelayPorts
{
    private readonly Dictionary<int, Endpoint> _open = [];

    public IReadOnlyDictionary<int, Endpoint> Open => _open;

    public int Tries { get; private set; }

    public bool TryOpen(int port, in Endpoint local)
    {
        Tries++;
        if (_open.ContainsKey(port))
            throw new InvalidOperationException("This number is in use.");
        if (port < 0 || port >= world.Options.Ports)
            throw new InvalidOperationException("The number is not below the promised one.");
        if (world.NothingBinds || world.Elsewhere.Contains(local) || !world.Bound.TryAdd(local, (Array.IndexOf(world.Ports, this), port)))
            return false;
        _open.Add(port, local);
        return true;
    }

    public void Close(int port)
    {
        if (!_open.Remove(port, out var local))
            throw new InvalidOperationException("It is not open.");
        world.Bound.Remove(local);
    }
}

internal sealed class SeededEntropy(ulong seed) : Entropy
{
    private ulong _state = seed;

    public override void Fill(Span<byte> destination)
    {
        foreach (ref var value in destination)
            value = unchecked((byte)(Step() >> 32));
    }

    public int Below(int limit) => (int)(Step() % (ulong)limit);

    private ulong Step()
    {
        unchecked
        {
            _state += 0x9E37_79B9_7F4A_7C15;
            var mixed = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
