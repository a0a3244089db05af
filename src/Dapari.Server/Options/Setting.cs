namespace Dapari.Server.Options;

/// <summary>One setting: its name (in the file, after "--", and in DAPARI_NAME), its argument, what it does, how it is taken up.</summary>
/// <remarks>Apply takes the values up, or says in words what is wrong with them.</remarks>
internal sealed record Setting(string Name, string? Argument, string Help, Func<ServerOptions, IReadOnlyList<string>, (ServerOptions Options, string? Error)> Apply)
{
    /// <summary>True: it may be given many times, or as a list.</summary>
    public bool Many { get; init; }

    /// <summary>True: it is not taken from the command line, which everybody on the machine may read.</summary>
    public bool IsSecret { get; init; }

    public string Variable => "DAPARI_" + Name.Replace('-', '_').ToUpperInvariant();
}
