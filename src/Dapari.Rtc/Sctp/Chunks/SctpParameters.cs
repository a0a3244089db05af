using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>Parameters of a chunk (RFC 9260 §3.2.1): type, length, value, padding; for <c>foreach</c>.</summary>
public readonly ref struct SctpParameters
{
    private const int HeaderLength = 4;

    private readonly ReadOnlySpan<byte> _bytes;

    internal SctpParameters(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>From the first on.</summary>
    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>The first of a type.</summary>
    public bool TryFind(ushort type, out ReadOnlySpan<byte> value)
    {
        foreach (var parameter in this)
        {
            if (parameter.Type == type)
            {
                value = parameter.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether every length fits.</summary>
    internal static bool AreWhole(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            if (rest.Length < HeaderLength)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length < HeaderLength || length > rest.Length)
                return false;
            rest = rest[Math.Min(SctpPacket.Padded(length), rest.Length)..];
        }

        return true;
    }

    /// <summary>Writes one with its padding and returns its length.</summary>
    internal static int Write(Span<byte> destination, ushort type, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(HeaderLength + value.Length));
        value.CopyTo(destination[HeaderLength..]);
        var length = SctpPacket.Padded(HeaderLength + value.Length);
        destination[(HeaderLength + value.Length)..length].Clear();
        return length;
    }

    /// <summary>Walks over parameters whose lengths were checked.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> bytes)
        {
            _rest = bytes;
            Current = default;
        }

        /// <summary>The parameter.</summary>
        public SctpParameter Current { get; private set; }

        /// <summary>To the next.</summary>
        public bool MoveNext()
        {
            if (_rest.Length < HeaderLength)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
            Current = new SctpParameter(BinaryPrimitives.ReadUInt16BigEndian(_rest), _rest[HeaderLength..length]);
            _rest = _rest[Math.Min(SctpPacket.Padded(length), _rest.Length)..];
            return true;
        }
    }
}

/// <summary>One parameter.</summary>
public readonly ref struct SctpParameter
{
    internal SctpParameter(ushort type, ReadOnlySpan<byte> value)
    {
        Type = type;
        Value = value;
    }

    /// <summary>The type.</summary>
    public ushort Type { get; }

    /// <summary>The value without padding.</summary>
    public ReadOnlySpan<byte> Value { get; }
}
