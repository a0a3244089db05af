using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Relays;
using Dapari.Relay;
using Dapari.Relay.Peers;
using Dapari.Rtc;

namespace Dapari.Node.Commands;

/// <summary>A relay for servers of others' or one's own.</summary>
internal static class RelayCommand
{
    private const int UsualPort = 3478;
    private const int UsualTlsPort = 5349;

    public static Command Create(Frame frame)
    {
        var secret = new Option<string?>("--secret-file") { Description = Tongue.Of("The keys that the server has too; made where there is none (without it: relay.secret in the folder)", "Le chiavi che ha anche il server; create se non ci sono (senza: relay.secret nella cartella)"), HelpName = "FILE" };
        var addresses = Addresses("--address", Tongue.Of("Listen at this address of this machine (may be repeated; without it: at all)", "Ascolta a questo indirizzo della macchina (ripetibile; senza: a tutti)"));
        var outer = Addresses("--external", Tongue.Of("This machine's address as seen from outside, where a router stands before it (one of each family)", "L'indirizzo della macchina visto da fuori, se ha davanti un router (uno per famiglia)"));
        var port = Port("--port", UsualPort, Tongue.Of("Of UDP and TCP; 0: the system chooses", "Di UDP e TCP; 0: la sceglie il sistema"));
        var tlsPort = Port("--tls-port", UsualTlsPort, Tongue.Of("Of TLS; 0: the system chooses", "Di TLS; 0: la sceglie il sistema"));
        var certificate = new Option<FileInfo?>("--cert") { Description = Tongue.Of("A certificate chain (PEM), for TLS too", "Una catena di certificati (PEM), per avere anche TLS"), HelpName = "FILE" };
        var key = new Option<FileInfo?>("--key") { Description = Tongue.Of("Its private key (PEM)", "La sua chiave privata (PEM)"), HelpName = "FILE" };
        var name = new Option<string?>("--name") { Description = Tongue.Of("What devices are to call this machine (without it: an address)", "Come i dispositivi devono chiamare questa macchina (senza: un indirizzo)"), HelpName = "HOST" };
        var allow = new Option<string[]>("--allow") { Description = Tongue.Of("Send to these addresses although they are private or this machine's own (may be repeated)", "Invia a questi indirizzi anche se privati o di questa macchina (ripetibile)"), HelpName = "ADDRESS[/BITS]" };
        allow.Validators.Add(result =>
        {
            foreach (var wrong in (result.GetValueOrDefault<string[]>() ?? []).Where(text => !IpRange.TryParse(text, out _)))
                result.AddError(Tongue.Of($"{wrong} is no range of addresses.", $"{wrong} non è un intervallo di indirizzi."));
        });
        var command = new Command("relay", Tongue.Of("Run a relay (STUN and TURN) for servers that have its keys, until it is told to end", "Fai funzionare un relay (STUN e TURN) per i server che ne hanno le chiavi, finché non viene fermato"))
            { secret, addresses, outer, port, tlsPort, certificate, key, name, allow };
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var file = line.GetValue(secret) is { Length: > 0 } named ? Path.GetFullPath(named) : Path.Combine(frame.FolderOf(line), "relay.secret");
            var (secrets, made) = Keys(file);
            var listen = Parsed(line.GetValue(addresses));
            var own = RelayRun.Own();
            var external = Parsed(line.GetValue(outer));
            var at = listen.Count > 0 ? listen : own;
            if (at.Count == 0)
                throw new CommandEnd(ExitCode.Refused, "no-network", Tongue.Of("This machine has no address.", "Questa macchina non ha indirizzi."));
            var options = new RelayOptions
            {
                ExternalV4 = First(external, AddressFamily.InterNetwork), ExternalV6 = First(external, AddressFamily.InterNetworkV6),
                BindV4 = First(at, AddressFamily.InterNetwork), BindV6 = First(at, AddressFamily.InterNetworkV6),
                OwnAddresses = [.. own.Concat(external).Select(address => Endpoint.From(address, 0))], AllowedPeers = [.. (line.GetValue(allow) ?? []).Select(IpRange.Parse)],
            };
            using var shown = Certificate(line.GetValue(certificate), line.GetValue(key));
            await using var relay = RelayRun.TryStart(options, secrets, at, line.GetValue(port), frame.Time, out var wrong) ?? throw Taken(line.GetValue(port), wrong);
            if (shown is not null && !relay.TryServeTls(shown, listen.Count == 1 ? listen[0] : IPAddress.IPv6Any, line.GetValue(tlsPort), out wrong))
                throw Taken(line.GetValue(tlsPort), wrong);
            relay.Follow(file);
            Say(terminal, file, made, relay, line.GetValue(name) ?? Written(external.Count > 0 ? external[0] : at[0]));
            using var told = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                told.Cancel();
            });
            try
            {
                await relay.Ended.WaitAsync(told.Token);
            }
            catch (OperationCanceledException) when (told.IsCancellationRequested)
            {
                terminal.Note(Tongue.Of("Ending.", "Mi fermo."));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Say(Terminal terminal, string file, bool made, RelayRun relay, string host)
    {
        List<string> urls = [Invariant($"turn:{host}:{relay.Port}?transport=udp"), Invariant($"turn:{host}:{relay.Port}?transport=tcp")];
        if (relay.TlsPort != 0)
            urls.Add(Invariant($"turns:{host}:{relay.TlsPort}?transport=tcp"));
        if (terminal.Json)
        {
            terminal.Line(JsonSerializer.Serialize(new RelayBody(file, urls), ApiJson.Default.RelayBody));
            return;
        }

        terminal.Note(made ? Tongue.Of($"New keys are in {file}: copy it to the server's machine.", $"Le chiavi nuove sono in {file}: copialo sulla macchina del server.") : Tongue.Of($"The keys are those of {file}.", $"Le chiavi sono quelle di {file}."));
        terminal.Note(Tongue.Of("The server, with its copy of the file, uses this relay by:", "Il server, con la sua copia del file, usa questo relay così:"));
        terminal.Line($"dapari-server serve --relay off --relay-secret {Path.GetFileName(file)} " + string.Join(' ', urls.Select(url => $"--relay-url \"{url}\"")));
    }

    private static (Dapari.Relay.Credentials.RelaySecrets Secrets, bool Made) Keys(string file)
    {
        try
        {
            var made = !File.Exists(file);
            if (made)
                RelayKeys.Make(file);
            return (RelayKeys.TryRead(file) ?? throw new CommandEnd(
                ExitCode.Usage, "keys", Tongue.Of($"{file} has to be one to four lines, each a key of 16 bytes or more in Base64.", $"{file} deve avere da una a quattro righe, ognuna una chiave di almeno 16 byte in Base64.")), made);
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandEnd(ExitCode.Refused, "keys", Tongue.Of($"The system does not let you use {file}.", $"Il sistema non ti lascia usare {file}."));
        }
    }

    private static X509Certificate2? Certificate(FileInfo? certificate, FileInfo? key)
    {
        if (certificate is null)
            return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate.FullName, key?.FullName);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandEnd(ExitCode.Usage, "certificate", Tongue.Of($"{certificate.FullName} with its key cannot be used: {fault.Message}", $"{certificate.FullName} con la sua chiave non si può usare: {fault.Message}"));
        }
    }

    private static CommandEnd Taken(int port, SocketError wrong) =>
        new(ExitCode.Refused, "port", Tongue.Of($"Port {port} cannot be had ({wrong}).", $"La porta {port} non si può avere ({wrong})."));

    private static Option<string[]> Addresses(string name, string description)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = "IP" };
        option.Validators.Add(result =>
        {
            foreach (var wrong in (result.GetValueOrDefault<string[]>() ?? []).Where(text => !IPAddress.TryParse(text, out _)))
                result.AddError(Tongue.Of($"{wrong} is no address.", $"{wrong} non è un indirizzo."));
        });
        return option;
    }

    private static Option<int> Port(string name, int usual, string description)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "PORT" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65_535)
                result.AddError(Tongue.Of("A port is 0 to 65535.", "Una porta va da 0 a 65535."));
        });
        return option;
    }

    private static List<IPAddress> Parsed(string[]? texts) => [.. (texts ?? []).Select(IPAddress.Parse)];

    private static Endpoint? First(IEnumerable<IPAddress> addresses, AddressFamily family) =>
        addresses.FirstOrDefault(address => address.AddressFamily == family) is { } found ? Endpoint.From(found, 0) : null;

    // RFC 7065 §3.1: IPv6 stands in brackets.
    private static string Written(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
