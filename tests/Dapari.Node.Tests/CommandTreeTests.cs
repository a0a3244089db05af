using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>What holds of every command there is: found by walking the tree, so that none can be forgotten.</summary>
public sealed class CommandTreeTests
{
    [Fact]
    public void Every_command_argument_and_option_is_described_in_both_languages()
    {
        var english = Descriptions("en_US.UTF-8");
        var italian = Descriptions("it_IT.UTF-8");
        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), italian.Keys.Order(StringComparer.Ordinal));
        Assert.True(english.Count > 80, "The walk found too little to be the tree.");
        Assert.All(english, one => Assert.False(string.IsNullOrWhiteSpace(one.Value), one.Key));
        Assert.All(english, one => Assert.False(one.Value == italian[one.Key], $"{one.Key}: {one.Value}"));
    }

    [Fact]
    public async Task The_help_of_every_command_has_no_heading_of_the_other_language()
    {
        await using var post = await Post.OpenAsync();
        var nobody = post.Nobody("Nobody");
        nobody.Variables["LANG"] = "it_IT.UTF-8";
        string[] foreign = ["Description", "Usage", "Options", "Arguments", "Commands", "[options]", "[command]", "[default", "Show help", "Show version", "REQUIRED"];
        foreach (var path in Paths())
        {
            var said = await nobody.DoAsync([.. path, "--help"]);
            Assert.Contains("Utilizzo:", said, StringComparison.Ordinal);
            Assert.All(foreign, word => Assert.DoesNotContain(word, said, StringComparison.Ordinal));
        }

        var (code, _, errors) = await nobody.RunAsync("rout", "x");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("non è stato riconosciuto", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("matched", errors, StringComparison.Ordinal);
        nobody.Variables["LANG"] = "en_US.UTF-8";
        Assert.Contains("Usage:", await nobody.DoAsync("route", "--help"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_writes_a_document_where_json_is_wanted()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        var carol = await post.BornAsync("Carol");
        var folder = Path.Combine(bob.Folder, "..");
        var file = Path.Combine(folder, "file.txt");
        await File.WriteAllTextAsync(file, "ciao", TestContext.Current.CancellationToken);
        var invite = (await alice.DoAsync("invite", "--no-qr", "--reusable")).Trim();
        var invites = Read(await alice.DoAsync("--json", "invite", "list"));
        await carol.RunAsync("accept", invite);
        await Waiting.UntilAsync("Carol asks", async () => (await alice.ContactAsync("Carol"))?.State == "asking");
        var transfers = new List<string>();
        for (var count = 0; count < 4; count++)
        {
            await alice.RunAsync("send", "Bob", file, "--wait", "offered", "--timeout", "0");
            transfers.Add((await alice.FilesAsync())[0].Message.Files!.Transfer);
        }

        await Waiting.UntilAsync("Bob is offered all", async () => (await bob.FilesAsync()).Count == 4);
        var share = Read(await alice.DoAsync("--json", "send", "--link", file)).RootElement.GetProperty("id").GetString()!;
        (Person Who, string[] Line)[] lines =
        [
            (post.Nobody("Dora"), ["init", "Dora", "--server", post.Origin]), (alice, ["status"]), (alice, ["invite"]), (alice, ["invite", "list"]),
            (alice, ["invite", "revoke", invites.RootElement[0].GetProperty("id").GetString()!]), (alice, ["contacts"]), (alice, ["contacts", "accept", "Carol"]),
            (alice, ["contacts", "refuse", "Carol"]), (alice, ["contacts", "block", "Bob"]), (alice, ["contacts", "unblock", "Bob"]), (alice, ["verify", "Bob"]), (alice, ["say", "Bob", "ciao"]),
            (alice, ["read", "Bob"]), (alice, ["search", "ciao"]), (alice, ["send", "Bob", file, "--wait", "offered"]), (bob, ["receive", "--all", "--timeout", "60"]), (alice, ["files"]),
            (alice, ["files", "pause", transfers[0]]), (alice, ["files", "resume", transfers[1]]), (alice, ["files", "retry", transfers[2]]), (alice, ["files", "cancel", transfers[3]]),
            (alice, ["route"]), (alice, ["route", "Bob", "--timeout", "0"]), (alice, ["policy", "automatic"]), (alice, ["policy", "default", "Bob"]), (alice, ["port-mapping"]), (alice, ["nearby", "on"]),
            (alice, ["shares"]), (alice, ["shares", "stop", share]), (alice, ["export", Path.Combine(folder, "copy")]), (post.Nobody("Copy"), ["import", Path.Combine(folder, "copy")]),
            (alice, ["completion", "zsh"]), (alice, ["contacts", "rename", "Bob", "Roberto"]), (alice, ["contacts", "remove", "Carol"]),
        ];
        // These stay: what they write is looked at where they are tested, or comes with the first event.
        string[] staying = ["up", "chat", "accept", "relay"];
        var known = Paths().Where(path => !staying.Contains(path[0])).Select(path => string.Join(' ', path)).ToList();
        var shown = lines.Select(line => known.Where(path => string.Join(' ', line.Line).StartsWith(path, StringComparison.Ordinal)).MaxBy(path => path.Length)).ToHashSet();
        Assert.Equal(known.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
        foreach (var (who, line) in lines)
        {
            var (_, output, errors) = await who.RunAsync(["--json", .. line]);
            Assert.False(output.Length == 0 && errors.Length == 0, $"{string.Join(' ', line)} wrote nothing.");
            // What was refused meanwhile (a transfer that is over already) is told in a document too.
            foreach (var written in (output + errors).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Read(written).Dispose();
        }
    }

    private static JsonDocument Read(string text) => JsonDocument.Parse(text);

    private static List<string[]> Paths()
    {
        var found = new List<string[]>();
        Walk(Create("en"), [], (command, path) =>
        {
            if (command.Action is not null)
                found.Add(path);
        });
        return found;
    }

    private static Dictionary<string, string> Descriptions(string locale)
    {
        var found = new Dictionary<string, string>();
        Walk(Create(locale), [], (command, path) =>
        {
            var name = "dapari " + string.Join(' ', path);
            found.Add(name, command.Description ?? "");
            foreach (var argument in command.Arguments)
                found.Add($"{name} {argument.Name}", argument.Description ?? "");
            foreach (var option in command.Options.Where(option => path.Length == 0 || option is not HelpOption))
                found.Add($"{name} {option.Name}", option.Description ?? "");
        });
        return found;
    }

    private static RootCommand Create(string locale)
    {
        Tongue.Choose(_ => locale);
        using var input = new StringReader("");
        return CommandTree.Create(new Frame(TextWriter.Null, TextWriter.Null, input, _ => null, TimeProvider.System));
    }

    private static void Walk(Command command, string[] path, Action<Command, string[]> look)
    {
        look(command, path);
        foreach (var below in command.Subcommands)
            Walk(below, [.. path, below.Name], look);
    }
}
