using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Simulation.Servers;

/// <summary>Checks the Ed25519 signatures that prove keys on a connection.</summary>
internal static class Proofs
{
    public static bool Holds(ByteString key, byte[] proof, ByteString signature) => Holds(key.ToByteArray(), proof, signature);

    public static bool Holds(byte[] key, byte[] proof, ByteString signature) =>
        key.Length == Ed25519.PublicKeySize && signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature.ToByteArray(), 0, key, 0, proof, 0, proof.Length);
}
