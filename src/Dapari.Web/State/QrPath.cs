using System.Text;
using QRCoder;

namespace Dapari.Web.State;

/// <summary>A QR code as one SVG path, one unit for each module, with the four-module quiet zone that ISO/IEC 18004 §5.3.8 asks for.</summary>
/// <param name="Path">The path's data.</param>
/// <param name="Size">Width and height in modules, quiet zone included.</param>
public sealed record QrPath(string Path, int Size)
{
    /// <summary>Encodes text.</summary>
    public static QrPath OfText(string text)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        return Draw(data);
    }

    /// <summary>Encodes bytes, as unpadded base64url text: scanners of browsers hand out text only.</summary>
    public static QrPath OfBytes(ReadOnlySpan<byte> bytes) => OfText(System.Buffers.Text.Base64Url.EncodeToString(bytes));

    private static QrPath Draw(QRCodeData data)
    {
        var rows = data.ModuleMatrix;
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows.Count; x++)
            {
                if (!rows[y][x]) continue;
                var from = x;
                while (x < rows.Count && rows[y][x]) x++;
                path.Append('M').Append(from).Append(' ').Append(y).Append('h').Append(x - from).Append("v1h-").Append(x - from).Append('z');
            }
        }

        return new QrPath(path.ToString(), rows.Count);
    }
}
