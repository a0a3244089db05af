using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Commands.Chat;
using Dapari.Node.Home;
using Dapari.Node.Hosting;

namespace Dapari.Node.Commands;

/// <summary>What all commands share: the folder, JSON or sentences, and how a command begins and ends.</summary>
/// <param name="output">Results.</param>
/// <param name="errors">Everything else.</param>
/// <param name="input">What a person types.</param>
/// <param name="variable">Reads the environment.</param>
/// <param name="time">Both clocks.</param>
/// <param name="moving">Whether the error output is a terminal, where a line can be drawn anew.</param>
/// <param name="tty">Takes the terminal that input and output are, if they are one.</param>
/// <param name="columns">How wide it is at the moment.</param>
internal sealed class Frame(TextWriter output, TextWriter errors, TextReader input, Func<string, string?> variable, TimeProvider time, bool moving = false, Func<Tty?>? tty = null, Func<int>? columns = null)
{
    /// <summary>The folder.</summary>
    public Option<string?> Home { get; } = new("--home") { Recursive = true, HelpName = "FOLDER" };

    /// <summary>Documents instead of sentences.</summary>
    public Option<bool> Json { get; } = new("--json") { Recursive = true };

    /// <summary>Results.</summary>
    public TextWriter Output => output;

    /// <summary>Everything else.</summary>
    public TextWriter Errors => errors;

    /// <summary>Both clocks.</summary>
    public TimeProvider Time => time;

    /// <summary>Reads the environment.</summary>
    public Func<string, string?> Variable => variable;

    /// <summary>Takes the terminal; null: input or output is none.</summary>
    public Tty? TryOpenTty() => tty?.Invoke();

    /// <summary>The folder that a command line names.</summary>
    public string FolderOf(ParseResult line) => line.GetValue(Home) is { Length: > 0 } named ? Path.GetFullPath(named) : NodeHome.DefaultFolder(variable);

    /// <summary>Where a command writes.</summary>
    public Terminal TerminalOf(ParseResult line) => new(output, errors, input, line.GetValue(Json), moving, columns);

    /// <summary>Runs a command at the folder's daemon, or at a peer of its own.</summary>
    /// <param name="command">Which.</param>
    /// <param name="work">What it does.</param>
    /// <param name="direct">Whether a peer of its own makes direct paths: of use only to commands that stay for a while.</param>
    /// <param name="alone">For the lines that it takes, instead of all this: what opens what it needs by itself.</param>
    public void Run(
        Command command, Func<ParseResult, Session, CancellationToken, Task<int>> work, bool direct = false, Func<ParseResult, Terminal, CancellationToken, Task<int>?>? alone = null) => command.SetAction((line, cancellation) => GuardAsync(line, async terminal =>
    {
        if (alone?.Invoke(line, terminal, cancellation) is { } done)
            return await done;
        var folder = FolderOf(line);
        INodeClient? client = await DaemonClient.TryConnectAsync(folder, cancellation);
        if (client is null)
        {
            var (peer, fault) = await NodePeer.TryStartAsync(new NodeOptions { Home = folder, Direct = direct }, time, cancellation);
            client = peer is null ? throw NoFolder(folder, fault) : new OwnClient(peer);
        }

        await using (client)
        {
            var session = new Session(client, terminal, time);
            await session.CatchUpAsync(cancellation);
            return await work(line, session, cancellation);
        }
    }));

    /// <summary>Runs a command that opens what it needs by itself.</summary>
    public void RunAlone(Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> work) =>
        command.SetAction((line, cancellation) => GuardAsync(line, terminal => work(line, terminal, cancellation)));

    /// <summary>The end of a command whose folder could not be opened.</summary>
    public static CommandEnd NoFolder(string folder, NodeFault fault) => new(ExitCode.NoFolder, Api.Words.Of(fault), fault switch
    {
        NodeFault.InUse => Tongue.Of($"Another process uses {folder}: end it, or name another folder by --home.", $"Un altro processo usa {folder}: fermalo, o scegli un'altra cartella con --home."),
        NodeFault.NotOurs => Tongue.Of($"The system does not let you use {folder}.", $"Il sistema non ti lascia usare {folder}."),
        NodeFault.Newer => Tongue.Of($"A newer version of Dapari wrote {folder}, or it is damaged.", $"{folder} l'ha scritta una versione più nuova di Dapari, o è rovinata."),
        NodeFault.Authority => Tongue.Of($"{NodeHome.AuthorityOf(folder)} holds no certificate.", $"{NodeHome.AuthorityOf(folder)} non contiene certificati."),
        _ => Tongue.Of($"The disk of {folder} fails, or is full.", $"Il disco di {folder} non funziona, o è pieno."),
    });

    private async Task<int> GuardAsync(ParseResult line, Func<Terminal, Task<int>> work)
    {
        var terminal = TerminalOf(line);
        try
        {
            return await work(terminal);
        }
        catch (CommandEnd end)
        {
            terminal.Fail(end);
            return end.Code;
        }
        catch (IOException fault)
        {
            terminal.Fail(new CommandEnd(ExitCode.Refused, "failed", fault.Message));
            return ExitCode.Refused;
        }
        catch (OperationCanceledException)
        {
            // As a shell reports a program that Ctrl+C ended.
            return 130;
        }
    }
}
