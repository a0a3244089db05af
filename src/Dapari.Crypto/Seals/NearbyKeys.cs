using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dapari.Crypto;

/// <summary>What two contacts recognise each other by on one network, and prove themselves with (docs/protocol/nearby.md). Made of both <see cref="NearbySecret"/>s; zeroed when disposed.</summary>
/// <remarks>
/// <code>
/// tag    = HMAC-SHA256(secret of who is found, "dapari nearby tag v1\0" ‖ nonce ‖ day (8 bytes, big endian))[..8]
/// pair   = HKDF-SHA256(ikm = the smaller secret ‖ the greater, salt = none, info = "dapari nearby pair v1"), 32 bytes
/// token  = HMAC-SHA256(pair, "dapari nearby token v1\0" ‖ nonce)[..16]
/// proof  = HMAC-SHA256(pair, "dapari nearby proof v1\0" ‖ end (1 byte: 0 connected, 1 was connected to) ‖ certificate of 0 ‖ certificate of 1), fingerprints of 32 bytes
/// </code>
/// Safe for threads, but for disposing.
/// </remarks>
public sealed class NearbyKeys : IDisposable
{
    /// <summary>Of a tag, in bytes.</summary>
    public const int TagLength = 8;

    /// <summary>Of a token, in bytes.</summary>
    public const int TokenLength = 16;

    /// <summary>Of a proof, in bytes.</summary>
    public const int ProofLength = HMACSHA256.HashSizeInBytes;

    private const int LongestData = 128;
    private readonly byte[] _own;
    private readonly byte[] _theirs;
    private readonly byte[] _pair;

    private NearbyKeys(byte[] own, byte[] theirs)
    {
        (_own, _theirs) = (own, theirs);
        Connects = own.AsSpan().SequenceCompareTo(theirs) < 0;
        byte[] both = Connects ? [.. own, .. theirs] : [.. theirs, .. own];
        _pair = HKDF.DeriveKey(HashAlgorithmName.SHA256, both, NearbySecret.Length, info: Labels.NearbyPair.ToArray());
        CryptographicOperations.ZeroMemory(both);
    }

    /// <summary>Of the two, one connects, so that there is one connection: this end, if its own secret is the smaller.</summary>
    public bool Connects { get; }

    /// <summary>The keys of a pair as this end has them.</summary>
    /// <param name="own">What this end is found by, <see cref="NearbySecret.Length"/> bytes.</param>
    /// <param name="theirs">What the contact is found by, as long.</param>
    /// <exception cref="ArgumentException">They have another length, or are the same.</exception>
    public static NearbyKeys Create(ReadOnlySpan<byte> own, ReadOnlySpan<byte> theirs)
    {
        if (own.Length != NearbySecret.Length || theirs.Length != NearbySecret.Length || own.SequenceEqual(theirs))
            throw new ArgumentException("Two secrets of 32 bytes.", nameof(own));
        return new NearbyKeys(own.ToArray(), theirs.ToArray());
    }

    /// <summary>Whether others are made of the same secrets, in time that does not depend on them.</summary>
    public bool IsSame(NearbyKeys other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(_own, other._own) & CryptographicOperations.FixedTimeEquals(_theirs, other._theirs);
    }

    /// <summary>What this end puts into its announcement for the contact to see.</summary>
    public void OwnTag(ReadOnlySpan<byte> nonce, long day, Span<byte> tag) => Tag(_own, nonce, day, tag);

    /// <summary>What the contact would put into theirs.</summary>
    public void TheirTag(ReadOnlySpan<byte> nonce, long day, Span<byte> tag) => Tag(_theirs, nonce, day, tag);

    /// <summary>By which who is connected to knows who comes.</summary>
    /// <param name="nonce">Of the announcement of who is connected to.</param>
    public byte[] Token(ReadOnlySpan<byte> nonce) => Hash(_pair, Labels.NearbyToken, nonce, [])[..TokenLength];

    /// <summary>That whoever holds both ends' certificates is one of the two, and at which end.</summary>
    /// <param name="connected">Of the end that connected; else of the other.</param>
    /// <param name="connecting">The fingerprint of the certificate of who connected.</param>
    /// <param name="listening">Of who was connected to.</param>
    public byte[] Proof(bool connected, ReadOnlySpan<byte> connecting, ReadOnlySpan<byte> listening)
    {
        Span<byte> end = stackalloc byte[1 + 32];
        end[0] = connected ? (byte)0 : (byte)1;
        connecting[..32].CopyTo(end[1..]);
        return Hash(_pair, Labels.NearbyProof, end, listening[..32]);
    }

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";

    /// <summary>Zeroes them.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_own);
        CryptographicOperations.ZeroMemory(_theirs);
        CryptographicOperations.ZeroMemory(_pair);
    }

    private static void Tag(byte[] secret, ReadOnlySpan<byte> nonce, long day, Span<byte> tag)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, day);
        Hash(secret, Labels.NearbyTag, nonce, number).AsSpan(0, TagLength).CopyTo(tag);
    }

    private static byte[] Hash(byte[] key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> data = stackalloc byte[LongestData];
        label.CopyTo(data);
        first.CopyTo(data[label.Length..]);
        second.CopyTo(data[(label.Length + first.Length)..]);
        return HMACSHA256.HashData(key, data[..(label.Length + first.Length + second.Length)]);
    }
}
