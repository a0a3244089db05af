using System.Globalization;
using System.Text.RegularExpressions;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Wire.Tests;

/// <summary>Files of hostile inputs: each is refused for the reason that stands beside it.</summary>
public sealed partial class HostileInputTests
{
    public static TheoryData<string, string> Links => Read("invite-links.txt");

    public static TheoryData<string, string> Frames => Read("frames.txt");

    [Theory]
    [MemberData(nameof(Links))]
    public void Invite_links(string fault, string text)
    {
        var link = Unescape(text);
        Assert.False(InviteLink.TryParse(link, out var origin, out var secret, out var found));
        Assert.Equal(fault, found.ToString());
        Assert.Null(secret);
        Assert.Equal(default, origin);
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Client_frames(string fault, string hexadecimal)
    {
        Assert.False(FrameCodec.TryRead(Bytes(hexadecimal), out ClientFrame? frame, out var found));
        Assert.Equal(fault, found.ToString());
        Assert.Null(frame);
    }

    private static TheoryData<string, string> Read(string file)
    {
        var data = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Hostile", file)))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            var parts = line.Split('\t', 2);
            data.Add(parts[0], parts[1]);
        }

        Assert.NotEmpty(data);
        return data;
    }

    private static string Unescape(string text)
    {
        text = Escape().Replace(text, match => ((char)int.Parse(match.Groups[1].Value, NumberStyles.HexNumber)).ToString());
        return Repeat().Replace(text, match => new string('A', int.Parse(match.Groups[1].Value))).Replace(@"\\", @"\", StringComparison.Ordinal);
    }

    private static byte[] Bytes(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(part => part.Split('*') is [var one, var count]
                ? Enumerable.Repeat(Convert.FromHexString(one)[0], int.Parse(count))
                : Convert.FromHexString(part))
            .ToArray();

    [GeneratedRegex(@"\\u([0-9a-f]{4})")]
    private static partial Regex Escape();

    [GeneratedRegex(@"<(\d+)>$")]
    private static partial Regex Repeat();
}
