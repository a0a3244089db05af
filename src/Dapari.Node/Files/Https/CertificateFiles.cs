using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dapari.Node.Hosting;

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
    private byte[] _seen;
    private long _looked;

    private CertificateFiles(string certificate, string key, TimeProvider time, SslStreamCertificateContext first, byte[] seen)
    {
        (_certificate, _key, _time, _current, _seen) = (certificate, key, time, first, seen);
        _looked = time.GetTimestamp();
    }

    /// <summary>Reads both; null: the fault tells why they are of no use.</summary>
    public static CertificateFiles? TryOpen(string certificate, string key, TimeProvider time, out NodeFault fault) =>
        TryRead(certificate, key, time, null, out var seen, out fault) is { } first ? new CertificateFiles(certificate, key, time, first, seen) : null;

    /// <summary>
    /// What is shown now. The files are looked at every ten seconds at most; what is of no use, as in the middle of being replaced, leaves the former. Their content is looked at, not their
    /// times: whoever renews may swap a link to the folder above them.
    /// </summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_looked) < _between)
                    return _current;
                _looked = _time.GetTimestamp();
                if (TryRead(_certificate, _key, _time, _seen, out var seen, out _) is { } next)
                    (_current, _seen) = (next, seen);
                return _current;
            }
        }
    }

    // Null with no fault: they are as they were seen.
    private static SslStreamCertificateContext? TryRead(string certificate, string key, TimeProvider time, byte[]? before, out byte[] seen, out NodeFault fault)
    {
        seen = [];
        fault = NodeFault.CertificateMissing;
        if (TryReadText(certificate) is not { } chain)
            return null;
        fault = NodeFault.KeyMissing;
        if (TryReadText(key) is not { } secret)
            return null;
        fault = NodeFault.None;
        seen = SHA256.HashData([.. SHA256.HashData(Encoding.UTF8.GetBytes(chain)), .. SHA256.HashData(Encoding.UTF8.GetBytes(secret))]);
        if (before is not null && seen.AsSpan().SequenceEqual(before))
            return null;
        fault = NodeFault.Certificate;
        try
        {
            var others = new X509Certificate2Collection();
            others.ImportFromPem(chain);
            if (others.Count == 0)
                return null;
            fault = NodeFault.Key;
            var own = X509Certificate2.CreateFromPem(chain, secret);
            fault = own.NotAfter.ToUniversalTime() <= time.GetUtcNow().UtcDateTime ? NodeFault.CertificateExpired
                : own.NotBefore.ToUniversalTime() > time.GetUtcNow().UtcDateTime ? NodeFault.CertificateNotYet
                : NodeFault.None;
            return fault == NodeFault.None ? SslStreamCertificateContext.Create(own, others, offline: true) : null;
        }
        catch (Exception bad) when (bad is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static string? TryReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
