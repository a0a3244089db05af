using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire;

namespace Dapari.Fuzz;

/// <summary>SHA-256 of a seed and a counter: the same run for the same seed, on every machine.</summary>
internal sealed class SeededRandom(ulong seed) : RandomSource
{
    private readonly byte[] _input = new byte[16];
    private readonly byte[] _block = new byte[32];
    private ulong _counter;
    private int _used = 32;

    public override void Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_used == _block.Length)
            {
                BinaryPrimitives.WriteUInt64BigEndian(_input, seed);
                BinaryPrimitives.WriteUInt64BigEndian(_input.AsSpan(8), _counter++);
                SHA256.HashData(_input, _block);
                _used = 0;
            }

            var count = Math.Min(_block.Length - _used, destination.Length);
            _block.AsSpan(_used, count).CopyTo(destination);
            _used += count;
            destination = destination[count..];
        }
    }

    public int Next(int exclusive)
    {
        Span<byte> bytes = stackalloc byte[4];
        Fill(bytes);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes) % (uint)exclusive);
    }
}
