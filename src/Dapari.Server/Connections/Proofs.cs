using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Server.Connections;

/// <summary>Checks the signatures by which owners and senders prove themselves on a connection (frames.proto).</summary>
internal static class Proofs
{
    /// <summary>Verified against where there is no key, so that an unknown id takes as long as a wrong proof.</summary>
    private static readonly byte[] NobodysKey = MakeNobodysKey();

    /// <summary>RFC 8032 §5.1.7. A null key proves nothing.</summary>
    public static bool Verify(byte[] message, byte[]? key, ByteString signature)
    {
        var proves = Ed25519.Verify(signature.ToByteArray(), 0, key ?? NobodysKey, 0, message, 0, message.Length);
        return proves && key is not null;
    }

    private static byte[] MakeNobodysKey()
    {
        var key = new byte[32];
        Ed25519.GeneratePublicKey(new byte[32], 0, key, 0);
        return key;
    }
}
