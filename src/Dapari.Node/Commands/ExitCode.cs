namespace Dapari.Node.Commands;

/// <summary>What a command ends with. Never renumbered: scripts count on them.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Refused: the reason is on the error output.</summary>
    public const int Refused = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>It is kept and goes on by itself, but did not come as far as was asked for in the time given.</summary>
    public const int NotYet = 3;

    /// <summary>The folder could not be opened.</summary>
    public const int NoFolder = 4;
}
