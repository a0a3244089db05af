using CsCheck;
using Dapari.Peer.Text;
using Dapari.Wire;

namespace Dapari.Peer.Tests;

public sealed class TextTests
{
    [Theory]
    [InlineData("  Alice  ", "Alice")]
    [InlineData("Anna \t\n Maria", "Anna Maria")]
    [InlineData("\u202Eecila\u202C", "ecila")]
    [InlineData("Al\u200Bi\u200Dce\uFEFF", "Alice")]
    [InlineData("a\u2066b\u2069c", "abc")]
    [InlineData("\u0000\u0007x", "x")]
    [InlineData("\u3164\u115F", "")]
    [InlineData("\uD800lone\uDC00", "lone")]
    [InlineData("Zoë 🐧", "Zoë 🐧")]
    [InlineData("\u2028\u2029", "")]
    public void A_name_is_shown_without_its_tricks(string name, string cleaned) => Assert.Equal(cleaned, NameText.Clean(name));

    [Fact]
    public void A_long_name_is_cut_between_characters()
    {
        var cleaned = NameText.Clean(string.Concat(Enumerable.Repeat("🐧", 40)) + "x");
        Assert.Equal(WireLimits.NameLength, cleaned.Length);
        Assert.False(char.IsHighSurrogate(cleaned[^1]));
        Assert.Equal(63, NameText.Clean(new string('a', 63) + "🐧").Length);
    }

    [Fact]
    public void Cleaning_a_clean_name_changes_nothing() =>
        Gen.String.Sample(text => NameText.Clean(NameText.Clean(text)) == NameText.Clean(text) && NameText.Clean(text).Length <= WireLimits.NameLength);

    [Theory]
    [InlineData("", TextFault.Empty)]
    [InlineData(" \n", TextFault.Empty)]
    [InlineData("ciao", TextFault.None)]
    public void A_text_of_white_space_is_none(string text, TextFault fault) => Assert.Equal(fault, MessageText.Check(text));

    [Fact]
    public void The_cap_counts_bytes_and_not_letters()
    {
        Assert.Equal(TextFault.None, MessageText.Check(new string('è', WireLimits.TextBytes / 2)));
        Assert.Equal(TextFault.TooLong, MessageText.Check(new string('è', (WireLimits.TextBytes / 2) + 1)));
    }

    [Fact]
    public void What_no_text_may_hold_is_replaced_and_the_rest_is_kept()
    {
        Assert.Equal("a\uFFFDb", MessageText.Normalize("a\0b"));
        Assert.Equal("a\uFFFDb", MessageText.Normalize("a\uD83Db"));
        Assert.Equal("<b>\u202E🐧</b>", MessageText.Normalize("<b>\u202E🐧</b>"));
    }

    [Theory]
    [InlineData("Perché no? PERCHÉ", new[] { "perche", "no" })]
    [InlineData("Straße Œuvre", new[] { "strasse", "oeuvre" })]
    [InlineData("e\u0301tat", new[] { "etat" })]
    [InlineData("Привет, мир 123", new[] { "привет", "мир", "123" })]
    [InlineData("...", new string[0])]
    public void Words_are_folded_and_distinct(string text, string[] words) => Assert.Equal(words, SearchWords.Of(text));

    [Fact]
    public void Words_have_their_caps()
    {
        Assert.Equal(SearchWords.MaxWords, SearchWords.Of(string.Join(' ', Enumerable.Range(0, 500))).Count);
        Assert.All(SearchWords.Of(new string('ß', 100)), word => Assert.True(word.Length <= SearchWords.MaxWordLength));
    }

    [Fact]
    public void Every_word_of_a_query_must_start_a_word()
    {
        Assert.True(SearchWords.Matches(SearchWords.Of("cia mo"), SearchWords.Of("Ciao, mondo")));
        Assert.False(SearchWords.Matches(SearchWords.Of("cia iao"), SearchWords.Of("Ciao, mondo")));
        Assert.False(SearchWords.Matches(SearchWords.Of(" "), SearchWords.Of("Ciao")));
    }
}
