using CsCheck;
using Dapari.Web.State;
using Xunit;

namespace Dapari.Web.Tests;

public sealed class LinkifierTests
{
    [Theory]
    [InlineData("see https://example.org/a?b=1#c now", "https://example.org/a?b=1#c")]
    [InlineData("(https://example.org/a_(b))", "https://example.org/a_(b)")]
    [InlineData("at HTTPS://Example.org.", "HTTPS://Example.org")]
    [InlineData("http://[::1]:8080/x, or", "http://[::1]:8080/x")]
    [InlineData("«https://example.org/è»", "https://example.org/è")]
    public void An_address_is_found_without_the_sentence_around_it(string text, string link)
    {
        var run = Assert.Single(Linkifier.Split(text), r => r.Target is not null);
        Assert.Equal(link, run.Text);
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("javascript://example.org/%0aalert(1)")]
    [InlineData("data:text/html,<script>alert(1)</script>")]
    [InlineData("xhttps://example.org")]
    [InlineData("view-source:https://example.org")]
    [InlineData("https://bank.example@evil.example/")]
    [InlineData("https://user:pass@evil.example/")]
    [InlineData("https://evil.example/\u202egnp.exe")]
    [InlineData("https://exam\u200bple.org/")]
    [InlineData("https://example.org\\@evil.example")]
    [InlineData("https://")]
    [InlineData("http:///path")]
    [InlineData("ftp://example.org")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://example.org/\u0007")]
    public void What_could_deceive_or_harm_stays_plain_text(string text)
    {
        var runs = Linkifier.Split(text);
        Assert.DoesNotContain(runs, r => r.Target is not null);
        Assert.Equal(text, string.Concat(runs.Select(r => r.Text)));
    }

    [Fact]
    public void An_endless_address_stays_plain_text() =>
        Assert.DoesNotContain(Linkifier.Split("https://example.org/" + new string('a', Linkifier.LongestLink)), r => r.Target is not null);

    [Fact]
    public void Markup_ends_an_address_and_is_never_part_of_a_target()
    {
        var runs = Linkifier.Split("https://example.org/\"onmouseover=\"alert(1)");
        Assert.Equal("https://example.org/", runs[0].Target);
        Assert.Equal("\"onmouseover=\"alert(1)", runs[1].Text);
    }

    [Fact]
    public void Runs_joined_are_the_text_and_targets_are_web_addresses_only()
    {
        string[] pieces = ["http://", "https://", "HTTP://a", "javascript:", "a.b", " ", "\n", "@", "(", ")", "[", "]", "<b>", "\"", "\u202e", "é", "🎉", "://", "https://x.y/z", ".", ","];
        Gen.Select(Gen.Int[0, pieces.Length - 1].Array[0, 12], Gen.String[0, 6]).Sample((chosen, tail) =>
        {
            var text = string.Concat(chosen.Select(i => pieces[i])) + tail;
            var runs = Linkifier.Split(text);
            Assert.Equal(text, string.Concat(runs.Select(r => r.Text)));
            foreach (var run in runs.Where(r => r.Target is not null))
                Assert.True(run.Target!.StartsWith("http://", StringComparison.Ordinal) || run.Target.StartsWith("https://", StringComparison.Ordinal), run.Target);
        }, iter: 20_000);
    }
}
