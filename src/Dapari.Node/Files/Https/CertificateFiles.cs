using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dapari.Node.Files.Https;

/// <summary>A certificate and its key out of two files, read again when they change. Safe for threads.</summary>
internal sealed class CertificateFiles
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly string _certificate;
    private readonly string _key;
    private readonly TimeProvider _time;
    private SslStreamCertificateContext _current;
    private (DateTime Certificate, DateTime Key) _written;
    private long _looked;

    private CertificateFiles(string certificate, string key, TimeProvider time, SslStreamCertificateContext first, (DateTime, DateTime) written)
    {
        (_certificate, _key, _time, _current, _written) = (certificate, key, time, first, written);
        _looked = time.GetTimestamp();
    }

    /// <summary>Reads both; null: they are not there, or are no certificate and its key.</summary>
    public static CertificateFiles? TryOpen(string certificate, string key, TimeProvider time)
    {
        var written = Written(certificate, key);
        return TryRead(certificate, key) is { } first ? new CertificateFiles(certificate, key, time, first, written) : null;
    }

    /// <summary>What is shown now. The files are looked at every ten seconds at most; what cannot be read, as in the middle of being replaced, leaves the former.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_looked) < _between)
                    return _current;
                _looked = _time.GetTimestamp();
                var written = Written(_certificate, _key);
                if (written != _written && TryRead(_certificate, _key) is { } next)
                    (_current, _written) = (next, written);
                return _current;
            }
        }
    }

    private static (DateTime Certificate, DateTime Key) Written(string certificate, string key) => (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key));

    private static SslStreamCertificateContext? TryRead(string certificate, string key)
    {
        try
        {
            var own = X509Certificate2.CreateFromPemFile(certificate, key);
            var others = new X509Certificate2Collection();
            others.ImportFromPemFile(certificate);
            return SslStreamCertificateContext.Create(own, others, offline: true);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
