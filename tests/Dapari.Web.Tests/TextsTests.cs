using System.Reflection;
using System.Text.RegularExpressions;
using Dapari.Peer.Local;
using Dapari.Web.Text;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Web.Tests;

public sealed partial class TextsTests
{
    public static TheoryData<string> Languages => ["en", "it"];

    [Theory, MemberData(nameof(Languages))]
    public void Every_text_of_every_area_is_there(string language)
    {
        foreach (var (name, text) in All(Texts.Of(language))) Assert.False(string.IsNullOrWhiteSpace(text), name);
    }

    [Fact]
    public void No_text_was_left_in_the_other_language()
    {
        // Words that are the same in both: names, and what Italian took over.
        string[] same = ["Common.Server", "Common.Relay", "Chat.MessageFrom", "Message.Drawing", "Chat.Online", "File.Video", "Chat.Present", "Chat.HowItWent"];
        var italian = All(Texts.Italian).ToDictionary(t => t.Name, t => t.Text);
        foreach (var (name, text) in All(Texts.English).Where(t => !same.Contains(t.Name))) Assert.NotEqual(text, italian[name]);
    }

    [Theory, MemberData(nameof(Languages))]
    public void Every_refusal_has_its_sentence(string language)
    {
        var seen = new HashSet<string>();
        foreach (var refusal in Enum.GetValues<CommandRefusal>().Where(r => r != CommandRefusal.Unspecified))
        {
            var text = Texts.Of(language).Refusal(refusal);
            Assert.EndsWith(".", text);
            Assert.True(seen.Add(text), $"{refusal} says what another says");
            Assert.DoesNotMatch(CodeLike(), text);
        }

        Assert.NotEmpty(Texts.Of(language).Refusal((CommandRefusal)999));
    }

    [Theory, MemberData(nameof(Languages))]
    public void Every_way_and_reason_has_a_sentence_seen_from_both_ends(string language)
    {
        var ways = Texts.Of(language).Ways;
        var unknown = ways.Because(Route.Direct, (Reason)999, true, "Bob");
        foreach (var route in Enum.GetValues<Route>())
        {
            Assert.NotEmpty(ways.Name(route));
            Assert.NotEmpty(ways.Next(route, "Bob"));
            foreach (var outgoing in new[] { true, false })
            {
                Assert.NotEmpty(ways.Meaning(route, outgoing, "Bob"));
                foreach (var reason in Enum.GetValues<Reason>())
                {
                    var text = ways.Because(route, reason, outgoing, "Bob");
                    Assert.EndsWith(".", text);
                    if (reason != Reason.Unspecified) Assert.NotEqual(unknown, text);
                }
            }
        }

        foreach (var network in Enum.GetValues<Network>().Where(n => n != Network.Unspecified)) Assert.NotEmpty(ways.Where(network));
    }

    [Theory, MemberData(nameof(Languages))]
    public void Who_chose_is_turned_for_the_one_who_receives(string language)
    {
        var ways = Texts.Of(language).Ways;
        Assert.Equal(ways.Because(Route.Mailbox, Reason.YouChoseServer, true, "Bob"), ways.Because(Route.Mailbox, Reason.TheyChoseServer, false, "Bob"));
        Assert.Equal(ways.Because(Route.Mailbox, Reason.TheyChoseServer, true, "Bob"), ways.Because(Route.Mailbox, Reason.YouChoseServer, false, "Bob"));
        Assert.NotEqual(ways.Because(Route.Mailbox, Reason.YouChoseServer, true, "Bob"), ways.Because(Route.Mailbox, Reason.YouChoseServer, false, "Bob"));
        Assert.NotEqual(ways.Because(Route.Waiting, Reason.YouChoseDirect, true, "Bob"), ways.Because(Route.Waiting, Reason.YouChoseDirect, false, "Bob"));
        Assert.NotEqual(ways.Because(Route.Mailbox, Reason.PeerOffline, true, "Bob"), ways.Because(Route.Mailbox, Reason.PeerOffline, false, "Bob"));
    }

    [Fact]
    public void People_are_named_as_one_says_it()
    {
        var (italian, english) = (Texts.Italian.Call, Texts.English.Call);
        Assert.Equal(["", "Bob", "Bob e Carla", "Bob ed Elena", "Bob, Carla e Dino"], new string[][] { [], ["Bob"], ["Bob", "Carla"], ["Bob", "Elena"], ["Bob", "Carla", "Dino"] }.Select(italian.Names));
        Assert.Equal(["", "Bob", "Bob and Carol", "Bob, Carol and Dan"], new string[][] { [], ["Bob"], ["Bob", "Carol"], ["Bob", "Carol", "Dan"] }.Select(english.Names));
        Assert.Contains("Bob può vedere", italian.AutomaticHint("Bob", several: false));
        Assert.Contains("Bob e Carla possono vedere", italian.DirectOnlyHint("Bob e Carla", several: true));
        Assert.Equal("Diretta con Bob, tramite il server con Carla", italian.WaysOf(["Bob"], ["Carla"]));
        Assert.Equal("Direct with 3, through the server with Dan", english.WaysOf(["Alice", "Bob", "Carol"], ["Dan"]));
    }

    private static IEnumerable<(string Name, string Text)> All(Texts texts)
    {
        foreach (var area in typeof(Texts).GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (area.GetValue(texts) is not { } table || table is WayTexts or Delegate) continue;
            foreach (var text in table.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public))
            {
                var value = text.GetValue(table) switch
                {
                    string s => s,
                    Func<string, string> f => f("x"),
                    Func<string, string, string> f => f("x", "y"),
                    Func<string, string, string, string> f => f("x", "y", "z"),
                    var other => throw new InvalidOperationException($"{text.Name} is a {other?.GetType().Name ?? "null"}"),
                };
                yield return (area.Name + "." + text.Name, value);
            }
        }
    }

    [GeneratedRegex("[A-Z]{2,}_|[0-9]{3,}|Refusal")]
    private static partial Regex CodeLike();
}
