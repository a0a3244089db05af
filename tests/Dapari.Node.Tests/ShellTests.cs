using System.Diagnostics;
using System.Text.Json;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>What a person's shell and system see of the command: languages, completion, exit codes, the service, the example bot.</summary>
public sealed class ShellTests
{
    [Theory]
    [InlineData("LANG", "it_IT.UTF-8", "Non c'è un contatto")]
    [InlineData("LANG", "en_US.UTF-8", "There is no such contact")]
    [InlineData("LC_MESSAGES", "it", "Non c'è un contatto")]
    [InlineData("LC_ALL", "C", "There is no such contact")]
    public async Task People_are_spoken_to_in_their_language_and_programs_always_in_the_same(string variable, string locale, string said)
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        alice.Variables["LANG"] = "it_IT";
        alice.Variables[variable] = locale;
        Assert.Contains(said, (await alice.RunAsync("verify", "Nobody")).Errors, StringComparison.Ordinal);
        Assert.Contains("\"error\":\"unknown-contact\"", (await alice.RunAsync("--json", "verify", "Nobody")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_refusal_of_the_folder_has_its_number_and_says_what_to_do()
    {
        await using var post = await Post.OpenAsync();
        var nobody = post.Nobody("Nobody");
        Assert.Equal(ExitCode.Usage, (await nobody.RunAsync("no-such-command")).Code);
        var (code, _, errors) = await nobody.RunAsync("say", "Bob", "hello");
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("dapari init", errors, StringComparison.Ordinal);
        (code, _, errors) = await nobody.RunAsync("import", "/no/such/file");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("/no/such/file", errors, StringComparison.Ordinal);
        var alice = await post.BornAsync("Alice");
        await alice.UpAsync();
        (code, _, errors) = await alice.RunAsync("up");
        Assert.Equal(ExitCode.NoFolder, code);
        Assert.Contains("--home", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_safety_number_is_shown_as_a_code_that_a_camera_reads_too()
    {
        await using var post = await Post.OpenAsync();
        var (alice, _) = await post.ContactsAsync();
        using var safety = JsonDocument.Parse(await alice.DoAsync("--json", "verify", "Bob"));
        var text = "dapari-safety:" + System.Buffers.Text.Base64Url.EncodeToString(Convert.FromHexString(safety.RootElement.GetProperty("code").GetString()!));
        Assert.Contains(string.Join(Environment.NewLine, Qr.Lines(text)), await alice.DoAsync("verify", "Bob"), StringComparison.Ordinal);
        Assert.DoesNotContain("█", await alice.DoAsync("verify", "Bob", "--no-qr"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_json_is_wanted_a_command_that_is_done_writes_a_document_and_nothing_else()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        var copy = Path.Combine(bob.Folder, "..", "copy");
        string[][] lines =
        [
            ["status"], ["invite"], ["invite", "list"], ["contacts"], ["verify", "Bob"], ["say", "Bob", "ciao"], ["read", "Bob"], ["search", "ciao"], ["files"], ["route", "Bob", "--timeout", "0"],
            ["nearby"], ["port-mapping", "on"], ["export", copy], ["contacts", "block", "Bob"], ["contacts", "unblock", "Bob"], ["contacts", "rename", "Bob", "Roberto"], ["contacts", "remove", "Roberto"],
        ];
        foreach (var line in lines)
        {
            var (code, output, errors) = await alice.RunAsync(["--json", .. line]);
            Assert.True(code is ExitCode.Done or ExitCode.NotYet, $"{string.Join(' ', line)}: {code} {errors}");
            Assert.Equal("", errors);
            using var document = JsonDocument.Parse(output);
        }
    }

    // Each shell itself says what it would offer after "dapari com": bash by its array, fish by its own command, zsh on a terminal of its own, where the tab key is struck.
    [Theory]
    [InlineData("bash", "PATH=.:$PATH; source ./completion; COMP_LINE='dapari com' COMP_POINT=10 COMP_WORDS=(dapari com) COMP_CWORD=1; _dapari; printf '%s\\n' \"${COMPREPLY[@]}\"")]
    [InlineData("fish", "set -x PATH . $PATH; source ./completion; complete -C 'dapari com'")]
    [InlineData("zsh", "zmodload zsh/zpty; zpty shell zsh -f -i; zpty -w shell \"PROMPT=; PATH=.:$PATH; autoload -Uz compinit; compinit -u -D; source ./completion; print rea''dy\"; zpty -r shell line '*ready*'; zpty -w -n shell $'dapari com\\t'; zpty -r shell line '*completion*'; print -r -- completion; zpty -d shell")]
    public async Task A_shell_completes_commands_after_sourcing_what_the_command_writes(string shell, string line)
    {
        if (!Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), one => File.Exists(Path.Combine(one, shell))))
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"{shell} is missing: ./test installs it.");
            Assert.Skip($"{shell} is not on this machine.");
        }

        await using var post = await Post.OpenAsync();
        var script = await post.Nobody("Nobody").DoAsync("completion", shell);
        var folder = Directory.CreateTempSubdirectory("dapari-shell-").FullName;
        try
        {
            var program = Path.Combine(folder, "dapari");
            await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "dapari.dll")}' \"$@\"\n", TestContext.Current.CancellationToken);
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await File.WriteAllTextAsync(Path.Combine(folder, "completion"), script, TestContext.Current.CancellationToken);
            var (code, said) = await RunAsync(shell, folder, "-c", line);
            Assert.Equal((0, "completion"), (code, said.Trim()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_example_bot_accepts_who_asks_and_answers()
    {
        await using var post = await Post.OpenAsync();
        var (bot, bob) = (await post.BornAsync("Bot"), await post.BornAsync("Bob"));
        await bot.UpAsync();
        await bob.UpAsync();
        using var python = Process.Start(new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "echo-bot.py"), bot.Folder]))!;
        try
        {
            var link = (await bot.DoAsync("invite", "--no-qr")).Trim();
            await bob.RunAsync("accept", link);
            await Waiting.UntilAsync("the bot accepts", async () => (await bob.ContactAsync("Bot"))?.State == "accepted");
            await bob.SayAsync("Bot", "ciao", "delivered");
            await Waiting.UntilAsync("the bot answers", async () => (await bob.ReadAsync("Bot")).Any(message => message.Text == "You said: ciao"));
            Assert.False(python.HasExited);
        }
        finally
        {
            python.Kill();
            await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task The_service_is_one_that_systemd_takes()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd is not on this machine.");
        var folder = Directory.CreateTempSubdirectory("dapari-unit-").FullName;
        try
        {
            // Its program is looked for too: any that is there.
            var unit = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "dapari.service"), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "dapari.service"), unit.Replace("%h/.local/bin/dapari", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var (code, said) = await RunAsync("systemd-analyze", folder, "verify", "--user", "--man=no", "./dapari.service");
            Assert.True(code == 0 && !said.Contains("dapari.service:", StringComparison.Ordinal), said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, string folder, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, Environment = { ["XDG_RUNTIME_DIR"] = folder, ["HOME"] = folder, ["LC_ALL"] = "C.UTF-8" }, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (run.ExitCode, said + await errors);
    }
}
