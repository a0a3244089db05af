using System.CommandLine;
using Dapari.Node.Home;

namespace Dapari.Node.Commands;

/// <summary>What a daemon may do on the networks that it is on; kept with the folder.</summary>
internal static class SwitchCommands
{
    public static Command PortMapping(Frame frame) => Switch(
        frame, "port-mapping", "Whether `up` asks your router to let contacts reach this machine (PCP, NAT-PMP, UPnP)", NodeHome.MapsPorts, NodeHome.SetMapsPorts,
        "{\"portMapping\":true}", "{\"portMapping\":false}", "Routers are asked to let contacts reach this machine.", "Routers are not asked for anything.");

    public static Command Nearby(Frame frame) => Switch(
        frame, "nearby", "Whether `up` finds contacts on the same network, and is found by them there, without a server", NodeHome.IsNearby, NodeHome.SetNearby,
        "{\"nearby\":true}", "{\"nearby\":false}", "Contacts on the same network are found, and find this machine.", "Nobody is looked for or told on networks.");

    private static Command Switch(
        Frame frame, string name, string description, Func<string, bool> read, Action<string, bool> write, string jsonOn, string jsonOff, string saidOn, string saidOff)
    {
        var word = new Argument<string?>("ON|OFF") { Description = "Whether a daemon may; without it: how it is", Arity = ArgumentArity.ZeroOrOne };
        word.AcceptOnlyFromAmong("on", "off");
        var command = new Command(name, description) { word };
        frame.RunAlone(command, (line, terminal, _) =>
        {
            var folder = frame.FolderOf(line);
            if (!Directory.Exists(folder))
                throw new CommandEnd(ExitCode.NoFolder, "no-folder", $"There is no {folder}.");
            if (line.GetValue(word) is { } said)
                write(folder, said == "on");
            var may = read(folder);
            if (terminal.Json)
                terminal.Line(may ? jsonOn : jsonOff);
            else
                terminal.Line(may ? saidOn : saidOff);
            if (line.GetValue(word) is not null)
                terminal.Note("It holds from the next `dapari up` on.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
