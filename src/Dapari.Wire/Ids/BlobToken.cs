using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>
/// A secret that gives a right to a drop-off (docs/protocol/blobs.md): 32 random bytes, in HTTP as base64url. A server keeps its hash only.
/// Never printed.
/// </summary>
public sealed class BlobToken
{
    /// <summary>The token's length in bytes, and its hash's.</summary>
    public const int Length = 32;

    /// <summary>Characters of the text form: base64url without padding (RFC 4648 §5).</summary>
    public const int TextLength = 43;

    private readonly byte[] _bytes;

    private BlobToken(byte[] bytes) => _bytes = bytes;

    /// <summary>A fresh one.</summary>
    public static BlobToken Random(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new BlobToken(random.Bytes(Length));
    }

    /// <summary>Reads exactly <see cref="Length"/> bytes; any other length is refused.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out BlobToken? token)
    {
        token = source.Length == Length ? new BlobToken(source.ToArray()) : null;
        return token is not null;
    }

    /// <summary>Reads the text form; anything else is refused.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, [NotNullWhen(true)] out BlobToken? token)
    {
        Span<byte> bytes = stackalloc byte[Length];
        token = null;
        return text.Length == TextLength && Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var written) && TryRead(bytes[..written], out token);
    }

    /// <summary>SHA-256 of the token: what a server keeps and compares. A new array of <see cref="Length"/> bytes.</summary>
    public byte[] Hash() => SHA256.HashData(_bytes);

    /// <summary>The text form, for an <c>Authorization: Bearer</c> header.</summary>
    public string ToText() => Base64Url.EncodeToString(_bytes);

    /// <summary>As a protobuf field.</summary>
    public ByteString ToByteString() => ByteString.CopyFrom(_bytes);

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}
