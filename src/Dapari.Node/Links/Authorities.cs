using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dapari.Node.Links;

/// <summary>Judges servers' certificates: as the system does, and besides by one authority of the person's own choice.</summary>
internal sealed class Authorities : IDisposable
{
    private readonly X509Certificate2Collection _own = [];

    /// <summary>Only the system's authorities.</summary>
    public Authorities()
    {
    }

    private Authorities(X509Certificate2Collection own) => _own = own;

    /// <summary>The authorities in a PEM file; none if there is no file.</summary>
    /// <returns>Null: the file holds no certificate.</returns>
    public static Authorities? TryRead(string path)
    {
        if (!File.Exists(path))
            return new Authorities();
        var own = new X509Certificate2Collection();
        try
        {
            own.ImportFromPemFile(path);
        }
        catch (CryptographicException)
        {
            return null;
        }

        return own.Count == 0 ? null : new Authorities(own);
    }

    /// <summary>For TLS clients: whether a server is the one that was asked for.</summary>
    public bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        // A wrong name is never forgiven; an unknown authority only if it is the person's own.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || _own.Count == 0 || certificate is not X509Certificate2 leaf)
            return false;
        using var again = new X509Chain();
        again.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        again.ChainPolicy.CustomTrustStore.AddRange(_own);
        again.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // RFC 5280 §4.2.1.12, id-kp-serverAuth: the certificate is meant for servers.
        again.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        if (chain is not null)
        {
            foreach (var element in chain.ChainElements)
                again.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return again.Build(leaf);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in _own)
            certificate.Dispose();
    }
}
