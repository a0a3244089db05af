using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire.Files;

/// <summary>Reads and writes the manifest of a transfer of many files: the bytes of its item 0.</summary>
/// <remarks>
/// Before it is parsed its items are counted, for the parser makes an object of every two bytes: what is read takes at most a small multiple of
/// <see cref="WireLimits.ManifestBytes"/> of memory.
/// </remarks>
public static class ManifestCodec
{
    /// <summary>Reads a manifest whose hash was verified, and holds it to what the offer said.</summary>
    /// <param name="source">Its bytes.</param>
    /// <param name="count">Files, by the offer.</param>
    /// <param name="totalSize">Their bytes, by the offer.</param>
    /// <param name="manifest">What was read.</param>
    /// <param name="fault">Why it was not.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> source, uint count, ulong totalSize, [NotNullWhen(true)] out FileManifest? manifest, out ContentFault fault)
    {
        manifest = null;
        fault = ContentFault.TooLarge;
        if (source.Length > WireLimits.ManifestBytes)
            return false;
        fault = CheckItems(source);
        if (fault != ContentFault.None)
            return false;
        fault = ContentFault.Malformed;
        if (!Protobuf.TryParse(source, FileManifest.Parser, out var parsed))
            return false;
        fault = parsed.Items.Any(item => item.Preview is not null) ? ContentFault.Contradiction : FileCheck.Check(parsed.Items, count, totalSize);
        if (fault != ContentFault.None)
            return false;
        manifest = parsed;
        return true;
    }

    /// <summary>Writes a manifest.</summary>
    /// <exception cref="ArgumentException">It exceeds a cap.</exception>
    public static byte[] Write(FileManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (manifest.Items.Count > WireLimits.FilesPerTransfer || manifest.CalculateSize() > WireLimits.ManifestBytes)
            throw new ArgumentException("The manifest is too large.", nameof(manifest));
        return manifest.ToByteArray();
    }

    // The outermost fields only: each a tag, a length and so many bytes, or a number. Nothing is allocated.
    private static ContentFault CheckItems(ReadOnlySpan<byte> source)
    {
        var items = 0;
        while (!source.IsEmpty)
        {
            if (!TryReadVarint(ref source, out var tag))
                return ContentFault.Malformed;
            var length = 0UL;
            switch (tag & 7)
            {
                case 0:
                    if (!TryReadVarint(ref source, out _))
                        return ContentFault.Malformed;
                    break;
                case 1:
                    length = sizeof(ulong);
                    break;
                case 2:
                    if (!TryReadVarint(ref source, out length))
                        return ContentFault.Malformed;
                    break;
                case 5:
                    length = sizeof(uint);
                    break;
                default:
                    return ContentFault.Malformed;
            }

            if (length > (ulong)source.Length)
                return ContentFault.Malformed;
            source = source[(int)length..];
            if (tag >> 3 != FileManifest.ItemsFieldNumber)
                continue;
            if (++items > WireLimits.FilesPerTransfer)
                return ContentFault.TooMany;
            if (length > WireLimits.ManifestItemBytes)
                return ContentFault.TooLarge;
        }

        return ContentFault.None;
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < source.Length; i++)
        {
            value |= (ulong)(source[i] & 0x7F) << (7 * i);
            if (source[i] >= 0x80)
                continue;
            source = source[(i + 1)..];
            return true;
        }

        return false;
    }
}
