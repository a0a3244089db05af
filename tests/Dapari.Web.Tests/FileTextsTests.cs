using System.Reflection;
using Dapari.Peer.Store;
using Dapari.Web.Text;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Web.Tests;

public sealed class FileTextsTests
{
    public static TheoryData<string> Languages => ["en", "it"];

    [Theory, MemberData(nameof(Languages))]
    public void Every_sentence_with_a_blank_fills_it(string language)
    {
        foreach (var method in typeof(FileTexts).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
        {
            if (method.IsSpecialName || method.GetParameters().Any(p => p.ParameterType != typeof(string))) continue;
            object[] blanks = [.. method.GetParameters().Select((_, i) => $"<{i}>")];
            var text = Assert.IsType<string>(method.Invoke(Texts.Of(language).File, blanks));
            foreach (var blank in blanks) Assert.True(text.Contains((string)blank), $"{method.Name}: {text}");
        }
    }

    [Theory, MemberData(nameof(Languages))]
    public void Every_trouble_has_its_sentence_at_both_ends(string language)
    {
        var t = Texts.Of(language).File;
        Assert.Empty(t.Trouble(TransferTrouble.Unspecified, true, false, "Bob"));
        foreach (var outgoing in new[] { true, false })
        {
            var seen = new HashSet<string>();
            foreach (var trouble in Enum.GetValues<TransferTrouble>().Where(one => one != TransferTrouble.Unspecified))
            {
                var text = t.Trouble(trouble, outgoing, false, "Bob");
                Assert.EndsWith(".", text);
                Assert.True(seen.Add(text), $"{trouble} says what another says");
            }
        }

        Assert.NotEqual(t.Trouble(TransferTrouble.NoWay, true, true, "Bob"), t.Trouble(TransferTrouble.NoWay, true, false, "Bob"));
    }

    [Theory, MemberData(nameof(Languages))]
    public void Every_end_every_warning_and_every_way_has_its_sentence(string language)
    {
        var t = Texts.Of(language).File;
        foreach (var outgoing in new[] { true, false })
        {
            var ends = Enum.GetValues<FileOutcome>().Select(outcome => t.Outcome(outcome, outgoing, "Bob")).ToList();
            Assert.All(ends, end => Assert.EndsWith(".", end));
            Assert.Equal(ends.Count, ends.Distinct().Count());
        }

        Assert.Empty(t.Warning(FileWarning.Unspecified));
        Assert.All(Enum.GetValues<FileWarning>().Where(one => one != FileWarning.Unspecified), warning => Assert.EndsWith(".", t.Warning(warning)));
        Assert.Equal(t.Saw(Route.Mailbox), t.Saw(Route.DropOff));
        Assert.Equal(4, Enum.GetValues<Route>().Where(route => route != Route.Waiting).Select(t.Saw).Distinct().Count());
    }
}
