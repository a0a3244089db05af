using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.DropOffs;

/// <summary>Seals and opens a drop-off's units: AES-256-GCM, the unit's number as nonce (12 bytes, big endian), no associated data. One owner.</summary>
/// <param name="key">32 bytes, of this drop-off alone.</param>
internal sealed class DropOffSeal(ReadOnlySpan<byte> key) : IDisposable
{
    private readonly AesGcm _cipher = new(key, DropOffLayout.TagBytes);

    /// <summary>Seals a unit: as long as the plain text, and the tag.</summary>
    public void Seal(long unit, ReadOnlySpan<byte> plain, Span<byte> sealedUnit)
    {
        Span<byte> nonce = stackalloc byte[12];
        Number(unit, nonce);
        _cipher.Encrypt(nonce, plain, sealedUnit[..plain.Length], sealedUnit.Slice(plain.Length, DropOffLayout.TagBytes));
    }

    /// <summary>Opens one; false: whoever has the key did not seal it.</summary>
    public bool TryOpen(long unit, ReadOnlySpan<byte> sealedUnit, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[12];
        Number(unit, nonce);
        try
        {
            _cipher.Decrypt(nonce, sealedUnit[..plain.Length], sealedUnit[plain.Length..], plain);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cipher.Dispose();

    private static void Number(long unit, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], unit);
    }
}
