using System.Buffers.Binary;

namespace Dapari.Rtc.Stun;

/// <summary>One attribute: its type and the bytes of its value without padding.</summary>
public readonly ref struct StunAttribute
{
    internal StunAttribute(ushort type, ReadOnlySpan<byte> value)
    {
        Type = type;
        Value = value;
    }

    /// <summary>The type.</summary>
    public ushort Type { get; }

    /// <summary>The value.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>RFC 8489 §14: who does not understand a type below 0x8000 must not go on.</summary>
    public bool MustBeUnderstood => Type < 0x8000;
}

/// <summary>Attributes in order; for <c>foreach</c>.</summary>
public readonly ref struct StunAttributes
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal StunAttributes(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>From the first on.</summary>
    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>Walks over attributes whose lengths were checked.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> bytes) => _rest = bytes;

        /// <summary>The attribute it stands on.</summary>
        public StunAttribute Current { get; private set; }

        /// <summary>Steps to the next.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            var length = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
            Current = new StunAttribute(BinaryPrimitives.ReadUInt16BigEndian(_rest), _rest.Slice(4, length));
            _rest = _rest[(4 + StunMessage.Padded(length))..];
            return true;
        }
    }
}
