using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Testing;

/// <summary>The units of a drop-off's blob in their order, and their seals: a second writing of docs/protocol/files.md, "Drop-offs".</summary>
public static class DropOffUnits
{
    /// <summary>A unit: its place, and of which chunk it is; pages: the hash pages over it, not its bytes.</summary>
    public readonly record struct Unit(uint Number, long Offset, int Length, int Item, long Chunk, long Counted, bool Pages);

    public static IEnumerable<Unit> Of(IReadOnlyList<FileId> items, IEnumerable<ChunkSpan> spans)
    {
        var number = 0U;
        var offset = 0L;
        foreach (var span in spans)
        {
            var first = true;
            for (var counted = (long)span.First; counted < (long)(span.First + span.Count); counted++)
            {
                var (item, chunk) = Place(items, counted);
                if (item < 0)
                    break;
                var shape = items[item].Shape;
                if (shape.Chunks > 1 && (first || chunk % FileShape.FanOut == 0))
                {
                    var pages = 0;
                    for (var level = shape.Levels; level >= 1; level--)
                        pages += shape.PageCount(level, FileShape.PageOver(chunk, level)) * TreeHash.Length;
                    yield return new Unit(number++, offset, pages + DropOffLayout.TagBytes, item, chunk, counted, Pages: true);
                    offset += pages + DropOffLayout.TagBytes;
                }

                first = false;
                var length = shape.ChunkLength(chunk) + DropOffLayout.TagBytes;
                yield return new Unit(number++, offset, length, item, chunk, counted, Pages: false);
                offset += length;
            }
        }
    }

    public static byte[] Seal(ByteString key, uint number, ReadOnlySpan<byte> plain)
    {
        var cipher = new byte[plain.Length + DropOffLayout.TagBytes];
        using var aes = new AesGcm(key.Span, DropOffLayout.TagBytes);
        aes.Encrypt(Nonce(number), plain, cipher.AsSpan(0, plain.Length), cipher.AsSpan(plain.Length));
        return cipher;
    }

    public static byte[]? Open(ByteString key, uint number, ReadOnlySpan<byte> cipher)
    {
        var plain = new byte[cipher.Length - DropOffLayout.TagBytes];
        using var aes = new AesGcm(key.Span, DropOffLayout.TagBytes);
        try
        {
            aes.Decrypt(Nonce(number), cipher[..plain.Length], cipher[plain.Length..], plain);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Nonce(uint number)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(nonce.AsSpan(8), number);
        return nonce;
    }

    private static (int Item, long Chunk) Place(IReadOnlyList<FileId> items, long counted)
    {
        for (var item = 0; item < items.Count; item++)
        {
            if (counted < items[item].Shape.Chunks)
                return (item, counted);
            counted -= items[item].Shape.Chunks;
        }

        return (-1, 0);
    }
}
