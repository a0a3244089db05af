using System.Buffers.Binary;

namespace Dapari.Rtc.Mapping;

/// <summary>12 random bytes by which a mapping's maker is known again (RFC 6887 §11.2).</summary>
public readonly record struct PcpNonce(ulong High, uint Low)
{
    /// <summary>A fresh one.</summary>
    public static PcpNonce New(Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        return new PcpNonce(entropy.Next(), unchecked((uint)entropy.Next()));
    }

    internal static PcpNonce Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt32BigEndian(source[8..]));

    internal void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], Low);
    }
}
