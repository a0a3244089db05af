using System.Diagnostics.CodeAnalysis;
using Dapari.Wire;

namespace Dapari.Crypto;

/// <summary>The symmetric key of the outer seal of one mailbox's envelopes: thirty-two bytes, known to its owner and its contact.</summary>
public sealed class WrapKey : SecretBytes
{
    /// <summary>The encoded length in bytes.</summary>
    public const int Length = 32;

    private WrapKey(ReadOnlySpan<byte> key)
        : base(key)
    {
    }

    /// <summary>A fresh key.</summary>
    public static WrapKey Generate(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> bytes = stackalloc byte[Length];
        random.Fill(bytes);
        var key = new WrapKey(bytes);
        bytes.Clear();
        return key;
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out WrapKey? key)
    {
        key = source.Length == Length ? new WrapKey(source) : null;
        return key is not null;
    }
}
