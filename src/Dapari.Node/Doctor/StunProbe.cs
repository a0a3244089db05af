using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Node.Doctor;

/// <summary>Asks servers where this machine is seen from: requests of STUN alone (RFC 8489 §2), with no credentials.</summary>
internal static class StunProbe
{
    private const int MostAnswer = 1_500;

    // RFC 8489 §6.2.1: 500 ms at first, doubled; so many requests fit the limit.
    private static readonly TimeSpan[] _waits = [TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];
    private static readonly TimeSpan _streamLimit = TimeSpan.FromSeconds(4);

    /// <summary>Asks servers one after another from one UDP socket, for only then can the answers be compared; 3.5 s at most for all. Null where one did not answer.</summary>
    /// <param name="family">Of all servers.</param>
    /// <param name="servers">Whom.</param>
    /// <param name="time">For the limits.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The local port, and an answer for each server; an empty list where the machine has no such socket.</returns>
    public static async Task<(int Port, IReadOnlyList<Endpoint?> Seen)> AskUdpAsync(AddressFamily family, IReadOnlyList<Endpoint> servers, TimeProvider time, CancellationToken cancellation)
    {
        using var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        var seen = new Endpoint?[servers.Count];
        var requests = servers.Select(_ => Request()).ToArray();
        try
        {
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        }
        catch (SocketException)
        {
            return (0, []);
        }

        var answer = new byte[MostAnswer];
        foreach (var wait in _waits)
        {
            for (var which = 0; which < servers.Count; which++)
            {
                if (seen[which] is null)
                    await TrySendAsync(socket, requests[which], servers[which], cancellation);
            }

            using var late = new CancellationTokenSource(wait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            while (seen.Contains(null))
            {
                try
                {
                    var length = await socket.ReceiveAsync(answer, either.Token);
                    var which = Array.FindIndex(requests, request => IsAnswer(answer.AsSpan(0, length), request));
                    if (which >= 0 && TryReadMapped(answer.AsSpan(0, length), out var mapped))
                        seen[which] = mapped;
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    break;
                }
                catch (SocketException)
                {
                    // An ICMP error of one server says nothing of the others.
                }
            }
        }

        return (((IPEndPoint)socket.LocalEndPoint!).Port, seen);
    }

    /// <summary>Whether a server answers over TCP or TLS, within 4 s. Nothing escapes but cancellation.</summary>
    public static async Task<bool> AnswersAsync(TurnServer server, RemoteCertificateValidationCallback judge, TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(_streamLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using var client = new TcpClient(server.Address.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
        try
        {
            await client.ConnectAsync(server.Address.ToIPAddress(), server.Address.Port, either.Token);
            Stream stream = client.GetStream();
            if (server.Transport == TurnTransport.Tls)
            {
                var secured = new SslStream(stream, leaveInnerStreamOpen: false, judge);
                stream = secured;
                await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = server.Name }, either.Token);
            }

            await using (stream)
            {
                var request = Request();
                await stream.WriteAsync(request, either.Token);
                var answer = new byte[StunMessage.HeaderLength];
                await stream.ReadExactlyAsync(answer, either.Token);
                return answer.AsSpan(8).SequenceEqual(request.AsSpan(8, StunMessage.TransactionIdLength));
            }
        }
        catch (Exception fault) when (fault is SocketException or IOException or System.Security.Authentication.AuthenticationException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Where a success response says that its asker is.</summary>
    internal static bool TryReadMapped(ReadOnlySpan<byte> bytes, out Endpoint mapped)
    {
        mapped = default;
        return StunMessage.TryRead(bytes, out var message, out _) && message.Class == StunClass.Success && message.Method == StunMethod.Binding
            && (XorMappedAddress.TryRead(message, out mapped) || MappedAddress.TryRead(message, out mapped));
    }

    private static bool IsAnswer(ReadOnlySpan<byte> bytes, byte[] request) =>
        StunMessage.TryRead(bytes, out var message, out _) && message.TransactionId.SequenceEqual(request.AsSpan(8, StunMessage.TransactionIdLength));

    private static byte[] Request()
    {
        Span<byte> id = stackalloc byte[StunMessage.TransactionIdLength];
        Entropy.System.Fill(id);
        var bytes = new byte[StunMessage.HeaderLength];
        _ = new StunWriter(bytes, StunClass.Request, StunMethod.Binding, id);
        return bytes;
    }

    private static async Task TrySendAsync(Socket socket, byte[] request, Endpoint server, CancellationToken cancellation)
    {
        try
        {
            await socket.SendToAsync(request, new IPEndPoint(server.ToIPAddress(), server.Port), cancellation);
        }
        catch (SocketException)
        {
            // No way there now: asked again while the limit lasts.
        }
    }
}
