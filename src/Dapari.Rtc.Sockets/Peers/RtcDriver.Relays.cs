using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sockets.Peers.Tcp;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Turn;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Relayed addresses: each TURN server has a socket or a connection of its own and a client, and once it has lent an address, that is a base of the peer.</summary>
public sealed partial class RtcDriver
{
    // As many round trips as an answer needs on the longest lines; by then UDP is there, or it is blocked.
    private const long StreamsAfterUs = 1_000_000;

    private readonly List<Relay> _relays = [];
    private readonly Dictionary<int, Relay> _relayOfSocket = [];
    private readonly Dictionary<int, Relay> _relayOfBase = [];
    private readonly List<TurnServer> _streamServers = [];
    private long _streamsAt = long.MaxValue;
    private bool _gathered;

    private sealed class Relay(TurnServer server, TurnClient client, int socket, TurnLine? line)
    {
        public TurnServer Server { get; } = server;

        public TurnClient Client { get; } = client;

        /// <summary>-1: by a line.</summary>
        public int Socket { get; } = socket;

        /// <summary>Null: by a socket.</summary>
        public TurnLine? Line { get; } = line;

        /// <summary>-1: nothing is lent.</summary>
        public int Base { get; set; } = -1;
    }

    /// <summary>When the peer or a TURN client wants to be advanced.</summary>
    private long NextDeadlineUs
    {
        get
        {
            var next = Math.Min(_peer.NextDeadlineUs, _streamsAt);
            foreach (var relay in _relays)
                next = Math.Min(next, relay.Client.NextDeadlineUs);
            return next;
        }
    }

    /// <summary>How this end reaches the relay that lent an address; null: none of its relays did. On the driver's thread alone (<see cref="Do"/>, <see cref="AskAsync"/>).</summary>
    /// <param name="lent">The address, as <see cref="Dapari.Rtc.Ice.SelectedPair.Local"/> has it.</param>
    public TurnTransport? TransportTo(Endpoint lent) => _relays.Find(relay => relay.Base >= 0 && relay.Client.Relayed == lent)?.Server.Transport;

    private void AskRelays(IReadOnlyList<LocalAddress> local)
    {
        foreach (var server in _options.TurnServers)
        {
            var from = local.FirstOrDefault(one => one.Address.AddressFamily == (server.Address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6)).Address;
            if (from is null)
                continue;
            if (server.Transport != TurnTransport.Udp)
                _streamServers.Add(server);
            else if (_reactor.Open(Endpoint.From(from, 0), shared: false, out var socket, out _) == SocketError.Success)
                _relayOfSocket.Add(socket, Ask(server, socket, null));
        }

        if (_streamServers.Count > 0)
            _streamsAt = _relays.Count == 0 ? NowUs : NowUs + StreamsAfterUs;
        SettleRelays();
    }

    private Relay Ask(TurnServer server, int socket, TurnLine? line)
    {
        var options = new TurnClientOptions { Username = server.Username, Password = server.Password, WantsV6 = !server.Address.IsV4, IsReliable = line is not null };
        var relay = new Relay(server, new TurnClient(options, _entropy), socket, line);
        _relays.Add(relay);
        relay.Client.Start(NowUs);
        return relay;
    }

    /// <summary>Connects to the servers of TCP and TLS, unless one of UDP lends: the same relay by a worse way is no other way.</summary>
    private void AskStreams()
    {
        var lent = _relays.Exists(relay => relay.Client.State == TurnState.Lent);
        if (!lent && _streamsAt > NowUs && _relays.Exists(relay => relay.Client.State == TurnState.Asking))
            return;
        _streamsAt = long.MaxValue;
        if (!lent)
            _streamServers.ForEach(AskByLine);
        _streamServers.Clear();
    }

    private void AskByLine(TurnServer server)
    {
        var from = _options.Addresses?.FirstOrDefault(one => one.AddressFamily == (server.Address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6));
        var line = new TurnLine(server, from, _options.Judge);
        var relay = Ask(server, -1, line);
        _ = Task.Run(async () =>
        {
            await line.RunAsync(frames => TakeAsync(relay, frames), TimeProvider.System);
            Do((_, _) =>
            {
                relay.Client.Broke();
                if (!_over)
                    SettleRelays();
            });
        });
    }

