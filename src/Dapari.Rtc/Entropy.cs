using System.Security.Cryptography;

namespace Dapari.Rtc;

/// <summary>Where randomness comes from: an argument everywhere, so that a test can repeat a run from its seed.</summary>
/// <remarks>Implementations for production must be cryptographically strong and safe to call from any thread.</remarks>
public abstract class Entropy
{
    /// <summary>The operating system's generator.</summary>
    public static Entropy System { get; } = new SystemEntropy();

    /// <summary>Fills the whole span.</summary>
    public abstract void Fill(Span<byte> destination);

    /// <summary>A random number.</summary>
    public ulong Next()
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    private sealed class SystemEntropy : Entropy
    {
        public override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
