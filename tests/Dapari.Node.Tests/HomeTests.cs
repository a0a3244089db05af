using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>The folder: one process, closed to others, whole after every crash, and into a backup and back.</summary>
public sealed class HomeTests
{
    [Fact]
    public async Task Two_processes_never_share_a_folder()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        await alice.UpAsync();
        var (code, _, errors) = await alice.RunAsync("up");
        Assert.Equal(ExitCode.NoFolder, code);
        Assert.Contains("Another process", errors, StringComparison.Ordinal);
        await alice.KillAsync();
        await alice.UpAsync();
        Assert.Contains("the daemon is process", await alice.DoAsync("status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_else_can_read_anything()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        await alice.UpAsync("--api-port", Ports.Free().ToString(System.Globalization.CultureInfo.InvariantCulture));
        const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var entry in (string[])[alice.Folder, .. Directory.GetFileSystemEntries(alice.Folder)])
            Assert.True((File.GetUnixFileMode(entry) & Others) == 0, $"{entry} is open to others: {File.GetUnixFileMode(entry)}");
    }

    [Fact]
    public async Task A_daemon_that_is_killed_again_and_again_loses_nothing_and_says_nothing_twice()
    {
        const int Rounds = 6;
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        var random = new Random(5);
        var expected = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                expected.Add($"{round}.{i}");
                await bob.DoAsync("say", "Alice", expected[^1], "--wait", "queued");
            }

            // Anywhere between the sealing and the receipt, at either end.
            var victim = random.Next(2) == 0 ? alice : bob;
            for (var turns = random.Next(20_000); turns > 0; turns--)
                await Task.Yield();
            await victim.KillAsync();
            await victim.UpAsync();
        }

        await Waiting.UntilAsync("all is delivered", async () => (await bob.ReadAsync("Alice")).Where(message => message.Kind == "text").All(message => message.State is "delivered" or "read"));
        Assert.Equal(expected, (await alice.ReadAsync("Bob")).Where(message => message.Kind == "text").Select(message => message.Text));
        Assert.Equal(expected, (await bob.ReadAsync("Alice")).Where(message => message.Kind == "text").Select(message => message.Text));
    }

    [Fact]
    public async Task A_backup_that_is_put_back_has_everything_and_goes_on_with_new_keys()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        await bob.SayAsync("Alice", "Before", "delivered");
        var file = Path.Combine(alice.Folder, "..", "backup");
        await alice.DoAsync("export", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        // The copy is older than what was said since.
        await bob.SayAsync("Alice", "After", "delivered");
        await alice.KillAsync();

        var again = post.Nobody("Again");
        again.Variables["DAPARI_PASSPHRASE"] = "another passphrase";
        Assert.Equal(ExitCode.Refused, (await again.RunAsync("import", file)).Code);
        again.Variables["DAPARI_PASSPHRASE"] = "a passphrase";
        await again.DoAsync("import", file);
        Assert.Equal(ExitCode.Refused, (await again.RunAsync("import", file)).Code);
        await again.UpAsync();
        Assert.Contains("Before", (await again.ReadAsync("Bob")).Select(message => message.Text));
        await bob.SayAsync("Alice", "To the new one", "delivered");
        await again.SayAsync("Bob", "From the new one", "delivered");
        Assert.Contains("To the new one", (await again.ReadAsync("Bob")).Select(message => message.Text));
    }
}
