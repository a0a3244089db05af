using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace Dapari.Node.Storage;

/// <summary>
/// Everything that a peer keeps, sealed with a passphrase.
/// <code>
/// magic (14) | salt (16) | records: length (4, big endian) | ciphertext | tag (16)
/// key   = Argon2id(passphrase, salt, 64 MiB, 3 passes, 4 lanes), 32 bytes: RFC 9106 §4, second recommended option
/// nonce = record's number (11, big endian) | 1 for the last record, else 0; associated data: magic | salt
/// plain = entries: 1 | key length (2) | key | value length (4) | value        a row of state
///                  2 | length (4) | MessageRecord
/// </code>
/// Every record but the last holds 1 MiB, so a file that was cut off, joined or put in another order does not open.
/// </summary>
internal static class Backup
{
    private const int RecordBytes = 1024 * 1024;
    private const int SaltBytes = 16;
    private const int TagBytes = 16;
    private const byte StateEntry = 1;
    private const byte MessageEntry = 2;
    private static ReadOnlySpan<byte> Magic => "DAPARI-BACKUP\u0001"u8;

    /// <summary>Seals everything.</summary>
    public static byte[] Seal(IReadOnlyList<StateRow> rows, IReadOnlyList<MessageRecord> messages, ReadOnlySpan<byte> passphrase, RandomSource random)
    {
        byte[] head = [.. Magic, .. random.Bytes(SaltBytes)];
        var plain = Write(rows, messages);
        var key = Key(passphrase, head.AsSpan(Magic.Length));
        try
        {
            using var cipher = new AesGcm(key, TagBytes);
            using var output = new MemoryStream();
            output.Write(head);
            Span<byte> length = stackalloc byte[4];
            var record = new byte[RecordBytes + TagBytes];
            for (long at = 0, number = 0; ; number++)
            {
                var size = (int)Math.Min(RecordBytes, plain.Length - at);
                var last = at + size == plain.Length;
                cipher.Encrypt(Nonce(number, last), plain.AsSpan((int)at, size), record.AsSpan(0, size), record.AsSpan(size, TagBytes), head);
                BinaryPrimitives.WriteInt32BigEndian(length, size + TagBytes);
                output.Write(length);
                output.Write(record.AsSpan(0, size + TagBytes));
                at += size;
                if (last)
                    return output.ToArray();
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>Opens a backup; a wrong passphrase and a damaged file cannot be told apart.</summary>
    /// <returns>Whether it is one, whole and true.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> file, ReadOnlySpan<byte> passphrase, out List<StateRow> rows, out List<MessageRecord> messages)
    {
        (rows, messages) = ([], []);
        var headLength = Magic.Length + SaltBytes;
        if (file.Length < headLength + 4 + TagBytes || !file.StartsWith(Magic))
            return false;
        var head = file[..headLength];
        var key = Key(passphrase, head[Magic.Length..]);
        using var plain = new MemoryStream();
        try
        {
            using var cipher = new AesGcm(key, TagBytes);
            var rest = file[headLength..];
            for (var number = 0L; ; number++)
            {
                if (rest.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(rest) is var size && (size < TagBytes || size > RecordBytes + TagBytes || size > rest.Length - 4))
                    return false;
                var record = rest.Slice(4, size);
                rest = rest[(4 + size)..];
                var open = new byte[size - TagBytes];
                cipher.Decrypt(Nonce(number, rest.IsEmpty), record[..^TagBytes], record[^TagBytes..], open, head);
                plain.Write(open);
                if (rest.IsEmpty)
                    break;
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        return TryRead(plain.GetBuffer().AsSpan(0, (int)plain.Length), rows, messages);
    }

    private static byte[] Key(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt)
    {
        var argon = new Argon2BytesGenerator();
        argon.Init(new Argon2Parameters.Builder(Argon2Parameters.Argon2id).WithVersion(Argon2Parameters.Version13).WithSalt(salt.ToArray())
            .WithMemoryAsKB(64 * 1024).WithIterations(3).WithParallelism(4).Build());
        var key = new byte[32];
        argon.GenerateBytes(passphrase.ToArray(), key);
        return key;
    }

    private static byte[] Nonce(long number, bool last)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(3), number);
        nonce[11] = last ? (byte)1 : (byte)0;
        return nonce;
    }

    private static byte[] Write(IReadOnlyList<StateRow> rows, IReadOnlyList<MessageRecord> messages)
    {
        using var stream = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        foreach (var row in rows)
        {
            var key = Encoding.UTF8.GetBytes(row.Key);
            stream.WriteByte(StateEntry);
            BinaryPrimitives.WriteUInt16BigEndian(number, (ushort)key.Length);
            stream.Write(number[..2]);
            stream.Write(key);
            BinaryPrimitives.WriteInt32BigEndian(number, row.Value.Length);
            stream.Write(number);
            stream.Write(row.Value);
        }

        foreach (var message in messages)
        {
            var bytes = message.ToByteArray();
            stream.WriteByte(MessageEntry);
            BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
            stream.Write(number);
            stream.Write(bytes);
        }

        return stream.ToArray();
    }

    private static bool TryRead(ReadOnlySpan<byte> plain, List<StateRow> rows, List<MessageRecord> messages)
    {
        while (!plain.IsEmpty)
        {
            var kind = plain[0];
            plain = plain[1..];
            var key = "";
            if (kind == StateEntry)
            {
                if (plain.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(plain) is var keyLength && keyLength > plain.Length - 2)
                    return false;
                key = Encoding.UTF8.GetString(plain.Slice(2, keyLength));
                plain = plain[(2 + keyLength)..];
            }
            else if (kind != MessageEntry)
            {
                return false;
            }

            if (plain.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(plain) is var length && (length < 0 || length > plain.Length - 4))
                return false;
            var value = plain.Slice(4, length);
            plain = plain[(4 + length)..];
            if (kind == StateEntry)
            {
                rows.Add(new StateRow(key, value.ToArray()));
                continue;
            }

            try
            {
                messages.Add(MessageRecord.Parser.ParseFrom(value));
            }
            catch (InvalidProtocolBufferException)
            {
                return false;
            }
        }

        return true;
    }
}
