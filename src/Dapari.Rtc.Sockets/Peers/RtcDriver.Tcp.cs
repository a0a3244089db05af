using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sockets.Peers.Tcp;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>
/// TCP candidates (RFC 6544): for each of the first addresses a listening port, and an end that connects. A base of the peer each; a connection is found by
/// its base and the other end's address, and carries datagrams in frames.
/// </summary>
public sealed partial class RtcDriver
{
    /// <summary>Addresses that have ends of TCP: all are bases, of which a peer has <see cref="IceAgent.MaxBases"/>.</summary>
    private const int TcpAddresses = 3;

    private const int MostLines = 32;

    // Of connections that others made and have proved nothing by: the oldest goes when there is another, so that nobody can keep the other end out.
    private const int MostStrangers = 8;

    // RFC 6544 §4.5: the port of who connects.
    private const ushort DiscardPort = 9;

    private readonly Dictionary<IPAddress, TcpEnds> _tcpOfAddress = [];
    private readonly Dictionary<int, IPAddress> _activeBases = [];
    private readonly HashSet<int> _passiveBases = [];
    private readonly Dictionary<(int Base, Endpoint Remote), TcpLine> _lines = [];

    private readonly Queue<TcpLine> _strangers = new();

    private sealed record TcpEnds(Socket Listener, int Passive, int Active);

    private void BindTcp(IReadOnlyList<LocalAddress> wanted)
    {
        if (!_options.Tcp || _options.Peer.Ice.RelayOnly)
            return;
        foreach (var gone in _tcpOfAddress.Keys.Where(address => !wanted.Any(one => one.Address.Equals(address))).ToList())
            UnbindTcp(gone);
        ushort preference = 65_535;
        foreach (var (address, _) in wanted)
        {
            preference--;
            if (_tcpOfAddress.Count == TcpAddresses)
                return;
            // Told by the name of the socket of UDP, or not at all.
            if (!_tcpOfAddress.ContainsKey(address) && _bound.ContainsKey(address) && Listen(address) is { } listener)
                AddTcp(listener, address, preference);
        }
    }

    private void AddTcp(Socket listener, IPAddress address, ushort preference)
    {
        var bound = Endpoint.From(address, (ushort)((IPEndPoint)listener.LocalEndPoint!).Port).AsTcp();
        var passive = _peer.AddBase(bound, CandidateType.Host, preference, NowUs, tcp: IceTcpType.Passive);
        if (passive < 0)
        {
            listener.Dispose();
            return;
        }

        var active = _peer.AddBase(Endpoint.From(address, DiscardPort).AsTcp(), CandidateType.Host, preference, NowUs, tcp: IceTcpType.Active);
        _tcpOfAddress.Add(address, new TcpEnds(listener, passive, active));
        _passiveBases.Add(passive);
        _portOfBase[passive] = bound.Port;
        if (active >= 0)
            _activeBases.Add(active, address);
        WishFor(passive, bound);
        _ = Task.Run(() => AcceptAsync(listener, passive));
    }

    private void UnbindTcp(IPAddress address)
    {
        if (!_tcpOfAddress.Remove(address, out var ends))
            return;
        ends.Listener.Dispose();
        foreach (var number in (int[])[ends.Passive, ends.Active])
        {
            foreach (var line in _lines.Values.Where(line => line.BaseId == number).ToList())
                line.Dispose();
            if (number >= 0)
                _peer.RemoveBase(number, NowUs);
            _passiveBases.Remove(number);
            _activeBases.Remove(number);
            _portOfBase.Remove(number);
            WishNoMore(number);
        }
    }

    private static Socket? Listen(IPAddress address)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            socket.Listen(MostStrangers);
            return socket;
        }
        catch (SocketException)
        {
            // It went away since, or the system gives no more: UDP is there.
            socket?.Dispose();
            return null;
        }
    }

    private async Task AcceptAsync(Socket listener, int number)
    {
        while (true)
        {
            Socket came;
            try
            {
                came = await listener.AcceptAsync();
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                continue; // Of the one that came.
            }
            catch (Exception over) when (over is SocketException or ObjectDisposedException)
            {
                return;
            }

            Do((_, _) => Accepted(came, number));
            if (_over)
                came.Dispose(); // Perhaps nobody carries it out any more.
        }
    }

    private void Accepted(Socket came, int number)
    {
        if (_over || !_passiveBases.Contains(number) || _lines.Count >= MostLines || came.RemoteEndPoint is not IPEndPoint remote)
        {
            came.Dispose();
            return;
        }

        if (_strangers.Count == MostStrangers && _strangers.Dequeue() is { IsProven: false } oldest)
            oldest.Dispose();
        var line = new TcpLine(came, number, Endpoint.From(remote.Address, (ushort)remote.Port).AsTcp());
        _strangers.Enqueue(line);
        Begin(line, connects: false);
    }

    /// <summary>By the connection that there is, or by a new one if this end connects; else whoever had connected is gone, and it is lost.</summary>
    private void SendByTcp(int number, in Endpoint to, ReadOnlySpan<byte> datagram)
    {
        if (_lines.TryGetValue((number, to), out var line))
        {
            line.Send(datagram);
            return;
        }

        if (!_activeBases.TryGetValue(number, out var from) || _lines.Count >= MostLines)
            return;
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
        }
        catch (SocketException)
        {
            socket.Dispose();
            return; // The address went away: the peer will be told.
        }

        line = new TcpLine(socket, number, to);
        line.Send(datagram);
        Begin(line, connects: true);
    }

    private void Begin(TcpLine line, bool connects)
    {
        _lines.Add((line.BaseId, line.Remote), line);
        _ = Task.Run(async () =>
        {
            await line.RunAsync(connects, TakeAsync, TimeProvider.System);
            Do((peer, now) =>
            {
                if (_lines.Remove((line.BaseId, line.Remote)))
                    peer.Broke(line.BaseId, line.Remote, now);
            });
        });
    }

    // The bytes are the line's until this is done.
    private Task<bool> TakeAsync(TcpLine line, ReadOnlyMemory<byte> frames) => AskAsync((peer, now) =>
    {
        var rest = frames.Span;
        while (TcpFrame.TryRead(ref rest, out var datagram))
            peer.Receive(line.BaseId, line.Remote, datagram, now);
        line.IsProven = line.IsProven || peer.Knows(line.BaseId, line.Remote);
        return line.IsProven;
    });

    private void CloseTcp()
    {
        foreach (var ends in _tcpOfAddress.Values)
            ends.Listener.Dispose();
        foreach (var line in _lines.Values)
            line.Close();
    }
}
