using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapari.Server.Hosting;

namespace Dapari.Server.Certificates;

/// <summary>
/// A certificate authority of this server alone, made once in the data folder, and the machine's certificate issued from it.
/// The authority may sign no other authority; its key is readable by the owner only.
/// </summary>
internal sealed class LocalAuthority
{
    /// <summary>The longest that browsers accept of public authorities (CA/Browser Forum, Baseline Requirements §6.3.2); private ones may not be stricter.</summary>
    private static readonly TimeSpan LeafLife = TimeSpan.FromDays(397);

    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly X509Certificate2 _authority;

    private LocalAuthority(string folder, TimeProvider time, X509Certificate2 authority)
    {
        _folder = folder;
        _time = time;
        _authority = authority;
    }

    /// <summary>The authority's certificate in DER, as phones install it.</summary>
    public byte[] Certificate => _authority.RawData;

    /// <summary>Its SHA-256 fingerprint, for people to compare.</summary>
    public string Fingerprint => string.Join(':', SHA256.HashData(_authority.RawData).Select(b => b.ToString("X2")));

    /// <summary>Opens the authority in the folder, or makes it.</summary>
    /// <exception cref="CryptographicException">Its files are damaged.</exception>
    public static LocalAuthority Open(string dataFolder, TimeProvider time)
    {
        var folder = Path.Combine(dataFolder, "certificates");
        Directory.CreateDirectory(folder);
        var certificate = Path.Combine(folder, "authority.crt.pem");
        var key = Path.Combine(folder, "authority.key.pem");
        if (File.Exists(certificate) && File.Exists(key))
        {
            var present = X509Certificate2.CreateFromPemFile(certificate, key);
            if (present.NotAfter > time.GetUtcNow().UtcDateTime + LeafLife)
                return new LocalAuthority(folder, time, present);
            present.Dispose();
        }

        return new LocalAuthority(folder, time, Create(certificate, key, time.GetUtcNow()));
    }

    /// <summary>The machine's certificate for these names and addresses: the kept one while it covers them and is not near its end.</summary>
    public X509Certificate2 IssueFor(IReadOnlyCollection<string> names, IReadOnlyCollection<IPAddress> addresses)
    {
        var certificate = Path.Combine(_folder, "server.crt.pem");
        var key = Path.Combine(_folder, "server.key.pem");
        if (TryLoad(certificate, key) is { } kept)
        {
            if (IsGood(kept, names, addresses))
                return kept;
            kept.Dispose();
        }

        var now = _time.GetUtcNow();
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Dapari server", pair, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // serverAuth
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternatives.AddDnsName(name);
        foreach (var address in addresses)
            alternatives.AddIpAddress(address);
        request.CertificateExtensions.Add(alternatives.Build());
        // A day back, for devices whose clocks are a little behind.
        using var issued = request.Create(_authority, now.AddDays(-1), now.AddDays(-1) + LeafLife, Serial());
        Save(certificate, key, issued, pair);
        return TryLoad(certificate, key) ?? throw new CryptographicException("The issued certificate cannot be read back.");
    }

    private bool IsGood(X509Certificate2 certificate, IReadOnlyCollection<string> names, IReadOnlyCollection<IPAddress> addresses)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        if (certificate.NotAfter.ToUniversalTime() - now < RenewBefore || certificate.NotBefore.ToUniversalTime() > now)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now;
        if (!chain.Build(certificate))
            return false;
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return alternatives is not null
            && names.All(n => alternatives.EnumerateDnsNames().Contains(n, StringComparer.OrdinalIgnoreCase))
            && addresses.All(a => alternatives.EnumerateIPAddresses().Contains(a));
    }

    private static X509Certificate2 Create(string certificate, string key, DateTimeOffset now)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Dapari on {Dns.GetHostName()} ({now:yyyy-MM-dd})", pair, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var created = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(-1) + AuthorityLife);
        Save(certificate, key, created, pair);
        return X509Certificate2.CreateFromPemFile(certificate, key);
    }

    /// <summary>RFC 5280 §4.1.2.2: positive, at most 20 octets.</summary>
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        return serial;
    }

    private static X509Certificate2? TryLoad(string certificate, string key)
    {
        if (!File.Exists(certificate) || !File.Exists(key))
            return null;
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
            // TLS on some platforms wants the key in a store of its own: through PKCS #12 it is.
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (CryptographicException)
        {
            return null; // A half-written pair after a crash: issued anew.
        }
    }

    private static void Save(string certificate, string key, X509Certificate2 value, ECDsa pair)
    {
        DurableFile.Write(key, pair.ExportPkcs8PrivateKeyPem(), isPrivate: true);
        DurableFile.Write(certificate, value.ExportCertificatePem(), isPrivate: false);
    }
}
