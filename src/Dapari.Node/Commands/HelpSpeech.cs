using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Dapari.Node.Commands;

/// <summary>Help of a command, in the person's language as far as System.CommandLine's own words leave gaps: some of its headings it has in English alone.</summary>
internal sealed class HelpSpeech(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly (string English, string Italian)[] _words =
        [("Description:", "Descrizione:"), ("[options]", "[opzioni]"), ("[command]", "[comando]"), ("[default: ", "[predefinito: "), ("(REQUIRED)", "(SERVE)   ")];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var configuration = parseResult.InvocationConfiguration;
        var output = configuration.Output;
        using var written = new StringWriter();
        configuration.Output = written;
        try
        {
            var code = help.Invoke(parseResult);
            output.Write(_words.Aggregate(written.ToString(), (text, word) => text.Replace(word.English, Tongue.Of(word.English, word.Italian), StringComparison.Ordinal)));
            return code;
        }
        finally
        {
            configuration.Output = output;
        }
    }
}
