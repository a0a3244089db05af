using Dapari.Relay;
using Dapari.Relay.Credentials;
using Dapari.Relay.Driving;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Turn;

namespace Dapari.Rtc.Tests.Ice;

/// <summary>The project's own STUN server and relay, whose sockets are the network's.</summary>
internal sealed class SimulatedRelay : IRelayPorts
{
    private const long Began = 1_800_000_000_000;
    private readonly SimulatedNetwork _network;
    private readonly SeededEntropy _entropy;
    private readonly RelaySecrets _secrets = new([.. Enumerable.Repeat((byte)1, 32)]);
    private readonly Dictionary<int, Endpoint> _open = [];
    private readonly Dictionary<Endpoint, int> _ports = [];
    private readonly Dictionary<int, SimulatedTurn> _lines = [];
    private RelayCore _core;
    private int _udp;

    public SimulatedRelay(SimulatedNetwork network, ulong seed)
    {
        (_network, _entropy) = (network, new SeededEntropy(seed));
        _core = Begin();
    }

    /// <summary>Addresses that are lent.</summary>
    public int Lent => _core.Allocations;

    public RelayCredential Credential(string id) => RelayCredentials.Issue(_secrets, id, (Began / 1_000) + 86_400_000);

    public bool Has(Endpoint lent) => _ports.ContainsKey(lent);

    /// <summary>As after a crash: it knows nobody, and all connections break.</summary>
    public void Restart()
    {
        var lines = _lines.Values.ToList();
        _lines.Clear();
        _open.Clear();
        _ports.Clear();
        _core = Begin();
        lines.ForEach(line => line.Broke());
    }

    public int Connect(SimulatedTurn line)
    {
        var local = _core.AddLocal(SimulatedNetwork.StunServer, RelayTransport.Stream);
        _lines[local] = line;
        return local;
    }

    /// <summary>A datagram; of a line: a message with its padding.</summary>
    public void FromClient(Endpoint client, byte[] bytes, int line = -1)
    {
        // What was on its way when the line broke.
        if (line >= 0 && !_lines.ContainsKey(line))
            return;
        var length = bytes.Length;
        if (line >= 0 && StreamFraming.Read(bytes, out length, out _) != StreamFrame.Frame)
            throw new InvalidOperationException("A client wrote what is no frame.");
        Advance();
        var buffer = Buffer(bytes, length);
        Do(_core.FromClient(new ClientKey(client, line < 0 ? _udp : line), buffer, RelayCore.HeadRoom, length, out var packet), packet, buffer);
    }

    public void FromPeer(Endpoint lent, Endpoint peer, byte[] bytes)
    {
        Advance();
        if (!_ports.TryGetValue(lent, out var port))
            return;
        var buffer = Buffer(bytes, bytes.Length);
        Do(_core.FromPeer(port, peer, buffer, RelayCore.HeadRoom, bytes.Length, out var packet), packet, buffer);
    }

    public bool TryOpen(int port, in Endpoint local)
    {
        if (!_ports.TryAdd(local, port))
            return false;
        _open.Add(port, local);
        return true;
    }

    public void Close(int port)
    {
        if (_open.Remove(port, out var local))
            _ports.Remove(local);
    }

    private static byte[] Buffer(byte[] bytes, int length)
    {
        var buffer = new byte[Math.Max(RelayCore.LeastBuffer, RelayCore.HeadRoom + length + RelayCore.TailRoom)];
        bytes.AsSpan(0, length).CopyTo(buffer.AsSpan(RelayCore.HeadRoom));
        return buffer;
    }

    private RelayCore Begin()
    {
        var core = new RelayCore(new RelayShared(new RelayOptions(), _secrets, _entropy), this, _entropy);
        core.Advance(new RelayMoment(_network.Now, Began + _network.Now));
        _udp = core.AddLocal(SimulatedNetwork.StunServer, RelayTransport.Udp);
        return core;
    }

    private void Advance() => _core.Advance(new RelayMoment(_network.Now, Began + _network.Now));

