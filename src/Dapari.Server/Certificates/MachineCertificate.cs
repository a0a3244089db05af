using System.Net;
using System.Security.Cryptography.X509Certificates;
using Dapari.Server.Hosting;
using Dapari.Server.Options;

namespace Dapari.Server.Certificates;

/// <summary>The certificate in use. One of the local authority is issued anew when addresses change or its end is near; a given file is read again when it changed.</summary>
internal sealed class MachineCertificate : IDisposable
{
    private readonly ServerOptions _options;
    private readonly ITimer _timer;
    private X509Certificate2 _current;
    private (DateTime Certificate, DateTime Key) _fileTimes;

    private MachineCertificate(ServerOptions options, TimeProvider time, LocalAuthority? authority)
    {
        _options = options;
        Authority = authority;
        _current = Load();
        _timer = time.CreateTimer(_ => Refresh(), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
    }

    /// <summary>The authority that issues it; null with a given certificate.</summary>
    public LocalAuthority? Authority { get; }

    public X509Certificate2 Current => Volatile.Read(ref _current);

    /// <summary>Null: the server is without HTTPS.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file is not a certificate with its key.</exception>
    public static MachineCertificate? Open(ServerOptions options, TimeProvider time)
    {
        if (options.Certificate is not null)
            return new MachineCertificate(options, time, null);
        return options.Https ? new MachineCertificate(options, time, LocalAuthority.Open(options.Data, time)) : null;
    }

    /// <summary>Looks whether another certificate is due; a bad file leaves the present one in use.</summary>
    public void Refresh()
    {
        try
        {
            if (_options.Certificate is not null && Times(_options) == _fileTimes)
                return;
            var loaded = Load();
            if (loaded.Thumbprint == Current.Thumbprint)
                loaded.Dispose();
            else
                Volatile.Write(ref _current, loaded); // Handshakes may still use the old one; the collector frees it.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            // Half-written by its renewal: the next minute sees it whole.
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _current.Dispose();
    }

    private X509Certificate2 Load()
    {
        if (_options.Certificate is not { } file)
        {
            var names = new List<string> { "localhost", Dns.GetHostName() };
            names.Add(names[1].Split('.')[0] + ".local");
            if (_options.PublicUrl is { HostNameType: UriHostNameType.Dns } url)
                names.Add(url.Host);
            names.AddRange(_options.Hosts.Where(h => Uri.CheckHostName(h) == UriHostNameType.Dns));
            return Authority!.IssueFor(
                [.. names.Where(n => Uri.CheckHostName(n) == UriHostNameType.Dns).Distinct(StringComparer.OrdinalIgnoreCase)],
                [IPAddress.Loopback, IPAddress.IPv6Loopback, .. LocalAddresses.Find()]);
        }

        var times = Times(_options);
        var loaded = Read(file);
        _fileTimes = times; // Only now: a half-written one is read again.
        return loaded;
    }

    /// <summary>A renewal may replace the two files one after the other.</summary>
    private static (DateTime Certificate, DateTime Key) Times(ServerOptions options) =>
        (File.GetLastWriteTimeUtc(options.Certificate!), options.CertificateKey is { } key ? File.GetLastWriteTimeUtc(key) : default);

    private X509Certificate2 Read(string file)
    {
        if (Path.GetExtension(file).ToUpperInvariant() is ".PFX" or ".P12")
            return X509CertificateLoader.LoadPkcs12FromFile(file, _options.CertificatePassword);
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(file, _options.CertificateKey);
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (ArgumentException e)
        {
            throw new System.Security.Cryptography.CryptographicException(e.Message, e); // Key and certificate are not of one pair.
        }
    }
}
