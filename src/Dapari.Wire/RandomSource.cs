using System.Security.Cryptography;

namespace Dapari.Wire;

/// <summary>Where randomness comes from: an argument everywhere, so that a simulation can repeat a run from its seed.</summary>
/// <remarks>Implementations for production must be cryptographically strong and safe to call from any thread.</remarks>
public abstract class RandomSource
{
    /// <summary>The operating system's generator.</summary>
    public static RandomSource System { get; } = new SystemRandomSource();

    /// <summary>Fills the whole span.</summary>
    public abstract void Fill(Span<byte> destination);

    /// <summary>A new array of <paramref name="length"/> random bytes.</summary>
    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        Fill(bytes);
        return bytes;
    }

    private sealed class SystemRandomSource : RandomSource
    {
        public override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
