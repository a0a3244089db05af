using System.Security.Cryptography;

namespace Dapari.Rtc.Dtls;

/// <summary>TLS 1.2's pseudo-random function with SHA-256 (RFC 5246 §5), and what is made by it.</summary>
internal static class TlsPrf
{
    public const int MasterLength = 48;
    public const int VerifyLength = 12;

    private const int HashLength = 32;

    /// <summary>P_SHA256(secret, label + seed), as much as there is room for.</summary>
    public static void Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> seed, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[HashLength + label.Length + seed.Length];
        var labelled = input[HashLength..];
        label.CopyTo(labelled);
        seed.CopyTo(labelled[label.Length..]);
        Span<byte> a = stackalloc byte[HashLength];
        Span<byte> block = stackalloc byte[HashLength];
        HMACSHA256.HashData(secret, labelled, a);
        while (!destination.IsEmpty)
        {
            a.CopyTo(input);
            HMACSHA256.HashData(secret, input, block);
            var count = Math.Min(HashLength, destination.Length);
            block[..count].CopyTo(destination);
            destination = destination[count..];
            HMACSHA256.HashData(secret, a, a);
        }

        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(block);
    }
}
