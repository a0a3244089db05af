using System.Text;
using QRCoder;

namespace Dapari.Node.Commands;

/// <summary>QR codes for terminals: two rows of modules in one line of text, light on dark, with the quiet zone that scanners want.</summary>
internal static class Qr
{
    /// <summary>The lines of a code.</summary>
    public static IEnumerable<string> Lines(string text)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var modules = data.ModuleMatrix;
        for (var row = 0; row < modules.Count; row += 2)
        {
            var line = new StringBuilder(modules.Count);
            for (var column = 0; column < modules.Count; column++)
            {
                var upper = modules[row][column];
                var lower = row + 1 < modules.Count && modules[row + 1][column];
                line.Append((upper, lower) switch { (true, true) => ' ', (true, false) => '▄', (false, true) => '▀', _ => '█' });
            }

            yield return line.ToString();
        }
    }
}
