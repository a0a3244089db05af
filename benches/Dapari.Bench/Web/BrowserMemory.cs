using System.Globalization;

namespace Dapari.Bench.Web;

/// <summary>The memory of all renderers (pages with their workers) that descend from this process, in bytes: what is theirs alone (Linux, Private of smaps_rollup).</summary>
internal sealed class BrowserMemory
{
    /// <summary>The most that was seen, in bytes.</summary>
    public long Most { get; private set; }

    /// <summary>How much it is now.</summary>
    public static long Read()
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || ReadText($"/proc/{id}/stat") is not { Length: > 0 } stat)
                continue;
            // "id (name) state parent …": the name may hold anything.
            parents[id] = int.Parse(stat[(stat.LastIndexOf(')') + 4)..].Split(' ')[0], CultureInfo.InvariantCulture);
        }

        return parents.Keys.Where(id => IsOurs(id, parents) && ReadText($"/proc/{id}/cmdline").Contains("--type=renderer", StringComparison.Ordinal)).Sum(Private);
    }

    /// <summary>Watches for the most while something is done.</summary>
    public async Task<TAnswer> DuringAsync<TAnswer>(Func<Task<TAnswer>> work)
    {
        var working = work();
        while (!working.IsCompleted)
        {
            Most = Math.Max(Most, Read());
            await Task.WhenAny(working, Task.Delay(500, CancellationToken.None));
        }

        return await working;
    }

    private static bool IsOurs(int id, Dictionary<int, int> parents)
    {
        while (id > 1 && id != Environment.ProcessId)
            id = parents.GetValueOrDefault(id);
        return id == Environment.ProcessId;
    }

    private static long Private(int id) => ReadText($"/proc/{id}/smaps_rollup").Split('\n')
        .Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024);

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended meanwhile.
        }
    }
}
