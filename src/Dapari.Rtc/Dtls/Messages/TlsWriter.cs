using System.Buffers;
using System.Buffers.Binary;

namespace Dapari.Rtc.Dtls.Messages;

/// <summary>Writes TLS's presentation language (RFC 5246 §4).</summary>
internal sealed class TlsWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    public TlsWriter U8(byte value) => Bytes([value]);

    public TlsWriter U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
        return this;
    }

    public TlsWriter Bytes(ReadOnlySpan<byte> value)
    {
        _bytes.Write(value);
        return this;
    }

    public TlsWriter Vector8(ReadOnlySpan<byte> value) => U8(checked((byte)value.Length)).Bytes(value);

    public TlsWriter Vector16(ReadOnlySpan<byte> value) => U16(checked((ushort)value.Length)).Bytes(value);

    public TlsWriter Vector24(ReadOnlySpan<byte> value) => U8(checked((byte)(value.Length >> 16))).U16(unchecked((ushort)value.Length)).Bytes(value);

    /// <summary>An extension (RFC 5246 §7.4.1.4).</summary>
    public TlsWriter Extension(TlsExtension type, ReadOnlySpan<byte> value) => U16((ushort)type).Vector16(value);

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
