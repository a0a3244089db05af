using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// Records of one direction of a lane (docs/protocol/tcp.md, "Lanes"): AES-256-GCM over whole messages, the number of the record as nonce.
/// <code>
/// length      4 bytes, big endian: of the message, 1 to the most
/// message     as many bytes, sealed; nonce: 12 bytes, big endian, the record's number from 0; associated data: the length
/// tag         16 bytes
/// </code>
/// One owner; each direction has a key and a count of its own.
/// </summary>
/// <param name="key">32 bytes, of this direction of this lane alone.</param>
internal sealed class LaneSeal(ReadOnlySpan<byte> key) : IDisposable
{
    /// <summary>Before the message.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Behind it.</summary>
    public const int TagBytes = 16;

    /// <summary>What a record has besides its message.</summary>
    public const int Overhead = HeaderBytes + TagBytes;

    /// <summary>What each end gives to the keys.</summary>
    public const int SecretBytes = 32;

    // 2^32 records of 256 KiB: far below what a key of AES-GCM may seal (SP 800-38D §8.3), and a lane that sends a pebibyte can be made anew.
    private const long MostRecords = 1L << 32;
    private readonly AesGcm _cipher = new(key, TagBytes);
    private long _count;

    /// <summary>The two directions' keys, from what each end said within TLS: RFC 5869, no salt.</summary>
    /// <param name="connector">Of the end that connected, <see cref="SecretBytes"/>.</param>
    /// <param name="acceptor">Of the other, <see cref="SecretBytes"/>.</param>
    /// <param name="lane">Its number.</param>
    /// <param name="connects">Whether this end connected.</param>
    public static (LaneSeal Sending, LaneSeal Receiving) Pair(ReadOnlySpan<byte> connector, ReadOnlySpan<byte> acceptor, byte lane, bool connects)
    {
        Span<byte> secrets = stackalloc byte[2 * SecretBytes];
        Span<byte> keys = stackalloc byte[2 * 32];
        connector.CopyTo(secrets);
        acceptor.CopyTo(secrets[SecretBytes..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secrets, keys, default, [.. "dapari lane v1"u8, lane]);
        var (ofConnector, ofAcceptor) = (new LaneSeal(keys[..32]), new LaneSeal(keys[32..]));
        CryptographicOperations.ZeroMemory(secrets);
        CryptographicOperations.ZeroMemory(keys);
        return connects ? (ofConnector, ofAcceptor) : (ofAcceptor, ofConnector);
    }

    /// <summary>Seals a message.</summary>
    /// <param name="message">At least one byte; may lie where the record has it.</param>
    /// <param name="record">As long as the message and <see cref="Overhead"/>.</param>
    /// <exception cref="IOException">The lane has sent all that its key may seal.</exception>
    public void Seal(ReadOnlySpan<byte> message, Span<byte> record)
    {
        if (_count == MostRecords)
            throw new IOException("The key of a lane is used up.");
        Span<byte> nonce = stackalloc byte[12];
        Next(nonce);
        BinaryPrimitives.WriteInt32BigEndian(record, message.Length);
        _cipher.Encrypt(nonce, message, record.Slice(HeaderBytes, message.Length), record.Slice(HeaderBytes + message.Length, TagBytes), record[..HeaderBytes]);
    }

    /// <summary>How long the next message is; null: its length has not come. False: it is none that may come.</summary>
    /// <param name="bytes">What came, from a record's beginning.</param>
    /// <param name="most">Of a message.</param>
    /// <param name="length">In bytes, without <see cref="Overhead"/>.</param>
    public static bool TryReadLength(ReadOnlySpan<byte> bytes, int most, out int? length)
    {
        length = bytes.Length < HeaderBytes ? null : BinaryPrimitives.ReadInt32BigEndian(bytes);
        return length is null || (length >= 1 && length <= most);
    }

    /// <summary>Opens a whole record; false: it is not the other end's next one, and the lane is over.</summary>
    /// <param name="record">Whole.</param>
    /// <param name="message">As long as the record without <see cref="Overhead"/>; cleared if it is refused.</param>
    public bool TryOpen(ReadOnlySpan<byte> record, Span<byte> message)
    {
        if (_count == MostRecords || record.Length != message.Length + Overhead)
            return false;
        Span<byte> nonce = stackalloc byte[12];
        Next(nonce);
        try
        {
            _cipher.Decrypt(nonce, record[HeaderBytes..^TagBytes], record[^TagBytes..], message, record[..HeaderBytes]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            _count = MostRecords;
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cipher.Dispose();

    private void Next(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], _count++);
    }
}
