using System.Diagnostics.CodeAnalysis;
using Dapari.Wire;

namespace Dapari.Crypto;

/// <summary>A device's key for signing its prekeys. An Ed25519 seed of thirty-two bytes (RFC 8032 §5.1.5).</summary>
public sealed class SigningPrivateKey : SecretBytes
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Signer.KeyLength;

    private SigningPublicKey? _publicKey;

    private SigningPrivateKey(ReadOnlySpan<byte> seed)
        : base(seed)
    {
    }

    /// <summary>The public half; computed once.</summary>
    public SigningPublicKey PublicKey => _publicKey ??= new SigningPublicKey(Signer.PublicOf(Span));

    /// <summary>A fresh key.</summary>
    public static SigningPrivateKey Generate(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> seed = stackalloc byte[Length];
        random.Fill(seed);
        var key = new SigningPrivateKey(seed);
        seed.Clear();
        return key;
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out SigningPrivateKey? key)
    {
        key = source.Length == Length ? new SigningPrivateKey(source) : null;
        return key is not null;
    }

    /// <summary>Signs what begins with a label of its own; sixty-four bytes.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message) => Signer.Sign(Span, PublicKey.ToArray(), message);
}
