using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dapari.Crypto;

/// <summary>What comparing a scanned safety code says.</summary>
public enum SafetyCodeResult
{
    /// <summary>Both devices see the same two identities: verified.</summary>
    Match,

    /// <summary>A safety code, but not of these two: another conversation's, or somebody is in between.</summary>
    Mismatch,

    /// <summary>This device's own code: scan the other's.</summary>
    OwnCode,

    /// <summary>Made by a version that this build does not know.</summary>
    UnknownVersion,

    /// <summary>Not a safety code.</summary>
    NotACode,
}

/// <summary>
/// What two people compare to know that nobody is in between. After Signal's numeric fingerprint: SHA-512 iterated 5200 times over each
/// identity key, thirty digits for each, in bytewise order of the digits, so that both sides read the same sixty.
/// </summary>
public static class SafetyNumber
{
    /// <summary>Digits in all.</summary>
    public const int DigitCount = 60;

    /// <summary>A code, in bytes: a magic, a version and two hashes.</summary>
    public const int CodeLength = 4 + 2 * HashLength;

    private const int Iterations = 5200;
    private const int HashLength = 32;
    private const int ChunkLength = 5;
    private const int Chunks = 6;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "dsn"u8;

    /// <summary>Sixty digits without spaces, the same on both sides. Takes a while by design: keep it.</summary>
    public static string Digits(IdentityPublicKey ours, IdentityPublicKey theirs)
    {
        var left = Digits(Hash(ours));
        var right = Digits(Hash(theirs));
        return string.CompareOrdinal(left, right) <= 0 ? left + right : right + left;
    }

    /// <summary>What the QR carries: <c>"dsn" || 1 || hash of ours || hash of theirs</c>.</summary>
    public static byte[] Code(IdentityPublicKey ours, IdentityPublicKey theirs) =>
        [.. Magic, Version, .. Hash(ours).AsSpan(0, HashLength), .. Hash(theirs).AsSpan(0, HashLength)];

    /// <summary>Judges the other device's code as it was scanned.</summary>
    public static SafetyCodeResult Compare(ReadOnlySpan<byte> scanned, IdentityPublicKey ours, IdentityPublicKey theirs)
    {
        if (scanned.Length <= Magic.Length || !scanned.StartsWith(Magic))
            return SafetyCodeResult.NotACode;
        if (scanned[Magic.Length] != Version)
            return SafetyCodeResult.UnknownVersion;
        if (scanned.Length != CodeLength)
            return SafetyCodeResult.NotACode;
        var expected = Code(theirs, ours);
        if (CryptographicOperations.FixedTimeEquals(scanned, expected))
            return SafetyCodeResult.Match;
        byte[] own = [.. expected.AsSpan(0, 4), .. expected.AsSpan(4 + HashLength), .. expected.AsSpan(4, HashLength)];
        return CryptographicOperations.FixedTimeEquals(scanned, own) ? SafetyCodeResult.OwnCode : SafetyCodeResult.Mismatch;
    }

    private static byte[] Hash(IdentityPublicKey identity)
    {
        // hash(0) = SHA-512(version || key || key), hash(n) = SHA-512(hash(n - 1) || key)
        var key = identity.ToArray();
        var hash = SHA512.HashData([0, 0, .. key, .. key]);
        Span<byte> input = stackalloc byte[SHA512.HashSizeInBytes + IdentityPublicKey.Length];
        key.CopyTo(input[SHA512.HashSizeInBytes..]);
        for (var i = 1; i < Iterations; i++)
        {
            hash.CopyTo(input);
            SHA512.HashData(input, hash);
        }

        return hash;
    }

    private static string Digits(byte[] hash)
    {
        var digits = new StringBuilder(DigitCount / 2);
        for (var i = 0; i < Chunks; i++)
        {
            ulong chunk = 0;
            foreach (var part in hash.AsSpan(i * ChunkLength, ChunkLength))
                chunk = (chunk << 8) | part;
            digits.Append((chunk % 100_000).ToString("D5", CultureInfo.InvariantCulture));
        }

        return digits.ToString();
    }
}
