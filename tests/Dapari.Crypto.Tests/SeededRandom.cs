using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire;

namespace Dapari.Crypto.Tests;

/// <summary>SHA-256 of a seed and a counter: the same run for the same seed.</summary>
internal sealed class SeededRandom(ulong seed) : RandomSource
{
    private readonly byte[] _input = new byte[16];
    private ulong _counter;

    public override void Fill(Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(_input, seed);
        while (!destination.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64BigEndian(_input.AsSpan(8), _counter++);
            SHA256.HashData(_input, block);
            var count = Math.Min(block.Length, destination.Length);
            block[..count].CopyTo(destination);
            destination = destination[count..];
        }
    }

    public int Next(int exclusive) => (int)(BinaryPrimitives.ReadUInt32BigEndian(Bytes(4)) % (uint)exclusive);
}
