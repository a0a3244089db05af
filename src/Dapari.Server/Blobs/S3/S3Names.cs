using System.Buffers;
using System.Globalization;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// A drop-off's bytes are cut into pieces of <see cref="PieceBytes"/>, each an object. A whole piece is FILE/NUMBER; one that is not whole yet, or the
/// last, is FILE/NUMBER-LENGTH, all in hexadecimal. So what has been received says all the names, one name always stands for the same bytes, and nothing
/// that counts is ever written over.
/// </summary>
internal static class S3Names
{
    /// <summary>For good: what lies in stores is cut by it.</summary>
    public const int PieceBytes = 4 << 20;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>What all pieces of a drop-off begin with.</summary>
    public static string Folder(S3Serving serving, byte[] file) => $"{serving.Prefix}{BlobFolder.NameOf(file)}/";

    /// <summary>Whose bucket it is.</summary>
    public static string Owner(S3Serving serving) => serving.Prefix + "dapari-owner";

    /// <param name="folder">From <see cref="Folder"/>.</param>
    /// <param name="piece">Its number, from 0.</param>
    /// <param name="length">From 1 to <see cref="PieceBytes"/>.</param>
    public static string Piece(string folder, long piece, int length) =>
        length == PieceBytes ? string.Create(CultureInfo.InvariantCulture, $"{folder}{piece:x8}") : string.Create(CultureInfo.InvariantCulture, $"{folder}{piece:x8}-{length:x}");

    /// <summary>The length of a piece where so much is received.</summary>
    public static int Length(long piece, long received) => (int)Math.Min(PieceBytes, received - (piece * PieceBytes));

    /// <summary>Reads a name under the prefix. False: it is none of ours.</summary>
    /// <param name="name">Without the prefix.</param>
    /// <param name="file">The drop-off's.</param>
    /// <param name="end">Where in the drop-off the piece ends.</param>
    public static bool TryRead(ReadOnlySpan<char> name, out string file, out long end)
    {
        (file, end) = ("", 0);
        const int FileChars = 2 * BlobFolder.NameBytes;
        if (name.Length < FileChars + 2 || name[FileChars] != '/' || name[..FileChars].ContainsAnyExcept(Digits))
            return false;
        file = name[..FileChars].ToString();
        var rest = name[(FileChars + 1)..];
        var dash = rest.IndexOf('-');
        var length = PieceBytes;
        if (!long.TryParse(dash < 0 ? rest : rest[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var piece) || piece < 0 || piece > long.MaxValue / PieceBytes - 1)
            return false;
        if (dash >= 0 && (!int.TryParse(rest[(dash + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out length) || length is <= 0 or >= PieceBytes))
            return false;
        end = (piece * PieceBytes) + length;
        return true;
    }
}
