using System.Diagnostics;
using Dapari.Server.Blobs.S3;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>A store that speaks S3 and verifies signatures (eng/s3rver), in a process and a folder of its own. It has to be installed: eng/common.sh, need_s3rver.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    public const string Bucket = "drop-offs";
    private const string Suffix = "._S3rver_object";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-s3-").FullName;
    private readonly Process _process;

    private TestStore(Process process, string folder) => (_process, _folder) = (process, folder);

    public Uri Uri { get; private set; } = null!;

    public S3Serving Serving => new() { Endpoint = Uri, Bucket = Bucket, KeyId = "S3RVER", Secret = new S3Secret("S3RVER"), Prefix = "files/" };

    /// <summary>The names of all objects under a prefix, in order.</summary>
    public List<string> Names(string prefix = "files")
    {
        var folder = Path.Combine(_folder, Bucket);
        return Directory.Exists(Path.Combine(folder, prefix))
            ? [.. Directory.EnumerateFiles(Path.Combine(folder, prefix), "*" + Suffix, SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f)[..^Suffix.Length]).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>The same, without the mark of whose they are.</summary>
    public List<string> Pieces(string prefix = "files") => [.. Names(prefix).Where(n => !n.EndsWith("dapari-owner", StringComparison.Ordinal))];

    /// <summary>As a store loses an object.</summary>
    public void Lose(string name) => File.Delete(Of(name));

    /// <summary>Puts an object there behind everybody's back.</summary>
    public void Plant(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Of(name))!);
        File.WriteAllBytes(Of(name), [1]);
    }

    public static async Task<TestStore> StartAsync()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var program = Path.Combine(cache, "dapari", "s3rver", "store.js");
        Assert.SkipUnless(File.Exists(program), "The S3 store is missing: ./test installs it");
        var folder = Directory.CreateTempSubdirectory("dapari-s3-").FullName;
        var start = new ProcessStartInfo("node", [program, folder, Bucket]) { RedirectStandardOutput = true };
        start.Environment["NODE_OPTIONS"] = "--openssl-legacy-provider"; // s3rver makes its continuation tokens with DES.
        var store = new TestStore(Process.Start(start)!, folder);
        try
        {
            const string Said = "listening on ";
            while (await store._process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
            {
                if (line.IndexOf(Said, StringComparison.Ordinal) is >= 0 and var at)
                {
                    store.Uri = new Uri("http://" + line[(at + Said.Length)..]);
                    return store;
                }
            }

            throw new InvalidOperationException("The S3 store ended at once.");
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        Directory.Delete(_folder, true);
    }

    private string Of(string name) => Path.Combine(_folder, Bucket, name + Suffix);
}
