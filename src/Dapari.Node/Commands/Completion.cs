using System.CommandLine;
using System.Text.Json;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Completion in shells: each asks the program itself, by the "[suggest]" directive of System.CommandLine.</summary>
internal static class Completion
{
    private const string Bash = """
        _dapari() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(dapari "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _dapari dapari
        """;

    private const string Zsh = """
        #compdef dapari
        _dapari() {
          local -a found
          found=("${(@f)$(dapari "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a found
        }
        compdef _dapari dapari
        """;

    private const string Fish = """
        complete -f -c dapari -a '(set -l line (commandline -cp); dapari "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
        """;

    public static Command Create(Frame frame)
    {
        var shell = new Argument<string>("SHELL") { Description = Tongue.Of("bash, zsh or fish", "bash, zsh o fish") };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", Tongue.Of("Write what makes a shell complete: source <(dapari completion bash)", "Scrivi ciò che serve a una shell per completare: source <(dapari completion bash)")) { shell };
        frame.RunAlone(command, (line, terminal, _) =>
        {
            var script = line.GetValue(shell) switch { "zsh" => Zsh, "fish" => Fish, _ => Bash };
            terminal.Line(terminal.Json ? JsonSerializer.Serialize(new ScriptBody(script), ApiJson.Default.ScriptBody) : script);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
