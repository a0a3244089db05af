using System.CommandLine;
using Dapari.Node.Home;

namespace Dapari.Node.Commands;

/// <summary>What a daemon may do on the networks that it is on; kept with the folder.</summary>
internal static class SwitchCommands
{
    public static Command PortMapping(Frame frame) => Switch(
        frame, "port-mapping", Tongue.Of("Whether `up` asks your router to let contacts reach this machine (PCP, NAT-PMP, UPnP)", "Se `up` chiede al router di far arrivare i contatti a questa macchina (PCP, NAT-PMP, UPnP)"), NodeHome.MapsPorts, NodeHome.SetMapsPorts,
        "{\"portMapping\":true}", "{\"portMapping\":false}", Tongue.Of("Routers are asked to let contacts reach this machine.", "Si chiede ai router di far arrivare i contatti a questa macchina."), Tongue.Of("Routers are not asked for anything.", "Ai router non si chiede niente."));

    public static Command Nearby(Frame frame) => Switch(
        frame, "nearby", Tongue.Of("Whether `up` finds contacts on the same network, and is found by them there, without a server", "Se `up` trova i contatti sulla stessa rete, e si fa trovare da loro, senza server"), NodeHome.IsNearby, NodeHome.SetNearby,
        "{\"nearby\":true}", "{\"nearby\":false}", Tongue.Of("Contacts on the same network are found, and find this machine.", "I contatti sulla stessa rete si trovano, e trovano questa macchina."), Tongue.Of("Nobody is looked for or told on networks.", "Sulle reti non si cerca e non si avvisa nessuno."));

    private static Command Switch(
        Frame frame, string name, string description, Func<string, bool> read, Action<string, bool> write, string jsonOn, string jsonOff, string saidOn, string saidOff)
    {
        var word = new Argument<string?>("ON|OFF") { Description = Tongue.Of("Whether a daemon may; without it: how it is", "Se un demone può; senza: com'è ora"), Arity = ArgumentArity.ZeroOrOne };
        word.AcceptOnlyFromAmong("on", "off");
        var command = new Command(name, description) { word };
        frame.RunAlone(command, (line, terminal, _) =>
        {
            var folder = frame.FolderOf(line);
            if (!Directory.Exists(folder))
                throw new CommandEnd(ExitCode.NoFolder, "no-folder", Tongue.Of($"There is no {folder}: `dapari init` makes it.", $"{folder} non esiste: la crea `dapari init`."));
            if (line.GetValue(word) is { } said)
                write(folder, said == "on");
            var may = read(folder);
            if (terminal.Json)
                terminal.Line(may ? jsonOn : jsonOff);
            else
                terminal.Line(may ? saidOn : saidOff);
            if (line.GetValue(word) is not null)
                terminal.Note(Tongue.Of("It holds from the next `dapari up` on.", "Vale dal prossimo `dapari up`."));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
