using System.Buffers.Binary;

namespace Dapari.Rtc.Dtls.Messages;

/// <summary>What a handshake message is (RFC 5246 §7.4, RFC 6347 §4.3.2).</summary>
internal enum HandshakeType : byte
{
    HelloRequest = 0,
    ClientHello = 1,
    ServerHello = 2,
    HelloVerifyRequest = 3,
    Certificate = 11,
    ServerKeyExchange = 12,
    CertificateRequest = 13,
    ServerHelloDone = 14,
    CertificateVerify = 15,
    ClientKeyExchange = 16,
    Finished = 20,
}

/// <summary>In front of each fragment of a message (RFC 6347 §4.2.2).</summary>
/// <remarks><code>type (8) | length (24) | message sequence (16) | fragment offset (24) | fragment length (24)</code></remarks>
internal readonly record struct HandshakeHeader(HandshakeType Type, int Length, ushort Sequence, int Offset, int FragmentLength)
{
    public const int Size = 12;

    /// <summary>Reads it; false: too short, or the fragment does not lie within the message or the bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out HandshakeHeader header)
    {
        header = default;
        if (bytes.Length < Size)
            return false;
        header = new HandshakeHeader((HandshakeType)bytes[0], U24(bytes[1..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]), U24(bytes[6..]), U24(bytes[9..]));
        return header.FragmentLength <= bytes.Length - Size && header.Offset + header.FragmentLength <= header.Length;
    }

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)Type;
        U24(destination[1..], Length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], Sequence);
        U24(destination[6..], Offset);
        U24(destination[9..], FragmentLength);
    }

    private static int U24(ReadOnlySpan<byte> bytes) => (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];

    private static void U24(Span<byte> bytes, int value)
    {
        bytes[0] = unchecked((byte)(value >> 16));
        bytes[1] = unchecked((byte)(value >> 8));
        bytes[2] = unchecked((byte)value);
    }
}
