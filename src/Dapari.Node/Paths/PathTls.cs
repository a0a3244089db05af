using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths;

/// <summary>TLS 1.3 with both certificates judged by nothing but their fingerprints.</summary>
internal static class PathTls
{
    private const string Domain = ".dapari.invalid";
    private static readonly List<SslApplicationProtocol> _protocols = [new("dapari/1")];

    /// <summary>For the end that connects.</summary>
    public static SslClientAuthenticationOptions Client(X509Certificate2 own, TcpWays theirs) =>
        Client(own, Convert.ToHexStringLower(theirs.Token.Span), certificate => PathCertificate.Is(certificate, theirs.Fingerprint.Span));

    /// <summary>For the end that connects, with a token as hexadecimal digits and a judgement of the other's certificate.</summary>
    public static SslClientAuthenticationOptions Client(X509Certificate2 own, string token, Func<X509Certificate?, bool> judge) => new()
    {
        TargetHost = token + Domain,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = _protocols,
        ClientCertificates = [own],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => judge(certificate),
    };

    /// <summary>For the end that is connected to.</summary>
    public static SslServerAuthenticationOptions Server(X509Certificate2 own, TcpWays theirs) =>
        Server(own, certificate => PathCertificate.Is(certificate, theirs.Fingerprint.Span));

    /// <summary>For the end that is connected to, with a judgement of the other's certificate.</summary>
    public static SslServerAuthenticationOptions Server(X509Certificate2 own, Func<X509Certificate?, bool> judge) => new()
    {
        ServerCertificate = own,
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = _protocols,
        ClientCertificateRequired = true,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowTlsResume = false,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => judge(certificate),
    };

    /// <summary>The token that a connection names, as hexadecimal digits; empty: it is none of ours.</summary>
    public static string TokenOf(string serverName) => serverName.EndsWith(Domain, StringComparison.OrdinalIgnoreCase) ? serverName[..^Domain.Length].ToLowerInvariant() : "";
}
