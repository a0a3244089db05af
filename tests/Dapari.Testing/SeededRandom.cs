using System.Security.Cryptography;
using Dapari.Wire;

namespace Dapari.Testing;

/// <summary>Randomness that a seed repeats: SHA-256 over seed and counter.</summary>
public sealed class SeededRandom(ulong seed) : RandomSource
{
    private readonly byte[] _input = new byte[16];
    private readonly byte[] _block = new byte[32];
    private ulong _counter;
    private int _used = 32;

    /// <inheritdoc/>
    public override void Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_used == _block.Length)
            {
                BitConverter.TryWriteBytes(_input, seed);
                BitConverter.TryWriteBytes(_input.AsSpan(8), _counter++);
                SHA256.HashData(_input, _block);
                _used = 0;
            }

            var count = Math.Min(destination.Length, _block.Length - _used);
            _block.AsSpan(_used, count).CopyTo(destination);
            _used += count;
            destination = destination[count..];
        }
    }
}
