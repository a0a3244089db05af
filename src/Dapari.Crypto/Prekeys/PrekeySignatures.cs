using System.Buffers.Binary;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Crypto;

/// <summary>
/// A device's signing key signs <c>label || id || key</c> for signed prekeys, <c>label || id || last resort (1 byte) || key</c> for KEM
/// prekeys; ids are four bytes, big endian. So one key's signature is never good for another purpose, id or flag.
/// </summary>
internal static class PrekeySignatures
{
    public static byte[] SignedPrekeyMessage(uint id, ReadOnlySpan<byte> key) => [.. Labels.SignedPrekey, .. Bytes(id), .. key];

    public static byte[] KemPrekeyMessage(uint id, bool lastResort, ReadOnlySpan<byte> key) =>
        [.. Labels.KemPrekey, .. Bytes(id), lastResort ? (byte)1 : (byte)0, .. key];

    public static bool Verify(SigningPublicKey signer, SignedPrekey prekey) =>
        Shape.IsSignedPrekey(prekey) && signer.Verify(SignedPrekeyMessage(prekey.Id, prekey.PublicKey.Span), prekey.Signature.Span);

    public static bool Verify(SigningPublicKey signer, KemPrekey prekey) =>
        Shape.IsKemPrekey(prekey)
        && signer.Verify(KemPrekeyMessage(prekey.Id, prekey.LastResort, prekey.PublicKey.Span), prekey.Signature.Span);

    private static byte[] Bytes(uint id)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, id);
        return bytes;
    }
}
