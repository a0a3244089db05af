using System.Buffers.Binary;
using Dapari.Wire;

namespace Dapari.Simulation.Core;

/// <summary>SplitMix64: a world's only randomness. The same seed gives the same numbers on every machine.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15UL;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }

    /// <summary>A generator of its own: what one actor draws does not move what another draws.</summary>
    public SimRandom Fork(ulong label) => new(unchecked(Next() ^ (label * 0xD6E8FEB86659FD93UL)));

    /// <summary>From 0 up to, not including, <paramref name="end"/>.</summary>
    public int Below(int end) => end <= 1 ? 0 : (int)(Next() % (ulong)end);

    /// <summary>From <paramref name="low"/> through <paramref name="high"/>.</summary>
    public long Between(long low, long high) => high <= low ? low : low + (long)(Next() % (ulong)(high - low + 1));

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public T PickAny<T>(params ReadOnlySpan<T> items) => items[Below(items.Length)];
}

/// <summary>A peer's randomness, repeatable. Not for keys that matter.</summary>
internal sealed class SeededRandomSource(SimRandom random) : RandomSource
{
    public override void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        while (destination.Length > 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, random.Next());
            var count = Math.Min(8, destination.Length);
            word[..count].CopyTo(destination);
            destination = destination[count..];
        }
    }
}
