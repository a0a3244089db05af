using System.Buffers;
using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>RFC 8489 §14.5: the text that an integrity attribute covers has a length field that ends with that attribute.</summary>
internal static class IntegrityInput
{
    private const int OnStack = 1024;

    public delegate void Hash(ReadOnlySpan<byte> input, ReadOnlySpan<byte> key, Span<byte> destination);

    public static void With(ReadOnlySpan<byte> covered, int attribute, ReadOnlySpan<byte> key, Span<byte> destination, Hash hash)
    {
        byte[]? rented = null;
        var input = covered.Length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(covered.Length);
        input = input[..covered.Length];
        covered.CopyTo(input);
        BinaryPrimitives.WriteUInt16BigEndian(input[2..], (ushort)(covered.Length - StunMessage.HeaderLength + attribute));
        hash(input, key, destination);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }
}
