using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>Somebody is away, dies, or changes what they send; and files arrive all the same, or the reason is told.</summary>
public sealed class FileTroubleTests
{
    [Fact]
    public async Task Who_is_away_finds_it_at_the_server()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var path = files.Make("left.bin", 9_000_000);
        await bob.KillAsync();
        await alice.DoAsync("send", "Bob", path, "--way", "server", "--caption", "For later", "--timeout", "600");
        await alice.KillAsync();
        // Without a daemon of their own: the command is the peer.
        var saved = await bob.DoAsync("receive", "--all", "--to", files.Inbox, "--timeout", "600");
        Assert.Equal(Path.Combine(files.Inbox, "left.bin"), saved.Trim());
        FileRoom.AssertSame(path, saved.Trim());
        var got = Assert.Single(await bob.FilesAsync());
        Assert.Equal(("For later", "arrived", "drop-off"), (got.Message.Text, got.Message.Files!.Outcome, Assert.Single(got.Message.Files.Shares!).Route));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_is_killed_in_the_middle_goes_on_where_it_was(bool sender)
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var path = files.Make("long.bin", 300_000_000);
        await alice.DoAsync("send", "Bob", path, "--way", "direct", "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        var id = (await bob.FilesAsync())[0].Message.Files!.Transfer;
        await bob.WantAsync(id);
        var who = sender ? alice : bob;
        await Waiting.UntilAsync("some of it is there", async () => (await bob.FilesAsync())[0] is { Kept: true } or { Transfer.DoneBytes: > 0 });
        await who.KillAsync();
        await who.UpAsync();
        var saved = await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        FileRoom.AssertSame(path, saved.Trim());
    }

    [Fact]
    public async Task A_path_that_dies_in_the_middle_costs_nothing_but_time()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var path = files.Make("long.bin", 300_000_000);
        await alice.DoAsync("send", "Bob", path, "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        await bob.WantAsync((await bob.FilesAsync())[0].Message.Files!.Transfer);
        await Waiting.UntilAsync("some of it is there", async () => (await bob.FilesAsync())[0] is { Kept: true } or { Transfer.DoneBytes: > 0 });
        // The policy ends every path of theirs; then they may have one again.
        await bob.DoAsync("policy", "server-only", "Alice");
        await bob.DoAsync("policy", "automatic", "Alice");
        var saved = await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        FileRoom.AssertSame(path, saved.Trim());
    }

    [Fact]
    public async Task A_file_that_changed_since_it_was_offered_is_not_sent()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var (kept, changed) = (files.Make("kept.bin", 300_000), files.Make("changed.bin", 50_000_000));
        await alice.DoAsync("send", "Bob", kept, changed, "--way", "direct", "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        files.Make("changed.bin", 50_000_000);
        var (code, output, errors) = await bob.RunAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        Assert.True(code == ExitCode.Refused, $"{code} {output} {errors}");
        FileRoom.AssertSame(kept, Path.Combine(files.Inbox, "kept.bin"));
        Assert.False(File.Exists(Path.Combine(files.Inbox, "changed.bin")));
        Assert.Equal(1u, (await bob.FilesAsync())[0].Message.Files!.Lost);
    }

    [Fact]
    public async Task Two_thousand_small_files_of_a_folder_keep_their_places()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        for (var i = 0; i < 2000; i++)
            files.Make($"tree/part {i % 20}/{i}.bin", i * 7);
        await alice.DoAsync("send", "Bob", Path.Combine(files.Outbox, "tree"), "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        for (var i = 0; i < 2000; i += 37)
            FileRoom.AssertSame(Path.Combine(files.Outbox, $"tree/part {i % 20}/{i}.bin"), Path.Combine(files.Inbox, $"tree/part {i % 20}/{i}.bin"));
        Assert.Equal(2000, Directory.EnumerateFiles(files.Inbox, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Nothing_is_overwritten()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var path = files.Make("same.txt", 1000);
        Directory.CreateDirectory(files.Inbox);
        await File.WriteAllTextAsync(Path.Combine(files.Inbox, "same.txt"), "mine", TestContext.Current.CancellationToken);
        await alice.DoAsync("send", "Bob", path, "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        var saved = await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        Assert.Equal(Path.Combine(files.Inbox, "same (2).txt"), saved.Trim());
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(files.Inbox, "same.txt"), TestContext.Current.CancellationToken));
        FileRoom.AssertSame(path, saved.Trim());
    }

    [Fact]
    public async Task Hostile_names_are_saved_clean_and_nowhere_else()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        // What a Linux disk takes as a name, and others must never see.
        string[] names = ["CON.txt", ".bashrc", "gnp.\u202Eexe", "two\nlines.txt", "a:b|c*d?.txt", "end. ", "..hidden..", "\u001b[2J.txt", "back\\slash.txt", new string('n', 200) + ".txt"];
        foreach (var name in names)
            files.Make(Path.Combine("set", name), 1000);
        await alice.DoAsync("send", "Bob", Path.Combine(files.Outbox, "set"), "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        var saved = Directory.GetFiles(files.Inbox, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
        Assert.Equal(names.Length, saved.Length);
        Assert.All(saved, path => Assert.Equal(Path.Combine(files.Inbox, "set"), Path.GetDirectoryName(path)));
        Assert.All(saved.Select(path => Path.GetFileName(path)!), name =>
        {
            Assert.DoesNotContain(name, c => char.IsControl(c) || c == '\u202E' || "<>:\"|?*\\".Contains(c, StringComparison.Ordinal));
            Assert.False(name.StartsWith('.') || name.EndsWith('.') || name.EndsWith(' ') || name.StartsWith("CON.", StringComparison.OrdinalIgnoreCase), name);
        });
        Assert.Equal(
            Directory.GetFiles(Path.Combine(files.Outbox, "set"), "*", new EnumerationOptions { AttributesToSkip = 0 }).Select(path => Convert.ToHexString(File.ReadAllBytes(path))).Order(StringComparer.Ordinal),
            saved.Select(path => Convert.ToHexString(File.ReadAllBytes(path))).Order(StringComparer.Ordinal));
    }
}
