using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Dapari.Rtc.Dtls;

/// <summary>SHA-256 of a certificate, as a description tells it (RFC 8122 §5): the only thing that makes a certificate of the other end's the right one.</summary>
public sealed class DtlsFingerprint : IEquatable<DtlsFingerprint>
{
    /// <summary>Bytes of it.</summary>
    public const int Length = 32;

    private readonly byte[] _hash;

    private DtlsFingerprint(byte[] hash) => _hash = hash;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _hash;

    /// <summary>Of a certificate in DER.</summary>
    public static DtlsFingerprint Of(ReadOnlySpan<byte> certificate) => new(SHA256.HashData(certificate));

    /// <summary>From its 32 bytes.</summary>
    /// <exception cref="ArgumentException">Another number of bytes.</exception>
    public static DtlsFingerprint FromBytes(ReadOnlySpan<byte> hash) =>
        hash.Length == Length ? new DtlsFingerprint(hash.ToArray()) : throw new ArgumentException("SHA-256 has 32 bytes.", nameof(hash));

    /// <summary>Reads 32 pairs of hexadecimal digits with colons between; false: anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out DtlsFingerprint? fingerprint)
    {
        fingerprint = null;
        if (text.Length != (3 * Length) - 1)
            return false;
        var hash = new byte[Length];
        for (var i = 0; i < Length; i++)
        {
            if ((i > 0 && text[(3 * i) - 1] != ':') || !char.IsAsciiHexDigit(text[3 * i]) || !char.IsAsciiHexDigit(text[(3 * i) + 1]))
                return false;
            hash[i] = Convert.FromHexString(text.Slice(3 * i, 2))[0];
        }

        fingerprint = new DtlsFingerprint(hash);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(DtlsFingerprint? other) => other is not null && CryptographicOperations.FixedTimeEquals(_hash, other._hash);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is DtlsFingerprint other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_hash);

    /// <summary>Upper-case pairs with colons between.</summary>
    public override string ToString() => string.Join(':', _hash.Select(value => value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
}
