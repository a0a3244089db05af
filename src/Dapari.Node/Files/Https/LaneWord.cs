using System.Buffers.Binary;
using System.Text;

namespace Dapari.Node.Files.Https;

/// <summary>
/// The words that two ends say by the channel "dapari-files" about a lane by HTTPS (docs/protocol/files.md); who does not know one passes over it.
/// <code>
/// wish   4 | origin of the page                                            by a browser, once, when the channel opens
/// offer  5 | ticket (16) | key down (32) | key up (32) | address           by the node
/// got    6 | records that arrived (8)                                      by the browser
/// over   7 |                                                               by either: nothing more goes by the lane
/// </code>
/// Numbers are big endian, texts ASCII.
/// </summary>
internal static class LaneWord
{
    public const byte Wish = 4;
    public const byte Offer = 5;
    public const byte Got = 6;
    public const byte Over = 7;
    public const int TicketBytes = 16;
    public const int KeyBytes = 32;

    /// <summary>The longest origin or address, in bytes.</summary>
    public const int MostText = 256;

    /// <summary>Writes an offer.</summary>
    public static byte[] WriteOffer(ReadOnlySpan<byte> ticket, ReadOnlySpan<byte> down, ReadOnlySpan<byte> up, string address) =>
        [Offer, .. ticket, .. down, .. up, .. Encoding.ASCII.GetBytes(address)];

    /// <summary>Reads a wish: an origin as browsers write it into the header of that name (RFC 6454 §6.2).</summary>
    public static bool TryReadWish(ReadOnlySpan<byte> word, out string origin)
    {
        origin = "";
        if (word.Length is < 2 or > 1 + MostText || word[0] != Wish || word[1..].ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            return false;
        origin = Encoding.ASCII.GetString(word[1..]);
        return Uri.TryCreate(origin, UriKind.Absolute, out var read) && read.Scheme is "https" or "http" && read.GetLeftPart(UriPartial.Authority) == origin;
    }

    /// <summary>Reads how many records arrived.</summary>
    public static bool TryReadGot(ReadOnlySpan<byte> word, out ulong records)
    {
        records = 0;
        return word.Length == 9 && word[0] == Got && BinaryPrimitives.TryReadUInt64BigEndian(word[1..], out records);
    }
}
