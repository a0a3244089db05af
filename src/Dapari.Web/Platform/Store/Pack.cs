using System.Buffers.Binary;

namespace Dapari.Web.Platform;

/// <summary>A list of byte strings as one, each with its length before it (4 bytes, little-endian). The other half is js/pack.js.</summary>
internal sealed class Pack
{
    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>Adds one byte string.</summary>
    public void Add(ReadOnlySpan<byte> part)
    {
        var needed = _length + 4 + part.Length;
        if (needed > _bytes.Length) Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_length), part.Length);
        part.CopyTo(_bytes.AsSpan(_length + 4));
        _length = needed;
    }

    /// <summary>All that was added.</summary>
    public byte[] ToArray() => _bytes.AsSpan(0, _length).ToArray();

    /// <summary>The parts of a packed list.</summary>
    public static List<ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> bytes)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        while (bytes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            parts.Add(bytes.Slice(4, length));
            bytes = bytes[(4 + length)..];
        }

        return parts;
    }
}
