using System.Diagnostics.CodeAnalysis;
using Dapari.Wire;

namespace Dapari.Crypto;

/// <summary>A device's X25519 private key: thirty-two bytes (RFC 7748 §5).</summary>
public sealed class AgreementPrivateKey : SecretBytes
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Curve.Length;

    private AgreementPublicKey? _publicKey;

    private AgreementPrivateKey(ReadOnlySpan<byte> scalar)
        : base(scalar)
    {
    }

    /// <summary>The public half; computed once.</summary>
    public AgreementPublicKey PublicKey => _publicKey ??= new AgreementPublicKey(Curve.PublicOf(Span));

    /// <summary>A fresh key.</summary>
    public static AgreementPrivateKey Generate(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new AgreementPrivateKey(Curve.GeneratePrivate(random));
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out AgreementPrivateKey? key)
    {
        key = source.Length == Length ? new AgreementPrivateKey(source) : null;
        return key is not null;
    }
}
