using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Files.Https;
using Dapari.Node.Home;
using Dapari.Node.Hosting;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Node.Shares;
using Dapari.Wire;

namespace Dapari.Node.Commands;

/// <summary>Beginning, running, and how it stands.</summary>
internal static class LifeCommands
{
    public static Command Init(Frame frame)
    {
        var name = new Argument<string>("NAME") { Description = Tongue.Of("Your name, as contacts will see it", "Il tuo nome, come lo vedranno i contatti") };
        var server = new Option<string>("--server") { Description = Tongue.Of("Your home server: https://host[:port]", "Il tuo server: https://host[:porta]"), Required = true, HelpName = "URL" };
        var ca = new Option<FileInfo?>("--ca") { Description = Tongue.Of("Trust servers by this authority's certificate (PEM) too", "Fidati anche dei server certificati da questa autorità (PEM)"), HelpName = "FILE" };
        var code = new Option<string?>("--code") { Description = Tongue.Of("The code that the server's operator gave you, where newcomers need one", "Il codice ricevuto da chi gestisce il server, dove serve per iscriversi"), HelpName = "CODE" };
        var command = new Command("init", Tongue.Of("Begin an identity", "Crea un'identità")) { name, server, ca, code };
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
                terminal.Line(Tongue.Of($"You are {Terminal.Clean(status.Name ?? "")} at {status.HomeServer}. Everything is in {folder}.", $"Sei {Terminal.Clean(status.Name ?? "")} su {status.HomeServer}. Tutto sta in {folder}."));
                if (!online)
                    terminal.Note(Tongue.Of("The server does not answer yet; what is said waits here.", "Il server ancora non risponde; quello che scrivi aspetta qui."));
            });
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Up(Frame frame)
    {
        var port = new Option<int?>("--api-port") { Description = Tongue.Of("Offer the local API on this port of loopback too, with a token", "Offri l'API locale anche su questa porta di loopback, con un token"), HelpName = "PORT" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 65_535)
                result.AddError(Tongue.Of("A port is 1 to 65535.", "Una porta va da 1 a 65535."));
        });
        var noDirect = new Option<bool>("--no-direct") { Description = Tongue.Of("Make no direct paths: contacts never learn this machine's address", "Nessuna via diretta: i contatti non sanno mai l'indirizzo di questa macchina") };
        var addresses = new Option<string[]>("--address") { Description = Tongue.Of("Tell contacts this address instead of the machine's own (may be repeated)", "Comunica ai contatti questo indirizzo invece di quelli della macchina (ripetibile)"), HelpName = "IP" };
        addresses.Validators.Add(result =>
        {
            foreach (var wrong in (result.GetValueOrDefault<string[]>() ?? []).Where(text => !IPAddress.TryParse(text, out _)))
                result.AddError(Tongue.Of($"{wrong} is no address.", $"{wrong} non è un indirizzo."));
        });
        var listen = new Option<int>("--port") { Description = Tongue.Of("Take direct connections on this port; 0: the system chooses", "Accetta le connessioni dirette su questa porta; 0: la sceglie il sistema"), HelpName = "PORT" };
        listen.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65_535)
                result.AddError(Tongue.Of("A port is 0 to 65535.", "Una porta va da 0 a 65535."));
        });
        var noMapping = new Option<bool>("--no-port-mapping") { Description = Tongue.Of("Ask no router to let contacts reach this machine (for ever: `dapari port-mapping off`)", "Non chiedere ai router di lasciar passare i contatti (per sempre: `dapari port-mapping off`)") };
        var notNearby = new Option<bool>("--no-nearby") { Description = Tongue.Of("Neither look for contacts on the same network nor be found there (for ever: `dapari nearby off`)", "Non cercare i contatti sulla stessa rete e non farti trovare (per sempre: `dapari nearby off`)") };
        var https = new Option<string?>("--https") { Description = Tongue.Of("Contacts' browsers reach this machine here over HTTPS: their files go faster", "I browser dei contatti raggiungono qui questa macchina via HTTPS: i loro file vanno più veloci"), HelpName = "NAME[:PORT]" };
        https.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !HttpsOptions.TryRead(text, out _, out _))
                result.AddError(Tongue.Of($"{text} is no name or address with a port.", $"{text} non è un nome o un indirizzo con una porta."));
        });
        var certificate = new Option<string?>("--https-certificate") { Description = Tongue.Of("The certificate for --https, with its chain (PEM); read again when it changes", "Il certificato per --https, con la sua catena (PEM); riletto quando cambia"), HelpName = "FILE" };
        var key = new Option<string?>("--https-key") { Description = Tongue.Of("The certificate's key (PEM)", "La chiave del certificato (PEM)"), HelpName = "FILE" };
        var command = new Command("up", Tongue.Of("Run the peer until it is told to end (SIGINT, SIGTERM)", "Resta in funzione finché non viene fermato (SIGINT, SIGTERM)")) { port, noDirect, addresses, listen, noMapping, notNearby, https, certificate, key };
        command.Validators.Add(result =>
        {
            if (new[] { result.GetValue(https), result.GetValue(certificate), result.GetValue(key) }.Count(text => text is not null) is 1 or 2)
                result.AddError(Tongue.Of("--https, --https-certificate and --https-key go together.", "--https, --https-certificate e --https-key vanno insieme."));
        });
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            if (!NodeHome.FitsSocket(folder))
                throw new CommandEnd(ExitCode.NoFolder, "path-too-long", Tongue.Of("The folder's path is too long for a socket in it (90 bytes or so): name a shorter one by --home.", "Il percorso della cartella è troppo lungo per contenere un socket (circa 90 byte): scegline una più breve con --home."));
            var options = new NodeOptions
            {
                Home = folder, Direct = !line.GetValue(noDirect), Port = line.GetValue(listen), MapPorts = !line.GetValue(noMapping),
                Nearby = !line.GetValue(notNearby),
                Addresses = [.. (line.GetValue(addresses) ?? []).Select(IPAddress.Parse)],
                Https = line.GetValue(https) is { } where && HttpsOptions.TryRead(where, out var name, out var httpsPort)
                    ? new HttpsOptions(name, httpsPort, Path.GetFullPath(line.GetValue(certificate)!), Path.GetFullPath(line.GetValue(key)!))
                    : null,
            };
            var (peer, fault) = await NodePeer.TryStartAsync(options, frame.Time, cancellation);
            if (peer is null)
                throw (options.Https is { } asked ? HttpsSpeech.Refused(asked, fault) : null) ?? Frame.NoFolder(folder, fault);
            await using (peer)
            {
                using var events = new EventHub(peer);
                await using var shares = options.Direct && Authorities.TryRead(NodeHome.AuthorityOf(folder)) is { } trusted
                    ? ShareDesk.Open(folder, trusted, new RtcPathParts(options.Addresses, null, null, trusted.Judge, frame.Time), () => peer.Host.Snapshot.Self?.Name ?? "", peer.Door)
                    : null;
                await using var server = await ApiServer.StartAsync(folder, line.GetValue(port), new NodeApi(peer, shares), events, RandomSource.System);
                if (terminal.Json)
                    terminal.Line(JsonSerializer.Serialize(new RunningBody(folder, Environment.ProcessId), ApiJson.Default.RunningBody));
                terminal.Note(Tongue.Of($"Running in {folder}.", $"In funzione in {folder}."));
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
                    terminal.Note(Tongue.Of("Ending.", "Mi fermo."));
                }

                return ExitCode.Done;
            }
        });
        return command;
    }

    public static Command Status(Frame frame)
    {
        var command = new Command("status", Tongue.Of("How this peer stands", "Come vanno le cose"));
        frame.Run(command, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.StatusBody, cancellation, "status"), ApiJson.Default.StatusBody, status =>
            {
                var terminal = session.Terminal;
                terminal.Line(status.Name is null ? Tongue.Of("There is no identity here yet.", "Qui non c'è ancora un'identità.") : $"{Terminal.Clean(status.Name)} {Tongue.Of("at", "su")} {status.HomeServer}, {Speech.Policy(status.Policy ?? "")}");
                foreach (var server in status.Servers)
                    terminal.Line($"  {server.Origin}: {server.State}{(server.Home ? Tongue.Of(", your home server", ", il tuo server") : "")}");
                if (status.Waiting > 0)
                    terminal.Line(Tongue.Of($"  {status.Waiting} not at a server yet", $"  {status.Waiting} non ancora su un server"));
                if (status.Trouble is not null)
                    terminal.Line(Tongue.Of($"  trouble: {status.Trouble}", $"  problema: {status.Trouble}"));
                terminal.Line(session.Client.IsDaemon ? Tongue.Of($"  the daemon is process {status.Process}", $"  il demone è il processo {status.Process}") : Tongue.Of("  no daemon runs (`dapari up` is one)", "  nessun demone in funzione (lo avvia `dapari up`)"));
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
            throw new CommandEnd(ExitCode.Usage, "authority", Tongue.Of($"{file.FullName} holds no certificate.", $"{file.FullName} non contiene certificati."));
        using var home = NodeHome.TryOpen(folder, out var fault);
        if (home is null)
            throw Frame.NoFolder(folder, fault == HomeFault.InUse ? NodeFault.InUse : fault == HomeFault.NotOurs ? NodeFault.NotOurs : NodeFault.Storage);
        NodeHome.WriteSecret(NodeHome.AuthorityOf(folder), File.ReadAllBytes(file.FullName));
    }
}
