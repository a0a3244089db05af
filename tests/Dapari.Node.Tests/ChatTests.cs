using System.Diagnostics;
using System.Text;
using Dapari.Node.Commands;
using Dapari.Node.Commands.Chat;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>The talk on a terminal: keys, the line, columns, and the whole of it in a pseudo-terminal.</summary>
public sealed class ChatTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("abc\u001b[D\u001b[DX", "aXbc")]
    [InlineData("abc\u007f\u007fd", "ad")]
    [InlineData("one two\u0017three", "one three")]
    [InlineData("one two\u001b[1;5DX", "one Xtwo")]
    [InlineData("abc\u0001X\u0005Y", "XabcY")]
    [InlineData("abc\u001b[D\u000b", "ab")]
    [InlineData("abc\u001b[D\u0015", "c")]
    [InlineData("a\u001b[3~b\u001b[H\u001b[3~", "b")]
    [InlineData("caffe\u0300\u007f", "caff")]
    [InlineData("👨‍👩‍👧x\u001b[D\u007f", "x")]
    [InlineData("a\u001b[99;99;99;99;99;99Zb", "ab")]
    [InlineData("a\u001bOPb\u001b]c", "abc")]
    public void Keys_change_the_line_whether_they_come_in_one_piece_or_byte_by_byte(string typed, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(typed);
        Assert.Equal(expected, Type(new LineEditor(), new KeyReader().Read(bytes)).Text);
        var keys = new KeyReader();
        Assert.Equal(expected, Type(new LineEditor(), [.. bytes.SelectMany(one => keys.Read([one]))]).Text);
    }

    [Fact]
    public void Lines_said_before_are_called_back_and_the_draft_is_not_lost()
    {
        var line = new LineEditor();
        foreach (var said in (string[])["one", "two"])
        {
            Type(line, [new Key(KeyKind.Text, said)]);
            Assert.Equal(said, line.Take());
        }

        Type(line, [new Key(KeyKind.Text, "draft"), new Key(KeyKind.Up), new Key(KeyKind.Up), new Key(KeyKind.Up)]);
        Assert.Equal("one", line.Text);
        Assert.Equal("draft", Type(line, [new Key(KeyKind.Down), new Key(KeyKind.Down), new Key(KeyKind.Down)]).Text);
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("caffe\u0300", 5)]
    [InlineData("漢字", 4)]
    [InlineData("👍", 2)]
    [InlineData("👨‍👩‍👧", 2)]
    [InlineData("❤\uFE0F", 2)]
    [InlineData("🇮🇹", 2)]
    [InlineData("", 0)]
    public void Columns_are_those_that_a_terminal_draws(string text, int columns) => Assert.Equal(columns, CellWidth.Of(text));

    [Theory]
    [InlineData(20)]
    [InlineData(4)]
    [InlineData(200)]
    public void No_line_that_is_drawn_is_wider_than_the_terminal(int columns)
    {
        using var output = new StringWriter();
        var line = Type(new LineEditor(), [new Key(KeyKind.Text, string.Concat(Enumerable.Repeat("漢a👍", 30))), new Key(KeyKind.Left), new Key(KeyKind.Left)]);
        new ChatScreen(output, () => columns).Draw(new string('s', 500), line);
        var plain = System.Text.RegularExpressions.Regex.Replace(output.ToString(), "\u001b\\[[0-9]*[A-Za-z]", "");
        Assert.All(plain.Split("\r\n"), drawn => Assert.True(CellWidth.Of(drawn) < Math.Max(8, columns), drawn));
    }

    [Fact]
    public async Task A_line_being_typed_outlives_what_arrives_and_nothing_hostile_reaches_the_terminal()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var talk = new Pty(bob.Folder, "chat", "Alice");
        await talk.SeeAsync("Alice ·");
        await talk.TypeAsync("Half a ");
        await talk.SeeAsync("> Half a ");
        await alice.SayAsync("Bob", "in the middle \u001b]0;title\u0007\u001b[2J\u202E\n2026-01-01 00:00  You: not so", "delivered");
        await talk.SeeAsync("in the middle \uFFFD]0;title\uFFFD\uFFFD[2J\uFFFD\r\n" + TalkCommands.Indent + "2026-01-01");
        await talk.TypeAsync("line\u001b[D\u001b[D\u001b[D\u001b[Dwhole \r");
        await Waiting.UntilAsync("what was typed arrives", async () => (await alice.ReadAsync("Bob")).Any(message => message.Text == "Half a whole line"));
        await talk.SeeAsync("You: Half a whole line");
        await talk.TypeAsync("\u0004");
        Assert.Equal(ExitCode.Done, await talk.EndAsync());
        Assert.DoesNotContain("\u001b]", talk.Seen, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2J", talk.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupting_clears_the_line_first_and_then_ends_the_talk()
    {
        await using var post = await Post.OpenAsync();
        var (_, bob) = await post.ContactsAsync();
        using var talk = new Pty(bob.Folder, "chat", "Alice");
        await talk.SeeAsync("Alice ·");
        await talk.TypeAsync("never said");
        await talk.SeeAsync("> never said");
        await talk.TypeAsync("\u0003\u0003");
        Assert.Equal(130, await talk.EndAsync());
        Assert.DoesNotContain(await bob.ReadAsync("Alice"), message => message.Text == "never said");
    }

    [Fact]
    public async Task When_its_daemon_is_gone_the_talk_ends_and_says_so()
    {
        await using var post = await Post.OpenAsync();
        var (_, bob) = await post.ContactsAsync();
        using var talk = new Pty(bob.Folder, "chat", "Alice");
        await talk.SeeAsync("Alice ·");
        await bob.KillAsync();
        Assert.Equal(ExitCode.Refused, await talk.EndAsync());
        Assert.Contains("dapari up", talk.Seen, StringComparison.Ordinal);
    }

    private static LineEditor Type(LineEditor line, List<Key> keys)
    {
        foreach (var key in keys)
            line.Apply(key);
        return line;
    }

    /// <summary>A command in a pseudo-terminal of script(1).</summary>
    private sealed class Pty : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _seen = new();
        private readonly Task _reading;

        public Pty(string folder, params string[] line)
        {
            var command = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "dapari.dll")}' --home '{folder}' {string.Join(' ', line)}";
            _process = Process.Start(new ProcessStartInfo("script", ["-qefc", command, "/dev/null"])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8, Environment = { ["LANG"] = "C.UTF-8", ["LC_ALL"] = "" },
            })!;
            _reading = Task.Run(async () =>
            {
                var letters = new char[1024];
                while (await _process.StandardOutput.ReadAsync(letters) is > 0 and var count)
                {
                    lock (_seen)
                        _seen.Append(letters, 0, count);
                }
            });
        }

        /// <summary>All that came to the terminal.</summary>
        public string Seen
        {
            get
            {
                lock (_seen)
                    return _seen.ToString();
            }
        }

        public async Task SeeAsync(string text)
        {
            try
            {
                await Waiting.UntilAsync("it is on the terminal", () => Task.FromResult(Seen.Contains(text, StringComparison.Ordinal)));
            }
            catch (TimeoutException)
            {
                Assert.Fail($"Never on the terminal: \"{text}\", but: {Seen}");
            }
        }

        public async Task TypeAsync(string text)
        {
            await _process.StandardInput.WriteAsync(text);
            await _process.StandardInput.FlushAsync();
        }

        public async Task<int> EndAsync()
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await _reading;
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }
    }
}
