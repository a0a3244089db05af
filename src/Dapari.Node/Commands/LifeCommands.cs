using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Home;
using Dapari.Node.Hosting;
using Dapari.Node.Links;
using Dapari.Wire;

namespace Dapari.Node.Commands;

/// <summary>Beginning, running, and how it stands.</summary>
internal static class LifeCommands
{
    public static Command Init(Frame frame)
    {
        var name = new Argument<string>("NAME") { Description = "Your name, as contacts will see it" };
        var server = new Option<string>("--server") { Description = "Your home server: https://host[:port]", Required = true, HelpName = "URL" };
        var ca = new Option<FileInfo?>("--ca") { Description = "Trust servers by this authority's certificate (PEM) too", HelpName = "FILE" };
        var code = new Option<string?>("--code") { Description = "The code that the server's operator gave you, where newcomers need one", HelpName = "CODE" };
        var command = new Command("init", "Begin an identity") { name, server, ca, code };
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            if (line.GetValue(ca) is { } file)
                Trust(folder, file);
            var (peer, fault) = await NodePeer.TryStartAsync(new NodeOptions { Home = folder }, frame.Time, cancellation);
            if (peer is null)
                throw Frame.NoFolder(folder, fault);
            await using var client = new OwnClient(peer);
            var session = new Session(client, terminal, frame.Time);
            await session.DoAsync("POST", new NewIdentityBody(line.GetValue(name)!, line.GetValue(server)!, line.GetValue(code)), ApiJson.Default.NewIdentityBody, cancellation, "identity");
            var online = await session.WaitAsync(Session.LeavingLimit, IsOnline, null, cancellation);
            session.Write(await session.GetAsync(ApiJson.Default.StatusBody, cancellation, "status"), ApiJson.Default.StatusBody, status =>
            {
                terminal.Line($"You are {Terminal.Clean(status.Name ?? "")} at {status.HomeServer}. Everything is in {folder}.");
                if (!online)
                    terminal.Note("The server does not answer yet; what is said waits here.");
            });
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Up(Frame frame)
    {
        var port = new Option<int?>("--api-port") { Description = "Offer the local API on this port of loopback too, with a token", HelpName = "PORT" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 65_535)
                result.AddError("A port is 1 to 65535.");
        });
        var noDirect = new Option<bool>("--no-direct") { Description = "Make no direct paths: contacts never learn this machine's address" };
        var addresses = new Option<string[]>("--address") { Description = "Tell contacts this address instead of the machine's own (may be repeated)", HelpName = "IP" };
        addresses.Validators.Add(result =>
        {
            foreach (var wrong in (result.GetValueOrDefault<string[]>() ?? []).Where(text => !IPAddress.TryParse(text, out _)))
                result.AddError($"{wrong} is no address.");
        });
        var listen = new Option<int>("--port") { Description = "Take direct connections on this port; 0: the system chooses", HelpName = "PORT" };
        listen.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65_535)
                result.AddError("A port is 0 to 65535.");
        });
        var noMapping = new Option<bool>("--no-port-mapping") { Description = "Ask no router to let contacts reach this machine (for ever: `dapari port-mapping off`)" };
        var notNearby = new Option<bool>("--no-nearby") { Description = "Neither look for contacts on the same network nor be found there (for ever: `dapari nearby off`)" };
        var command = new Command("up", "Run the peer until it is told to end (SIGINT, SIGTERM)") { port, noDirect, addresses, listen, noMapping, notNearby };
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            if (!NodeHome.FitsSocket(folder))
                throw new CommandEnd(ExitCode.NoFolder, "path-too-long", "The folder's path is too long for a socket in it (90 bytes or so).");
            var options = new NodeOptions
            {
                Home = folder, Direct = !line.GetValue(noDirect), Port = line.GetValue(listen), MapPorts = !line.GetValue(noMapping),
                Nearby = !line.GetValue(notNearby),
                Addresses = [.. (line.GetValue(addresses) ?? []).Select(IPAddress.Parse)],
            };
            var (peer, fault) = await NodePeer.TryStartAsync(options, frame.Time, cancellation);
            if (peer is null)
                throw Frame.NoFolder(folder, fault);
            await using (peer)
            {
                using var events = new EventHub(peer);
                await using var server = await ApiServer.StartAsync(folder, line.GetValue(port), new NodeApi(peer), events, RandomSource.System);
                terminal.Note($"Running in {folder}.");
                using var told = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
                {
                    signal.Cancel = true;
                    told.Cancel();
                });
                try
                {
                    await peer.Host.Completion.WaitAsync(told.Token);
                }
                catch (OperationCanceledException) when (told.IsCancellationRequested)
                {
                    terminal.Note("Ending.");
                }

                return ExitCode.Done;
            }
        });
        return command;
    }

    public static Command Status(Frame frame)
    {
        var command = new Command("status", "How this peer stands");
        frame.Run(command, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.StatusBody, cancellation, "status"), ApiJson.Default.StatusBody, status =>
            {
                var terminal = session.Terminal;
                terminal.Line(status.Name is null ? "There is no identity here yet." : $"{Terminal.Clean(status.Name)} at {status.HomeServer}, {Speech.Policy(status.Policy ?? "")}");
                foreach (var server in status.Servers)
                    terminal.Line($"  {server.Origin}: {server.State}{(server.Home ? ", your home server" : "")}");
                if (status.Waiting > 0)
                    terminal.Line($"  {status.Waiting} not at a server yet");
                if (status.Trouble is not null)
                    terminal.Line($"  trouble: {status.Trouble}");
                terminal.Line(session.Client.IsDaemon ? $"  the daemon is process {status.Process}" : "  no daemon runs (`dapari up` is one)");
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static bool IsOnline(EventBody happened) => happened.Status?.Servers.Any(server => server is { Home: true, State: "online" }) ?? false;

    // Kept with the folder: whoever uses it later trusts the same.
    private static void Trust(string folder, FileInfo file)
    {
        using var read = file.Exists ? Authorities.TryRead(file.FullName) : null;
        if (read is null)
            throw new CommandEnd(ExitCode.Usage, "authority", $"{file.FullName} holds no certificate.");
        using var home = NodeHome.TryOpen(folder, out var fault);
        if (home is null)
            throw Frame.NoFolder(folder, fault == HomeFault.InUse ? NodeFault.InUse : fault == HomeFault.NotOurs ? NodeFault.NotOurs : NodeFault.Storage);
        NodeHome.WriteSecret(NodeHome.AuthorityOf(folder), File.ReadAllBytes(file.FullName));
    }
}
