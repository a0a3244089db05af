using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Turn;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Relayed addresses: each TURN server has a socket of its own and a client, and once it has lent an address, that is a base of the peer.</summary>
public sealed partial class RtcDriver
{
    private readonly Dictionary<int, Relay> _relayOfSocket = [];
    private readonly Dictionary<int, Relay> _relayOfBase = [];
    private bool _gathered;

    private sealed class Relay(TurnServer server, TurnClient client, int socket)
    {
        public TurnServer Server { get; } = server;

        public TurnClient Client { get; } = client;

        public int Socket { get; } = socket;

        /// <summary>-1: nothing is lent.</summary>
        public int Base { get; set; } = -1;
    }

    /// <summary>When the peer or a TURN client wants to be advanced.</summary>
    private long NextDeadlineUs
    {
        get
        {
            var next = _peer.NextDeadlineUs;
            foreach (var relay in _relayOfSocket.Values)
                next = Math.Min(next, relay.Client.NextDeadlineUs);
            return next;
        }
    }

    private void AskRelays(IReadOnlyList<LocalAddress> local)
    {
        foreach (var server in _options.TurnServers)
        {
            var from = local.FirstOrDefault(one => one.Address.AddressFamily == (server.Address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6)).Address;
            if (from is null || _reactor.Open(Endpoint.From(from, 0), shared: false, out var socket, out _) != SocketError.Success)
                continue;
            var relay = new Relay(server, new TurnClient(new TurnClientOptions { Username = server.Username, Password = server.Password, WantsV6 = !server.Address.IsV4 }, _entropy), socket);
            _relayOfSocket.Add(socket, relay);
            relay.Client.Start(NowUs);
        }

        SettleRelays();
    }

    /// <summary>Tells the peer what is lent and what no longer is. When all servers have answered or failed, no more bases come.</summary>
    private void SettleRelays()
    {
        var asking = false;
        ushort preference = 65_535;
        foreach (var relay in _relayOfSocket.Values)
        {
            asking |= relay.Client.State == TurnState.Asking;
            preference--;
            if (relay.Client.State == TurnState.Lent && relay.Base < 0)
            {
                relay.Base = _peer.AddBase(relay.Client.Relayed, CandidateType.Relayed, preference, NowUs, relay.Client.Mapped);
                if (relay.Base >= 0)
                    _relayOfBase[relay.Base] = relay;
            }
            else if (relay.Client.State is TurnState.Failed or TurnState.Closed && relay.Base >= 0)
            {
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
        if (_relayOfSocket.Count == 0)
            return;
        foreach (var relay in _relayOfSocket.Values)
        {
            if (relay.Client.NextDeadlineUs <= now)
                relay.Client.Advance(now);
        }

        SettleRelays();
    }

    /// <summary>A datagram on a TURN server's socket.</summary>
    private void ReceiveFrom(Relay relay, in Received received, Span<byte> bytes, long now)
    {
        if (received.From != relay.Server.Address)
            return;
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
        foreach (var relay in _relayOfSocket.Values)
        {
            while (slot < 2 * Batch && relay.Client.TryTake(out var request))
            {
                request.CopyTo(_reactor.Slot(slot));
                _reactor.Send(relay.Socket, relay.Server.Address, slot++, 0, request.Length);
            }
        }

        return slot;
    }

    /// <summary>Sends a datagram that lies in a slot behind the head room by a relay. False: it cannot go, and the slot is free.</summary>
    private bool TrySendBy(Relay relay, in Endpoint to, int slot, int length)
    {
        if (!relay.Client.TryWrap(to, _reactor.Slot(slot), TurnClient.HeadRoom, length, out var start, out var whole, NowUs))
            return false;
        _reactor.Send(relay.Socket, relay.Server.Address, slot, start, whole);
        return true;
    }

    /// <summary>Gives back what was lent.</summary>
    private void CloseRelays()
    {
        foreach (var relay in _relayOfSocket.Values)
            relay.Client.Close(NowUs);
    }
}
