using System.Globalization;
using System.Text.RegularExpressions;
using Dapari.Web.State;
using Xunit;

namespace Dapari.Web.Tests;

/// <summary>The style sheets' colours, against WCAG 2.2 §1.4.3.</summary>
public sealed partial class ColoursTests
{
    private const double Least = 4.5;
    private static readonly string Tokens = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "css", "tokens.css"));

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var text in new[] { "ink", "ink-soft", "accent" })
                foreach (var ground in new[] { "paper", "sheet", "sunk", "bubble-in", "bubble-out" }) pairs.Add(text, ground);
            foreach (var way in new[] { "way-direct", "way-relay", "way-server", "way-waiting" })
                foreach (var ground in new[] { "paper", "sheet", "bubble-in", "bubble-out" }) pairs.Add(way, ground);
            pairs.Add("ink", "accent-wash");
            pairs.Add("accent", "accent-wash");
            pairs.Add("danger", "danger-wash");
            pairs.Add("danger", "paper");
            pairs.Add("danger", "sheet");
            pairs.Add("on-accent", "accent");
            pairs.Add("on-accent", "accent-strong");
            pairs.Add("on-notice", "notice");
            pairs.Add("notice-link", "notice");
            return pairs;
        }
    }

    [Theory, MemberData(nameof(Pairs))]
    public void Text_stands_out_in_light_and_dark(string text, string ground)
    {
        var (lightText, darkText) = Read(text);
        var (lightGround, darkGround) = Read(ground);
        Assert.True(Contrast(lightText, lightGround) >= Least, $"light: {Contrast(lightText, lightGround):0.00}");
        Assert.True(Contrast(darkText, darkGround) >= Least, $"dark: {Contrast(darkText, darkGround):0.00}");
    }

    [Fact]
    public void White_initials_stand_out_on_every_hue()
    {
        var sheet = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "css", "avatar.css"));
        var colour = OklchValue().Match(sheet);
        Assert.True(colour.Success);
        for (var i = 0; i < Avatar.Hues; i++)
        {
            var hue = Regex.Match(sheet, $@"\.hue-{i} {{ --hue: (\d+);");
            Assert.True(hue.Success, $"hue-{i}");
            var luminance = Oklch(Number(colour.Groups[1]), Number(colour.Groups[2]), Number(hue.Groups[1]));
            Assert.True(1.05 / (luminance + 0.05) >= Least, $"hue-{i}: {1.05 / (luminance + 0.05):0.00}");
        }
    }

    private static (double Light, double Dark) Read(string name)
    {
        var match = Regex.Match(Tokens, $@"--{name}: light-dark\(#([0-9a-f]{{6}}), #([0-9a-f]{{6}})\);");
        Assert.True(match.Success, name);
        return (Luminance(match.Groups[1].Value), Luminance(match.Groups[2].Value));
    }

    private static double Contrast(double a, double b) => (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    private static double Luminance(string hex)
    {
        double Part(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }

        return Relative(Part(0), Part(2), Part(4));
    }

    // CSS Color 4 §9.4: OKLCH to linear sRGB; what is out of gamut is clipped, as browsers do at the least.
    private static double Oklch(double l, double chroma, double hue)
    {
        var (a, b) = (chroma * Math.Cos(hue * Math.PI / 180), chroma * Math.Sin(hue * Math.PI / 180));
        var x = Math.Pow(l + (0.3963377774 * a) + (0.2158037573 * b), 3);
        var y = Math.Pow(l - (0.1055613458 * a) - (0.0638541728 * b), 3);
        var z = Math.Pow(l - (0.0894841775 * a) - (1.2914855480 * b), 3);
        return Relative(
            Math.Clamp((4.0767416621 * x) - (3.3077115913 * y) + (0.2309699292 * z), 0, 1),
            Math.Clamp((-1.2684380046 * x) + (2.6097574011 * y) - (0.3413193965 * z), 0, 1),
            Math.Clamp((-0.0041960863 * x) - (0.7034186147 * y) + (1.7076147010 * z), 0, 1));
    }

    private static double Relative(double r, double g, double b) => (0.2126 * r) + (0.7152 * g) + (0.0722 * b);

    [GeneratedRegex(@"oklch\(([0-9.]+) ([0-9.]+) var\(--hue\)\)")]
    private static partial Regex OklchValue();
}
