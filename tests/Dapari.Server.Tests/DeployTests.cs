using System.Text.RegularExpressions;
using Dapari.Server.Options;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What deploy/ says must be what the server understands.</summary>
public sealed partial class DeployTests
{
    /// <summary>Variables of the files themselves, which the server never sees.</summary>
    private static readonly string[] Others = ["DAPARI_HOST", "DAPARI_CONFIG"];

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f))];

    internal static string Folder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Dapari.slnx")))
                folder = folder.Parent!;
            return Path.Combine(folder.FullName, "deploy");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_setting_that_a_file_names_exists_and_takes_what_is_given(string file)
    {
        var text = File.ReadAllText(Path.Combine(Folder, file));
        foreach (Match variable in Variable().Matches(text))
            Assert.True(Others.Contains(variable.Value) || Settings.All.Any(s => s.Variable == variable.Value), $"{file} names {variable.Value}");
        foreach (Match command in Command().Matches(text))
        {
            var words = Word().Matches(command.Groups[1].Value).Select(w => w.Groups[1].Value).ToList();
            Assert.True(OptionsReader.TryRead(words, _ => null, out var options, out var errors), $"{file}: {string.Join(' ', errors)}");
            Assert.NotEmpty(options.Listen);
        }
    }

    [Fact]
    public void Nothing_runs_as_root_or_writes_beside_its_data()
    {
        var manifest = File.ReadAllText(Path.Combine(Folder, "kubernetes", "dapari.yaml"));
        Assert.Contains("runAsNonRoot: true", manifest, StringComparison.Ordinal);
        Assert.Contains("readOnlyRootFilesystem: true", manifest, StringComparison.Ordinal);
        Assert.Contains("path: /readyz", manifest, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^USER 1654:1654$", File.ReadAllText(Path.Combine(Folder, "Dockerfile")));
        Assert.Equal(2, Regex.Count(File.ReadAllText(Path.Combine(Folder, "compose.yaml")), "read_only: true"));
        Assert.Contains("DynamicUser=yes", File.ReadAllText(Path.Combine(Folder, "dapari-server.service")), StringComparison.Ordinal);
    }

    [GeneratedRegex("DAPARI_[A-Z0-9_]+")]
    private static partial Regex Variable();

    [GeneratedRegex("\\[\"serve\", ([^\\]]*)\\]")]
    private static partial Regex Command();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Word();
}
