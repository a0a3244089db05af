using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapari.Crypto;
using Dapari.Node.Paths;

namespace Dapari.Node.Nearby;

/// <summary>
/// TLS 1.3 between two who recognised each other on a network: certificates of the moment, then the proof of who holds them (docs/protocol/nearby.md).
/// <code>
/// who connected      proof (32 bytes)
/// the other          proof (32 bytes), only for a right one
/// </code>
/// </summary>
internal static class NearbyTls
{
    // As path.md's: who is gone is noticed in half a minute, though nothing is said.
    private const int IdleSeconds = 15;
    private const int ProbeSeconds = 5;
    private const int Probes = 3;
    private const int TcpUserTimeout = 18;

    /// <summary>For the end that connects: the handshake and the proofs.</summary>
    /// <exception cref="AuthenticationException">The other is somebody else.</exception>
    public static async Task ConnectAsync(SslStream stream, X509Certificate2 own, NearbyKeys keys, byte[] nonce, CancellationToken cancellation)
    {
        await stream.AuthenticateAsClientAsync(PathTls.Client(own, Convert.ToHexStringLower(keys.Token(nonce)), Shows), cancellation);
        var (mine, theirs) = Prints(stream);
        await stream.WriteAsync(keys.Proof(connected: true, mine, theirs), cancellation);
        await CheckAsync(stream, keys.Proof(connected: false, mine, theirs), cancellation);
    }

    /// <summary>For the end that is connected to: how the handshake is judged.</summary>
    public static SslServerAuthenticationOptions Judge(X509Certificate2 own) => PathTls.Server(own, Shows);

    /// <summary>For the end that is connected to: the proofs.</summary>
    /// <exception cref="AuthenticationException">The other is somebody else.</exception>
    public static async Task AcceptAsync(SslStream stream, NearbyKeys keys, CancellationToken cancellation)
    {
        var (mine, theirs) = Prints(stream);
        await CheckAsync(stream, keys.Proof(connected: true, theirs, mine), cancellation);
        await stream.WriteAsync(keys.Proof(connected: false, theirs, mine), cancellation);
    }

    /// <summary>Has the system notice that the other end is gone.</summary>
    public static void Watch(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (!OperatingSystem.IsLinux())
            return;
        // tcp(7): what was sent and is not acknowledged ends it as soon, in milliseconds.
        Span<byte> limit = stackalloc byte[4];
        BitConverter.TryWriteBytes(limit, (IdleSeconds + (ProbeSeconds * Probes)) * 1000);
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, limit);
    }

    // Any will do that the other can prove to hold.
    private static bool Shows(X509Certificate? certificate) => certificate is not null;

    private static (byte[] Mine, byte[] Theirs) Prints(SslStream stream) => stream is { LocalCertificate: { } mine, RemoteCertificate: { } theirs }
        ? (PathCertificate.Fingerprint(mine), PathCertificate.Fingerprint(theirs))
        : throw new AuthenticationException("A certificate was not shown.");

    private static async Task CheckAsync(SslStream stream, byte[] wanted, CancellationToken cancellation)
    {
        var proof = new byte[NearbyKeys.ProofLength];
        await stream.ReadExactlyAsync(proof, cancellation);
        if (!CryptographicOperations.FixedTimeEquals(proof, wanted))
            throw new AuthenticationException("Somebody else.");
    }
}