    private void Do(RelayAction action, in RelayPacket packet, byte[] buffer)
    {
        if (action == RelayAction.Drop)
            return;
        var bytes = buffer[packet.Offset..(packet.Offset + packet.Length)];
        if (action == RelayAction.ToPeer)
            _network.SendFromServer(_open[packet.Port], packet.Peer, bytes);
        else if (packet.Client.Local == _udp)
            _network.SendFromServer(SimulatedNetwork.StunServer, packet.Client.Remote, bytes);
        else if (_lines.TryGetValue(packet.Client.Local, out var line))
            _network.After(_network.DelayMs, () => line.Take(bytes));
    }
}

/// <summary>A device's way to the relay, by UDP, or where none leaves its home by TCP: the library's TURN client, and an address for as long as it wants one.</summary>
internal sealed class SimulatedTurn(SimulatedNetwork network, Home home, Endpoint local, ulong seed)
{
    // As RtcDriver: UDP has so long to answer.
    private const int StreamAfterMs = 1_000;
    private readonly SeededEntropy _entropy = new(seed);
    private TurnClient? _client;
    private int _line = -1;
    private long _wakeAt = long.MaxValue;
    private bool _over;

    /// <summary>What is lent; null: nothing.</summary>
    public Endpoint? Lent { get; private set; }

    /// <summary>An address was lent, told in place of the one before if there was one; or it was lost.</summary>
    public required Action<Endpoint?> Changed { get; init; }

    /// <summary>A peer's datagram.</summary>
    public required Action<Endpoint, byte[]> Heard { get; init; }

    public void Start()
    {
        network.Bind(home, local, (from, bytes) =>
        {
            if (from == SimulatedNetwork.StunServer && _line < 0)
                Take(bytes);
        });
        if (home.Kind == Router.Blocked)
            network.After(StreamAfterMs, () => Ask(network.Relay.Connect(this)));
        else
            Ask(-1);
    }

    /// <summary>Nothing comes by it: is it still there?</summary>
    public void Probe()
    {
        _client?.Probe(NowUs);
        Flush();
    }

    public void Broke()
    {
        _client?.Broke();
        Flush();
    }

    /// <summary>The network is another one.</summary>
    public void Abandon()
    {
        _over = true;
        network.Unbind(local);
    }

    public void Send(Endpoint peer, byte[] data)
    {
        var buffer = new byte[TurnClient.HeadRoom + data.Length + 3];
        data.CopyTo(buffer, TurnClient.HeadRoom);
        if (_client?.TryWrap(peer, buffer, TurnClient.HeadRoom, data.Length, out var start, out var whole, NowUs) != true)
            return;
        Flush();
        Put(buffer[start..(start + whole)]);
    }

    public void Take(byte[] bytes)
    {
        if (_over || _client is not { } client)
            return;
        if (client.Receive(bytes, out var peer, out var data, NowUs) == TurnReceipt.Data)
            Heard(peer, data.ToArray());
        Flush();
    }

    private long NowUs => network.Now * 1_000;

    private void Ask(int line)
    {
        var credential = network.Relay.Credential($"device-{seed}");
        _line = line;
        _client = new TurnClient(new TurnClientOptions { Username = credential.Username, Password = credential.Password, IsReliable = line >= 0 }, _entropy);
        _client.Start(NowUs);
        Flush();
    }

    private void Put(byte[] bytes)
    {
        var line = _line;
        if (line < 0)
            network.Send(local, SimulatedNetwork.StunServer, bytes);
        else
            network.After(network.DelayMs, () => network.Relay.FromClient(local, bytes, line));
    }

    private void Flush()
    {
        if (_over || _client is not { } client)
            return;
        while (client.TryTake(out var bytes))
            Put(bytes);
        if (client.State == TurnState.Lent && Lent is null)
            Changed(Lent = client.Relayed);
        else if (client.State == TurnState.Failed)
        {
            _client = null;
            (var lost, Lent) = (Lent, null);
            if (lost is not null)
                Changed(null);
            return;
        }

        var due = client.NextDeadlineUs;
        if (due == long.MaxValue || (due + 999) / 1_000 >= _wakeAt)
            return;
        _wakeAt = (due + 999) / 1_000;
        network.After((int)Math.Max(0, _wakeAt - network.Now), () =>
        {
            _wakeAt = long.MaxValue;
            _client?.Advance(NowUs);
            Flush();
        });
    }
}
