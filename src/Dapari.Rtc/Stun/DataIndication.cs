using System.Buffers.Binary;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Stun;

/// <summary>Writes TURN's Data indication (RFC 8656 §11.6) around a payload where it lies.</summary>
/// <remarks><code>|  header (20)  |  XOR-PEER-ADDRESS (12 or 24)  |  DATA's type and length (4)  |  payload  |  padding  |</code></remarks>
public static class DataIndication
{
    /// <summary>The most bytes in front of a payload.</summary>
    public const int LongestHeader = StunMessage.HeaderLength + 4 + AddressValue.V6Length + 4;

    /// <summary>Writes in front of the payload, and 0 to 3 bytes of padding behind it.</summary>
    /// <param name="buffer">Has <see cref="LongestHeader"/> bytes before the payload and 3 behind it.</param>
    /// <param name="offset">Where the payload begins.</param>
    /// <param name="length">Its bytes, at most 65,000.</param>
    /// <param name="peer">Whom it came from.</param>
    /// <param name="transactionId">12 bytes.</param>
    /// <param name="whole">The indication's bytes.</param>
    /// <returns>Where the indication begins.</returns>
    public static int Write(Span<byte> buffer, int offset, int length, in Endpoint peer, ReadOnlySpan<byte> transactionId, out int whole)
    {
        var address = 4 + AddressValue.Length(peer);
        var start = offset - (StunMessage.HeaderLength + address + 4);
        var padded = StunMessage.Padded(length);
        var writer = new StunWriter(buffer[start..(offset - 4)], StunClass.Indication, StunMethod.Data, transactionId);
        XorPeerAddress.Write(ref writer, peer);
        var data = buffer[(offset - 4)..];
        BinaryPrimitives.WriteUInt16BigEndian(data, Data.Type);
        BinaryPrimitives.WriteUInt16BigEndian(data[2..], (ushort)length);
        buffer[(offset + length)..(offset + padded)].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(buffer[(start + 2)..], (ushort)(address + 4 + padded));
        whole = offset + padded - start;
        return start;
    }
}
