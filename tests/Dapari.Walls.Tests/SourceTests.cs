using System.Text.RegularExpressions;
using Xunit;

namespace Dapari.Walls.Tests;

/// <summary>Habits that a compiler does not hold up.</summary>
public sealed partial class SourceTests
{
    private const int LongestFile = 400;

    [Fact]
    public void No_file_is_longer_than_four_hundred_lines_unless_listed_with_its_reason()
    {
        var listed = File.ReadAllLines(Path.Combine(Room.Root, "eng", "long-files.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0].Trim(), parts => parts.Length > 1 ? parts[1].Trim() : "");
        Assert.All(listed, entry => Assert.False(string.IsNullOrWhiteSpace(entry.Value), entry.Key + " has no reason"));
        var longFiles = Sources("src", "tests", "benches", "fuzz")
            .Where(file => File.ReadLines(file).Count() > LongestFile)
            .Select(Relative)
            .Except(listed.Keys);
        Assert.Empty(longFiles);
    }

    [Fact]
    public void No_test_sleeps()
    {
        var sleeping = Sources("tests").Where(file => !file.EndsWith(nameof(SourceTests) + ".cs", StringComparison.Ordinal))
            .Where(file => Sleeping().IsMatch(File.ReadAllText(file)))
            .Select(Relative);
        Assert.Empty(sleeping);
    }

    [Fact]
    public void Nothing_is_left_to_be_done_later_by_a_mark_in_the_code()
    {
        var marked = Sources("src").Where(file => Marks().IsMatch(File.ReadAllText(file))).Select(Relative);
        Assert.Empty(marked);
    }

    [Fact]
    public void Warnings_are_not_switched_off_in_the_code()
    {
        var muted = Sources("src").Where(file => File.ReadLines(file).Any(line => line.TrimStart().StartsWith("#pragma warning disable", StringComparison.Ordinal)
                && !line.Contains("//", StringComparison.Ordinal)))
            .Select(Relative);
        Assert.Empty(muted);
    }

    private static IEnumerable<string> Sources(params string[] folders) =>
        folders.Select(folder => Path.Combine(Room.Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string Relative(string file) => Path.GetRelativePath(Room.Root, file).Replace('\\', '/');

    [GeneratedRegex(@"Thread\.Sleep\(|Task\.Delay\((?![^;]*[tT]ime)")]
    private static partial Regex Sleeping();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex Marks();
}
