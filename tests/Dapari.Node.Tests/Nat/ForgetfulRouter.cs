using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Ice;
using Dapari.Wire.V1;
using Endpoint = Dapari.Rtc.Endpoint;

namespace Dapari.Node.Tests.Nat;

/// <summary>
/// A router before the first of two ends, as far as they can tell: each knows the other only under an address of the router, which carries what comes. When it
/// forgets, the first end is seen under another port, and what goes to the former one is lost.
/// </summary>
internal sealed class ForgetfulRouter : IDisposable
{
    private readonly Socket _near = Bound();
    private readonly Lock _gate = new();
    private Socket _far = Bound();
    private EndPoint? _first;
    private EndPoint? _second;

    public ForgetfulRouter()
    {
        _ = CarryAsync(_near, isNear: true);
        _ = CarryAsync(_far, isNear: false);
    }

    /// <summary>Puts the router's address in the place of the end's own; false: a way around the router, which is not told.</summary>
    public bool Route(bool byFirst, Signal signal)
    {
        if (signal.PartCase != Signal.PartOneofCase.Candidate || signal.Candidate.Candidate_.Length == 0)
            return true;
        if (!IceCandidate.TryParse(signal.Candidate.Candidate_, out var candidate) || candidate.Tcp != IceTcpType.None || candidate.Type != CandidateType.Host)
            return false;
        lock (_gate)
        {
            var own = new IPEndPoint(candidate.Address.ToIPAddress(), candidate.Address.Port);
            if (byFirst)
                _first = own;
            else
                _second = own;
            signal.Candidate.Candidate_ = (candidate with { Address = Endpoint.From(IPAddress.Loopback, Port(byFirst ? _far : _near)) }).ToString();
        }

        return true;
    }

    public void Forget()
    {
        lock (_gate)
        {
            _far.Dispose();
            _far = Bound();
            _ = CarryAsync(_far, isNear: false);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _near.Dispose();
            _far.Dispose();
        }
    }

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static ushort Port(Socket socket) => (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;

    private async Task CarryAsync(Socket from, bool isNear)
    {
        var buffer = new byte[64 << 10];
        while (true)
        {
            try
            {
                var came = await from.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
                lock (_gate)
                {
                    if ((isNear ? _second : _first) is { } to)
                        (isNear ? _far : _near).SendTo(buffer.AsSpan(0, came.ReceivedBytes), SocketFlags.None, to);
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                // The end has closed a socket: as on the Internet, nobody learns of it here.
            }
            catch (SocketException)
            {
                return;
            }
        }
    }
}
