using Dapari.Wire;
using Org.BouncyCastle.Crypto.Prng;

namespace Dapari.Crypto;

/// <summary>Lets BouncyCastle draw from a <see cref="RandomSource"/>; what it adds as seed is ignored, so that a seeded run repeats.</summary>
internal sealed class RandomAdapter(RandomSource random) : IRandomGenerator
{
    public void AddSeedMaterial(byte[] seed)
    {
    }

    public void AddSeedMaterial(ReadOnlySpan<byte> seed)
    {
    }

    public void AddSeedMaterial(long seed)
    {
    }

    public void NextBytes(byte[] bytes) => random.Fill(bytes);

    public void NextBytes(byte[] bytes, int start, int len) => random.Fill(bytes.AsSpan(start, len));

    public void NextBytes(Span<byte> bytes) => random.Fill(bytes);
}
