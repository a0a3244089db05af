using System.Buffers.Binary;

namespace Dapari.Web.Platform;

/// <summary>A list of byte strings as one: each with its length before it (4 bytes, little-endian). The other half is pack.js.</summary>
internal static class Pack
{
    public static byte[] Join(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var bytes = new byte[parts.Sum(part => 4 + part.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), part.Length);
            part.Span.CopyTo(bytes.AsSpan(at + 4));
            at += 4 + part.Length;
        }

        return bytes;
    }

    public static List<ReadOnlyMemory<byte>> Split(byte[] bytes)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            parts.Add(bytes.AsMemory(at + 4, length));
            at += 4 + length;
        }

        return parts;
    }
}
