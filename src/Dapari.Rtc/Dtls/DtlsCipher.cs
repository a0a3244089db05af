using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dapari.Rtc.Dtls;

/// <summary>One direction of epoch 1: AES-128-GCM by the platform (RFC 5288 §3), records in place. Allocates nothing.</summary>
internal sealed class DtlsCipher : IDisposable
{
    public const int KeyLength = 16;
    public const int SaltLength = 4;
    public const int ExplicitNonce = 8;
    public const int TagLength = 16;

    /// <summary>What a record's fragment has beyond its plaintext.</summary>
    public const int Overhead = ExplicitNonce + TagLength;

    /// <summary>Where a record's plaintext begins, from the record's first byte.</summary>
    public const int PlaintextOffset = DtlsRecord.HeaderLength + ExplicitNonce;

    // RFC 6347 §4.1: it must not wrap. At 400,000 records a second it lasts for 22 years.
    private const ulong LastSequence = (1UL << 48) - 1;

    private readonly AesGcm _aes;
    private readonly byte[] _nonce = new byte[SaltLength + ExplicitNonce];
    private readonly byte[] _associated = new byte[DtlsRecord.HeaderLength];
    private ulong _next;

    public DtlsCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        _aes = new AesGcm(key, TagLength);
        salt.CopyTo(_nonce);
    }

    /// <summary>Protects what lies at <see cref="PlaintextOffset"/> of the record and returns the record's length; 0: the numbers are used up.</summary>
    public int Seal(Span<byte> record, DtlsContent content, int plaintextLength)
    {
        if (_next > LastSequence)
            return 0;
        DtlsRecord.WriteHeader(record, content, DtlsRecord.Version12, 1, _next++, Overhead + plaintextLength);
        // RFC 5288 §3: the explicit part may be the sequence number with its epoch, which never comes twice.
        var number = record.Slice(3, ExplicitNonce);
        number.CopyTo(record[DtlsRecord.HeaderLength..]);
        number.CopyTo(_nonce.AsSpan(SaltLength));
        var text = record.Slice(PlaintextOffset, plaintextLength);
        Associate(record, plaintextLength);
        _aes.Encrypt(_nonce, text, text, record.Slice(PlaintextOffset + plaintextLength, TagLength), _associated);
        return PlaintextOffset + plaintextLength + TagLength;
    }

    /// <summary>Opens a record's fragment; false: too short, no room, or not authentic.</summary>
    public bool TryOpen(in DtlsRecord record, Span<byte> plaintext, out int length)
    {
        length = record.Fragment.Length - Overhead;
        if (length < 0 || length > plaintext.Length)
            return false;
        record.Fragment[..ExplicitNonce].CopyTo(_nonce.AsSpan(SaltLength));
        DtlsRecord.WriteHeader(_associated, record.Content, record.Version, record.Epoch, record.Sequence, 0);
        Associate(_associated, length);
        try
        {
            _aes.Decrypt(_nonce, record.Fragment.Slice(ExplicitNonce, length), record.Fragment[(ExplicitNonce + length)..], plaintext[..length], _associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();

    // RFC 5246 §6.2.3.3: epoch and sequence, content, version, plaintext's length.
    private void Associate(ReadOnlySpan<byte> header, int length)
    {
        Span<byte> start = stackalloc byte[11];
        header[..11].CopyTo(start);
        start[3..].CopyTo(_associated);
        start[..3].CopyTo(_associated.AsSpan(8));
        BinaryPrimitives.WriteUInt16BigEndian(_associated.AsSpan(11), (ushort)length);
    }
}
