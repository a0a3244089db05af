using System.Diagnostics.CodeAnalysis;
using Dapari.Wire;

namespace Dapari.Crypto;

/// <summary>The key of a mailbox's owner or sender, of an invite blob's owner or of a prekey store's owner. An Ed25519 seed of thirty-two bytes (RFC 8032 §5.1.5).</summary>
public sealed class MailboxPrivateKey : SecretBytes
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = Signer.KeyLength;

    private MailboxPublicKey? _publicKey;

    private MailboxPrivateKey(ReadOnlySpan<byte> seed)
        : base(seed)
    {
    }

    /// <summary>The public half; computed once.</summary>
    public MailboxPublicKey PublicKey => _publicKey ??= new MailboxPublicKey(Signer.PublicOf(Span));

    /// <summary>A fresh key.</summary>
    public static MailboxPrivateKey Generate(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> seed = stackalloc byte[Length];
        random.Fill(seed);
        var key = new MailboxPrivateKey(seed);
        seed.Clear();
        return key;
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out MailboxPrivateKey? key)
    {
        key = source.Length == Length ? new MailboxPrivateKey(source) : null;
        return key is not null;
    }

    /// <summary>Signs a <see cref="ProofMessage"/>; sixty-four bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => Signer.Sign(Span, PublicKey.ToArray(), message);
}
