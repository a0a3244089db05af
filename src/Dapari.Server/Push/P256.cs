using System.Security.Cryptography;

namespace Dapari.Server.Push;

/// <summary>Keys of P-256 as Web Push writes them: a point is 0x04, x, y (SEC 1 §2.3.3), a private key 32 bytes.</summary>
internal static class P256
{
    private const int Coordinate = 32;

    /// <summary>The public key.</summary>
    /// <exception cref="CryptographicException">It is no point of the curve.</exception>
    public static ECDiffieHellman Import(ReadOnlySpan<byte> point) => ECDiffieHellman.Create(Parameters(point, null));

    /// <summary>Both halves.</summary>
    /// <exception cref="CryptographicException">They are none, or not of each other.</exception>
    public static ECParameters Parameters(ReadOnlySpan<byte> point, byte[]? secret) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = point.Slice(1, Coordinate).ToArray(), Y = point.Slice(1 + Coordinate, Coordinate).ToArray() },
        D = secret,
    };

    /// <summary>A public key's point.</summary>
    public static byte[] Point(ECParameters key) => [4, .. key.Q.X!, .. key.Q.Y!];
}
