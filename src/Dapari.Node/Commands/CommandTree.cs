using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Dapari.Node.Commands;

/// <summary>The command line as a whole.</summary>
internal static class CommandTree
{
    /// <summary>Runs one command line; gives its exit code.</summary>
    public static async Task<int> RunAsync(Frame frame, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        Tongue.Choose(frame.Variable);
        var line = Create(frame).Parse(arguments);
        // Its guesses at what was meant are in English alone.
        if (line.Action is ParseErrorAction mistaken)
            mistaken.ShowTypoCorrections = Tongue.Of("en", "it") == "en";
        var code = await line.InvokeAsync(new InvocationConfiguration { Output = frame.Output, Error = frame.Errors }, cancellation);
        return line.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    /// <summary>Every command.</summary>
    public static RootCommand Create(Frame frame)
    {
        // The language is chosen after the frame is made.
        frame.Home.Description = Tongue.Of("The folder of this peer (DAPARI_HOME; else dapari in the XDG state folder)", "La cartella di questo peer (DAPARI_HOME; altrimenti dapari nella cartella di stato XDG)");
        frame.Json.Description = Tongue.Of("Write JSON", "Scrivi JSON");
        var root = All(frame);
        foreach (var option in root.Options)
        {
            if (option is HelpOption help)
            {
                help.Description = Tongue.Of("Tell what a command does", "Di' che cosa fa un comando");
                help.Action = new HelpSpeech((HelpAction)help.Action!);
            }
            else if (option is VersionOption)
                option.Description = Tongue.Of("Tell which version this is", "Di' che versione è");
        }

        return root;
    }

    private static RootCommand All(Frame frame) => new(Tongue.Of("Messages and files, directly from device to device or through a server that cannot read them.", "Messaggi e file, direttamente da dispositivo a dispositivo o per un server che non può leggerli."))
    {
        frame.Home,
        frame.Json,
        LifeCommands.Init(frame),
        LifeCommands.Up(frame),
        LifeCommands.Status(frame),
        ContactCommands.Invite(frame),
        ContactCommands.Accept(frame),
        ContactCommands.Contacts(frame),
        ContactCommands.Verify(frame),
        TalkCommands.Say(frame),
        TalkCommands.Read(frame),
        TalkCommands.Chat(frame),
        TalkCommands.Search(frame),
        SendCommand.Create(frame),
        ReceiveCommand.Create(frame),
        FilesCommand.Create(frame),
        WayCommands.Route(frame),
        WayCommands.Policy(frame),
        SwitchCommands.PortMapping(frame),
        SwitchCommands.Nearby(frame),
        ShareCommands.Shares(frame),
        WayCommands.Relay(frame),
        BackupCommands.Export(frame),
        BackupCommands.Import(frame),
        Completion.Create(frame),
    };
}
