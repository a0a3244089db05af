using System.Buffers.Binary;

namespace Dapari.Rtc.Dtls.Messages;

/// <summary>Reads TLS's presentation language (RFC 5246 §4) where it lies; every length is checked against what is there.</summary>
internal ref struct TlsReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryU8(out byte value)
    {
        value = 0;
        if (!TryBytes(1, out var bytes))
            return false;
        value = bytes[0];
        return true;
    }

    public bool TryU16(out ushort value)
    {
        value = 0;
        if (!TryBytes(2, out var bytes))
            return false;
        value = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return true;
    }

    public bool TryBytes(int count, out ReadOnlySpan<byte> bytes)
    {
        if (count > _rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }

    public bool TryVector8(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryU8(out var length) && TryBytes(length, out bytes);
    }

    public bool TryVector16(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryU16(out var length) && TryBytes(length, out bytes);
    }

    public bool TryVector24(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryU8(out var high) && TryU16(out var low) && TryBytes((high << 16) | low, out bytes);
    }
}
