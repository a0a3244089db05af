using System.CommandLine;

namespace Dapari.Node.Commands;

/// <summary>The command line as a whole.</summary>
internal static class CommandTree
{
    /// <summary>Runs one command line; gives its exit code.</summary>
    public static async Task<int> RunAsync(Frame frame, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        Tongue.Choose(frame.Variable);
        var line = Create(frame).Parse(arguments);
        var code = await line.InvokeAsync(new InvocationConfiguration { Output = frame.Output, Error = frame.Errors }, cancellation);
        return line.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    /// <summary>Every command.</summary>
    public static RootCommand Create(Frame frame) => new(Tongue.Of("Messages and files, directly from device to device or through a server that cannot read them.", "Messaggi e file, direttamente da dispositivo a dispositivo o per un server che non può leggerli."))
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
