namespace Dapari.Node.Commands;

/// <summary>Ends a command before its end: caught in one place, which writes it and gives the exit code.</summary>
internal sealed class CommandEnd(int code, string error, string detail) : Exception(detail)
{
    /// <summary>One of <see cref="ExitCode"/>.</summary>
    public int Code { get; } = code;

    /// <summary>A word, as the local API has them.</summary>
    public string Error { get; } = error;
}