    // The bytes are the line's until this is done.
    private Task<bool> TakeAsync(Relay relay, ReadOnlyMemory<byte> frames) => AskAsync((_, now) =>
    {
        for (var rest = frames.Span; !_over && StreamFraming.Read(rest, out var length, out var advance) == StreamFrame.Frame; rest = rest[advance..])
            Take(relay, rest[..length], now);
        return true;
    });

    /// <summary>Tells the peer what is lent and what no longer is. When all servers have answered or failed, no more bases come.</summary>
    private void SettleRelays()
    {
        if (_streamServers.Count > 0)
            AskStreams();
        var asking = _streamServers.Count > 0;
        ushort preference = 65_535;
        foreach (var relay in _relays)
        {
            asking |= relay.Client.State == TurnState.Asking;
            preference--;
            if (relay.Client.State == TurnState.Lent && relay.Base < 0)
            {
                relay.Base = _peer.AddBase(relay.Client.Relayed, CandidateType.Relayed, preference, NowUs, relay.Client.Mapped);
                if (relay.Base >= 0)
                    _relayOfBase[relay.Base] = relay;
            }
            else if (relay.Client.State is TurnState.Failed or TurnState.Closed)
            {
                relay.Line?.Dispose();
                if (relay.Base < 0)
                    continue;
                _peer.RemoveBase(relay.Base, NowUs);
                _relayOfBase.Remove(relay.Base);
                relay.Base = -1;
            }
        }

        if (asking || _gathered)
            return;
        _gathered = true;
        _peer.EndOfBases(NowUs);
    }

    private void AdvanceRelays(long now)
    {
        if (_relays.Count == 0 && _streamServers.Count == 0)
            return;
        foreach (var relay in _relays)
        {
            if (relay.Client.NextDeadlineUs <= now)
                relay.Client.Advance(now);
        }

        SettleRelays();
    }

    /// <summary>Nothing comes: what a relay no longer lends, because it has started anew or a router between shows it another address of ours, is known soon to be no way.</summary>
    private void ProbeRelays()
    {
        foreach (var relay in _relays)
            relay.Client.Probe(NowUs);
    }

    /// <summary>A datagram on a TURN server's socket.</summary>
    private void ReceiveFrom(Relay relay, in Received received, Span<byte> bytes, long now)
    {
        if (received.From == relay.Server.Address)
            Take(relay, bytes, now);
    }

    private void Take(Relay relay, ReadOnlySpan<byte> bytes, long now)
    {
        if (relay.Client.Receive(bytes, out var peer, out var data, now) == TurnReceipt.Data)
        {
            if (relay.Base >= 0)
                _peer.Receive(relay.Base, peer, data, now);
        }
        else
            SettleRelays();
    }

    /// <summary>What TURN clients have to say to their servers; the next free slot.</summary>
    private int QueueRequests(int slot)
    {
        foreach (var relay in _relays)
        {
            while (slot < 2 * Batch && relay.Client.TryTake(out var request))
            {
                if (relay.Line is { } line)
                {
                    line.Send(request);
                    continue;
                }

                request.CopyTo(_reactor.Slot(slot));
                _reactor.Send(relay.Socket, relay.Server.Address, slot++, 0, request.Length);
            }
        }

        return slot;
    }

    /// <summary>Sends a datagram that lies in a slot behind the head room by a relay. False: the slot is free, for it cannot go or has gone by a line.</summary>
    private bool TrySendBy(Relay relay, in Endpoint to, int slot, int length)
    {
        if (!relay.Client.TryWrap(to, _reactor.Slot(slot), TurnClient.HeadRoom, length, out var start, out var whole, NowUs))
            return false;
        if (relay.Line is not { } line)
        {
            _reactor.Send(relay.Socket, relay.Server.Address, slot, start, whole);
            return true;
        }

        // What binds the peer's channel goes before the first datagram for it.
        while (relay.Client.TryTake(out var request))
            line.Send(request);
        line.Send(_reactor.Slot(slot).Slice(start, whole));
        return false;
    }

    /// <summary>Gives back what was lent.</summary>
    private void CloseRelays()
    {
        foreach (var relay in _relays)
            relay.Client.Close(NowUs);
    }

    /// <summary>What was said last still goes.</summary>
    private void CloseRelayLines()
    {
        foreach (var relay in _relays)
            relay.Line?.Close();
    }
}
