using System.Diagnostics;
using System.Runtime.InteropServices;
using Dapari.Node.Commands;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>
/// The native program (eng/publish-node; ./test makes it) on a machine that has nothing else: a root folder with that one file, the C library and OpenSSL. Wants root, for chroot(1).
/// </summary>
public sealed class NativeProgramTests
{
    private static readonly string _triple = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

    [Fact]
    public async Task Where_there_is_no_dotnet_two_people_meet_talk_and_send_a_file()
    {
        var program = Program();
        Assert.SkipUnless(File.Exists(program), "eng/publish-node was not run: ./test does.");
        await using var post = await Post.OpenAsync();
        var root = Directory.CreateTempSubdirectory("dapari-bare-").FullName;
        try
        {
            Furnish(root, program);
            Assert.Equal(ExitCode.Done, (await RunAsync(root, "--home", "/alice", "init", "Alice", "--server", post.Origin)).Code);
            Assert.Equal(ExitCode.Done, (await RunAsync(root, "--home", "/bob", "init", "Bob", "--server", post.Origin)).Code);
            var link = (await RunAsync(root, "--home", "/alice", "invite", "--no-qr")).Output.Trim();
            await RunAsync(root, "--home", "/bob", "accept", link);
            await Waiting.UntilAsync("the request arrives", async () => (await RunAsync(root, "--home", "/alice", "--json", "contacts")).Output.Contains("\"asking\"", StringComparison.Ordinal));
            Assert.Equal(ExitCode.Done, (await RunAsync(root, "--home", "/alice", "contacts", "accept", "Bob")).Code);
            await Waiting.UntilAsync("the acceptance arrives", async () => (await RunAsync(root, "--home", "/bob", "--json", "contacts")).Output.Contains("\"accepted\"", StringComparison.Ordinal));
            Assert.Equal(ExitCode.Done, (await RunAsync(root, "--home", "/bob", "say", "Alice", "One file is enough", "--timeout", "90")).Code);
            await Waiting.UntilAsync("it arrives", async () => (await RunAsync(root, "--home", "/alice", "read", "Bob")).Output.Contains("One file is enough", StringComparison.Ordinal));

            var bytes = new byte[300_000];
            new Random(7).NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(root, "picture"), bytes, TestContext.Current.CancellationToken);
            using var daemon = Start(root, "--home", "/bob", "up", "--address", "127.0.0.1", "--no-nearby", "--no-port-mapping");
            Assert.StartsWith("Running in", await daemon.StandardError.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal(ExitCode.Done, (await RunAsync(root, "--home", "/bob", "send", "Alice", "/picture", "--wait", "offered", "--timeout", "90")).Code);
            var received = await RunAsync(root, "--home", "/alice", "receive", "--all", "--to", "/", "--timeout", "90");
            daemon.Kill();
            await daemon.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(received.Code == ExitCode.Done, received.Output);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(root, "picture (2)"), TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string Program()
    {
        // artifacts/bin/PROJECT/configuration is where this runs.
        var artifacts = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));
        return Path.Combine(artifacts, "publish", _triple.StartsWith('x') ? "dapari-linux-x64" : "dapari-linux-arm64", "dapari");
    }

    // What every Debian or Ubuntu has, and nothing that .NET or SQLite brings.
    private static void Furnish(string root, string program)
    {
        File.Copy(program, Path.Combine(root, "dapari"));
        var libraries = Directory.CreateDirectory(Path.Combine(root, "lib", _triple)).FullName;
        Directory.CreateDirectory(Path.Combine(root, "lib64"));
        Directory.CreateDirectory(Path.Combine(root, "etc"));
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
        // A machine has this device; a file of such bytes stands for it, for not everybody may make one.
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(root, "dev")).FullName, "urandom"), System.Security.Cryptography.RandomNumberGenerator.GetBytes(65_536));
        foreach (var name in (string[])["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libssl.so.3", "libcrypto.so.3", "libz.so.1", "libzstd.so.1"])
        {
            if (((string[])["/lib", "/usr/lib"]).Select(folder => Path.Combine(folder, _triple, name)).FirstOrDefault(File.Exists) is { } found)
                File.Copy(found, Path.Combine(libraries, name));
        }

        foreach (var loader in ((string[])["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]).Where(File.Exists))
            File.Copy(loader, root + loader);
    }

    private static Process Start(string root, params string[] line) =>
        Process.Start(new ProcessStartInfo("chroot", [root, "/dapari", .. line]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<(int Code, string Output)> RunAsync(string root, params string[] line)
    {
        using var run = Start(root, line);
        var errors = run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        await errors;
        return (run.ExitCode, output);
    }
}
