using System.Buffers.Binary;

namespace Dapari.Rtc.Stun;

/// <summary>Writes a message from front to back into a span (an <c>IBufferWriter</c> gives one).</summary>
/// <remarks>
/// What does not fit is left out and makes <see cref="TryFinish"/> fail. Integrity attributes and FINGERPRINT are computed over what was written
/// before them, so they come last, in this order: MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256, FINGERPRINT.
/// </remarks>
public ref struct StunWriter
{
    private readonly Span<byte> _bytes;
    private bool _overflowed;

    /// <summary>Begins a message.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="method">What it is about.</param>
    /// <param name="transactionId">12 bytes.</param>
    /// <exception cref="ArgumentException">The transaction id has another length.</exception>
    public StunWriter(Span<byte> destination, StunClass kind, StunMethod method, ReadOnlySpan<byte> transactionId)
    {
        if (transactionId.Length != StunMessage.TransactionIdLength)
            throw new ArgumentException("A transaction id has 12 bytes.", nameof(transactionId));
        _bytes = destination;
        if (destination.Length < StunMessage.HeaderLength)
        {
            _overflowed = true;
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination, StunMessage.TypeOf(kind, method));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], StunMessage.MagicCookie);
        transactionId.CopyTo(destination[8..]);
        Length = StunMessage.HeaderLength;
        SetLength(Length);
    }

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written so far; its length field counts what is there.</summary>
    public readonly ReadOnlySpan<byte> Written => _bytes[..Length];

    /// <summary>The transaction id.</summary>
    internal readonly ReadOnlySpan<byte> TransactionId => _bytes.Slice(8, StunMessage.TransactionIdLength);

    /// <summary>Adds an attribute.</summary>
    public void Add(ushort type, scoped ReadOnlySpan<byte> value) => value.CopyTo(Add(type, value.Length));

    /// <summary>Adds an attribute whose value the caller writes into the span; the padding is 0.</summary>
    /// <returns>The value's place; when it does not fit, a place that is not sent.</returns>
    public Span<byte> Add(ushort type, int length)
    {
        var padded = StunMessage.Padded(length);
        if (_overflowed || length > ushort.MaxValue || _bytes.Length - Length < 4 + padded || Length + 4 + padded > StunMessage.LongestMessage)
        {
            _overflowed = true;
            return new byte[length];
        }

        var attribute = _bytes.Slice(Length, 4 + padded);
        BinaryPrimitives.WriteUInt16BigEndian(attribute, type);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)length);
        attribute[4..].Clear();
        Length += 4 + padded;
        SetLength(Length);
        return attribute.Slice(4, length);
    }

    /// <summary>Ends the message.</summary>
    /// <param name="length">Its bytes, or 0.</param>
    /// <returns>False when something did not fit.</returns>
    public readonly bool TryFinish(out int length)
    {
        length = _overflowed ? 0 : Length;
        return !_overflowed;
    }

    /// <summary>Sets the length field as if the message ended at <paramref name="end"/>.</summary>
    private readonly void SetLength(int end) => BinaryPrimitives.WriteUInt16BigEndian(_bytes[2..], (ushort)(end - StunMessage.HeaderLength));
}
