using Dapari.Node.Api.Bodies;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>How far files are, in one line of whatever width, and in none where nobody looks.</summary>
public sealed class ProgressTests
{
    private static readonly TransferBody _half = new("t", "c", "m", true, "moving", null, false, 1_234_000_000, 617_000_000, 95_400_000, 6_500, "direct", [], 0, 0);

    [Theory]
    [InlineData(40, "[#####.....] 50 %  617 MB of 1.2 GB")]
    [InlineData(80, "[##########..........] 50 %  617 MB of 1.2 GB  95.4 MB/s  7 s left  directly")]
    [InlineData(120, "[##########..........] 50 %  617 MB of 1.2 GB  95.4 MB/s  7 s left  directly")]
    public void It_fits(int columns, string expected) => Assert.Equal(expected, FileSpeech.Progress(_half, columns));

    [Fact]
    public void It_is_never_wider_than_the_line_and_what_is_wrong_is_said_before_all_else()
    {
        for (var columns = 20; columns < 200; columns++)
        {
            Assert.True(FileSpeech.Progress(_half, columns).Length < columns);
            var stuck = FileSpeech.Progress(_half with { Route = null, Trouble = "no-room" }, columns);
            Assert.True(stuck.Length < columns);
            Assert.True(columns < 40 || stuck.Contains("no room on this disk", StringComparison.Ordinal), stuck);
        }
    }

    [Theory]
    [InlineData("en", "arrived (30.0 MB directly, by HTTPS, 10.0 MB directly, 2.0 MB through a relay)")]
    [InlineData("it", "arrivato (30.0 MB direttamente, tramite HTTPS, 10.0 MB direttamente, 2.0 MB per un relay)")]
    public void What_went_by_https_is_told_by_itself(string language, string expected)
    {
        Tongue.Choose(name => name == "LANG" ? language : null);
        var files = new FilesBody("t", 1, 42_000_000, "arrived", [], [new ShareBody("direct", 40_000_000, 30_000_000), new ShareBody("relay", 2_000_000)]);
        var message = new MessageBody("m", "c", false, "files", "", "received", null, 0, null, null, null, "", files);
        Assert.Equal(expected, FileSpeech.State(new FileOfferBody(message, "Alice", null, false)));
    }

    [Theory]
    [InlineData(true, false, "\rfirst\u001b[K\rsecond\u001b[K")]
    [InlineData(false, false, "")]
    [InlineData(true, true, "")]
    public void It_is_drawn_anew_on_a_terminal_only(bool moving, bool json, string expected)
    {
        var errors = new StringWriter();
        var terminal = new Terminal(TextWriter.Null, errors, TextReader.Null, json, moving);
        terminal.Progress("first");
        terminal.Progress("second");
        Assert.Equal(expected, errors.ToString());
        Assert.Equal(80, terminal.Columns);
    }
}
