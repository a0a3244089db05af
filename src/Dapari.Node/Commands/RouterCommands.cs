using System.CommandLine;
using Dapari.Node.Home;

namespace Dapari.Node.Commands;

/// <summary>What routers are asked for.</summary>
internal static class RouterCommands
{
    public static Command PortMapping(Frame frame)
    {
        var word = new Argument<string?>("ON|OFF") { Description = "Whether a daemon may ask; without it: how it is", Arity = ArgumentArity.ZeroOrOne };
        word.AcceptOnlyFromAmong("on", "off");
        var command = new Command("port-mapping", "Whether `up` asks your router to let contacts reach this machine (PCP, NAT-PMP, UPnP)") { word };
        frame.RunAlone(command, (line, terminal, _) =>
        {
            var folder = frame.FolderOf(line);
            if (!Directory.Exists(folder))
                throw new CommandEnd(ExitCode.NoFolder, "no-folder", $"There is no {folder}.");
            if (line.GetValue(word) is { } said)
                NodeHome.SetMapsPorts(folder, said == "on");
            var may = NodeHome.MapsPorts(folder);
            if (terminal.Json)
                terminal.Line(may ? "{\"portMapping\":true}" : "{\"portMapping\":false}");
            else
                terminal.Line(may ? "Routers are asked to let contacts reach this machine." : "Routers are not asked for anything.");
            if (line.GetValue(word) is not null)
                terminal.Note("It holds from the next `dapari up` on.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
