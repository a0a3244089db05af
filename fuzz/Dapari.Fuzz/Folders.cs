using System.Security.Cryptography;

namespace Dapari.Fuzz;

/// <summary>Corpora and crashers on disk.</summary>
internal static class Folders
{
    private static readonly string Root = FindRoot();

    public static string Corpus(Target target) => Path.Combine(Root, "corpus", target.Name);

    public static IReadOnlyList<(string Name, byte[] Bytes)> Read(Target target) =>
        Directory.Exists(Corpus(target))
            ? [.. Directory.GetFiles(Corpus(target)).Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))]
            : [];

    public static string SaveCrasher(Target target, byte[] bytes) => Save(Path.Combine(Root, "crashes", target.Name), bytes);

    public static string SaveInput(Target target, byte[] bytes) => Save(Corpus(target), bytes);

    private static string Save(string folder, byte[] bytes)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8)));
        File.WriteAllBytes(file, bytes);
        return file;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var fuzz = Path.Combine(folder.FullName, "fuzz");
            if (File.Exists(Path.Combine(fuzz, "README.md")))
                return fuzz;
        }

        throw new DirectoryNotFoundException("Run it from a build inside the repository: fuzz/README.md was not found.");
    }
}
