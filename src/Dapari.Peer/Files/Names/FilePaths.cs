namespace Dapari.Peer.Files;

/// <summary>Clean names for the files of one transfer: within a folder no two are equal, whatever the case of their letters. One owner.</summary>
/// <remarks>Give the folders of all files before the first file, so that no file takes the name of a folder.</remarks>
public sealed class FilePaths
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _next = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The clean parts of a folder's path, from the outermost in; parts that mean "here" or "up" are left out.</summary>
    public IReadOnlyList<string> AddFolder(IEnumerable<string> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var clean = parts.Select(FileName.Clean).Where(part => !part.Trouble.HasFlag(NameTrouble.Empty)).Select(part => part.Value).ToList();
        for (var depth = 1; depth <= clean.Count; depth++)
            _taken.Add(string.Join('/', clean.Take(depth)));
        return clean;
    }

    /// <summary>A name for a file in a folder that <see cref="AddFolder"/> gave: the clean one, or with a number behind it.</summary>
    public FileName Add(IReadOnlyList<string> folder, string claimed)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var clean = FileName.Clean(claimed);
        var prefix = folder.Count == 0 ? "" : string.Join('/', folder) + "/";
        if (_taken.Add(prefix + clean.Value))
            return clean;
        var extension = FileName.ExtensionOf(clean.Value);
        var stem = extension.Length == 0 ? clean.Value : clean.Value[..^(extension.Length + 1)];
        var key = prefix + clean.Value;
        for (var number = _next.GetValueOrDefault(key, 2); ; number++)
        {
            var numbered = $"{stem} ({number}){(extension.Length == 0 ? "" : "." + extension)}";
            if (!_taken.Add(prefix + numbered))
                continue;
            _next[key] = number + 1;
            return clean with { Value = numbered };
        }
    }
}
