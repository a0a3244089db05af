using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Home;
using Dapari.Node.Hosting;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Node.Shares;
using Dapari.Wire;

namespace Dapari.Node.Commands;

/// <summary>Files for anybody who has a link, straight from this machine; and files by such a link.</summary>
internal static class ShareCommands
{
    private const int MostFiles = WireLimits.FilesPerOffer;

    /// <summary>The options of <c>send --link</c>.</summary>
    public sealed record SendOptions(Option<bool> Link, Option<int> Times, Option<string> For, Option<string?> Server, Option<string?> Again, Option<bool> NoQr)
    {
        public static SendOptions Create()
        {
            var times = new Option<int>("--times") { Description = Tongue.Of("With --link: how often it may be used", "Con --link: quante volte si può usare"), DefaultValueFactory = _ => 1, HelpName = "N" };
            times.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 1 or > 1_000)
                    result.AddError(Tongue.Of("A link is for 1 to 1000 times.", "Un link vale da 1 a 1000 volte."));
            });
            var lasts = new Option<string>("--for") { Description = Tongue.Of("With --link: how long it works (30m, 24h, 7d)", "Con --link: per quanto tempo vale (30m, 24h, 7d)"), DefaultValueFactory = _ => "24h", HelpName = "TIME" };
            lasts.Validators.Add(result =>
            {
                if (TryDuration(result.GetValueOrDefault<string>()) is null)
                    result.AddError(Tongue.Of("A link works for 1s to 30d: a number and s, m, h or d.", "Un link vale da 1s a 30d: un numero e s, m, h o d."));
            });
            return new SendOptions(
                new Option<bool>("--link") { Description = Tongue.Of("Make a link: whoever opens it in a browser, or with `dapari receive`, gets the files directly from this machine", "Fai un link: chi lo apre in un browser, o con `dapari receive`, riceve i file direttamente da questa macchina") },
                times, lasts,
                new Option<string?>("--server") { Description = Tongue.Of("With --link: where both ends meet; without it your home server", "Con --link: dove si incontrano i due capi; senza, il tuo server"), HelpName = "URL" },
                new Option<string?>("--again") { Description = Tongue.Of("With --link: serve this link of yours again, which was interrupted", "Con --link: servi di nuovo questo tuo link, che era stato interrotto"), HelpName = "LINK" },
                new Option<bool>("--no-qr") { Description = Tongue.Of("With --link: no QR code", "Con --link: niente codice QR") });
        }

        public void AddTo(Command command)
        {
            foreach (var option in (Option[])[Link, Times, For, Server, Again, NoQr])
                command.Options.Add(option);
        }
    }

    /// <summary><c>dapari shares</c> and <c>dapari shares stop ID</c></summary>
    public static Command Shares(Frame frame)
    {
        var which = new Argument<string>("SHARE") { Description = Tongue.Of("The link, or the beginning of its id (4 digits or more)", "Il link, o l'inizio del suo id (almeno 4 cifre)") };
        var stop = new Command("stop", Tongue.Of("End a link for good", "Chiudi un link per sempre")) { which };
        frame.RunAlone(stop, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            var (id, record, origin) = Find(folder, line.GetValue(which)!);
            if (await DaemonClient.TryConnectAsync(folder, cancellation) is { } daemon)
            {
                await using (daemon)
                {
                    // One that it does not serve is ended from here.
                    if ((await daemon.SendAsync(ApiRequest.Of("DELETE", default, "shares", id), cancellation)).IsDone)
                    {
                        terminal.Done();
                        terminal.Note(Tongue.Of("The link is over.", "Il link è chiuso."));
                        return ExitCode.Done;
                    }
                }
            }

            File.Delete(ShareRecord.PathOf(folder, id)); // Whoever serves it sees that within a second, and ends it too.
            using var authorities = Trusted(folder);
            await using var host = new ShareHost(record, origin, [], _ => { }, authorities, Parts(frame, authorities), "");
            await Task.Delay(TimeSpan.FromSeconds(2), frame.Time, cancellation);
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            late.CancelAfter(TimeSpan.FromSeconds(20));
            await host.StopAsync(late.Token);
            terminal.Done();
            terminal.Note(Tongue.Of("The link is over.", "Il link è chiuso."));
            return ExitCode.Done;
        });
        var command = new Command("shares", Tongue.Of("Links of yours that were not used up yet", "I tuoi link non ancora esauriti")) { stop };
        frame.RunAlone(command, async (line, terminal, _) =>
        {
            var kept = new List<ShareReport>();
            foreach (var path in ShareRecord.Kept(frame.FolderOf(line)))
            {
                if (ShareRecord.TryRead(path) is not { } record || record.Ends <= frame.Time.GetUtcNow().ToUnixTimeMilliseconds() || !Origin.TryParse(record.Origin, out var origin))
                    continue;
                var (id, link) = record.Name(origin);
                if (terminal.Json)
                    kept.Add(new ShareReport(id, link, record.Times, record.Ends, []));
                else
                    terminal.Line($"{id[..8]}  {link}  " + string.Join(", ", record.Paths.Select(one => Terminal.Clean(Path.GetFileName(one)))) + Tongue.Of(
                        $", used {record.Uses.Count(use => use.Value.Done)} of {record.Times}, until {Terminal.When((ulong)record.Ends)}{(record.Daemon ? ", served by the daemon" : "")}",
                        $", usato {record.Uses.Count(use => use.Value.Done)} volte su {record.Times}, fino a {Terminal.When((ulong)record.Ends)}{(record.Daemon ? ", servito dal demone" : "")}"));
            }

            if (terminal.Json)
                terminal.Line(JsonSerializer.Serialize(kept, ShareJson.Default.IReadOnlyListShareReport));
            return await Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    /// <summary>Makes a link, or takes one up again, and serves it until it is over.</summary>
    public static async Task<int> SendAsync(Frame frame, ParseResult line, SendOptions options, IReadOnlyList<string> files, Terminal terminal, CancellationToken cancellation)
    {
        var folder = frame.FolderOf(line);
        var again = line.GetValue(options.Again);
        if (again is null && files.Count is 0 or > MostFiles)
            throw new CommandEnd(ExitCode.Usage, "files", Tongue.Of($"Name 1 to {MostFiles} files.", $"Indica da 1 a {MostFiles} file."));
        if (await DaemonClient.TryConnectAsync(folder, cancellation) is { } daemon)
        {
            await using (daemon)
            {
                // The daemon serves it: the link outlives this command.
                var session = new Session(daemon, terminal, frame.Time);
                var wanted = new NewLinkShareBody([.. files.Select(Path.GetFullPath)], line.GetValue(options.Times), (uint)TryDuration(line.GetValue(options.For))!.Value.TotalSeconds, line.GetValue(options.Server), again);
                var share = Session.Read(await session.DoAsync("POST", wanted, ApiJson.Default.NewLinkShareBody, cancellation, "shares"), ApiJson.Default.LinkShareBody);
                Say(terminal, new ShareReport(share.Id, share.Link, share.Times, share.EndsAt, []), !line.GetValue(options.NoQr), byDaemon: true);
                return ExitCode.Done;
            }
        }

        var (home, name) = await OwnAsync(frame, folder, line.GetValue(options.Server) is null && again is null, cancellation);
        ShareRecord record;
        Origin origin;
        string id;
        if (again is not null)
            (id, record, origin) = Find(folder, again);
        else
        {
            if (!Origin.TryParse(line.GetValue(options.Server) ?? home, out origin))
                throw new CommandEnd(ExitCode.Usage, "server", Tongue.Of("There is no home server here: name one with --server.", "Qui non c'è un server: indicane uno con --server."));
            record = ShareHost.NewRecord(origin, [.. files.Select(Path.GetFullPath)], line.GetValue(options.Times), frame.Time.GetUtcNow() + TryDuration(line.GetValue(options.For))!.Value);
            (id, _) = record.Name(origin);
        }

        // Served by this command from now on, whoever served it before.
        record = record with { Daemon = false };
        var path = ShareRecord.PathOf(folder, id);
        var sources = new List<ShareSource>();
        try
        {
            foreach (var file in record.Paths)
                sources.Add(Open(file, cancellation));
            using var authorities = Trusted(folder);
            record.Save(path);
            await using var host = new ShareHost(record, origin, sources, changed => changed.Save(path), authorities, Parts(frame, authorities), name)
            {
                IsKept = () => File.Exists(path),
                Told = what => terminal.Note(what == "done" ? Tongue.Of("Somebody has everything.", "Qualcuno ha ricevuto tutto.") : Tongue.Of("Somebody opened the link and takes the files.", "Qualcuno ha aperto il link e sta prendendo i file.")),
            };
            Say(terminal, new ShareReport(id, host.Link, record.Times, record.Ends, [.. sources.Select(source => source.Told)]), !line.GetValue(options.NoQr));
            var end = await host.RunAsync(cancellation);
            if (end != ShareEnd.None)
                File.Delete(path);
            terminal.Note(end switch
            {
                ShareEnd.Time => Tongue.Of("The link's time is over.", "Il tempo del link è finito."),
                ShareEnd.UsedUp => Tongue.Of("The link was used as often as it may be.", "Il link è stato usato quante volte si poteva."),
                ShareEnd.Stopped => Tongue.Of("The link was ended.", "Il link è stato chiuso."),
                _ => Tongue.Of($"Interrupted. Go on with: dapari send --link --again {host.Link}", $"Interrotto. Per continuare: dapari send --link --again {host.Link}"),
            });
            return ExitCode.Done;
        }
        finally
        {
            foreach (var source in sources)
                source.Dispose();
        }
    }

    /// <summary>Gets what a link gives.</summary>
    public static async Task<int> ReceiveAsync(Frame frame, ParseResult line, string link, string to, Terminal terminal, CancellationToken cancellation)
    {
        if (!ShareLink.TryParse(link, out var origin, out var secret))
            throw new CommandEnd(ExitCode.Usage, "link", Tongue.Of("That is no link of files. It looks like https://host/s#….", "Questo non è un link di file: ha la forma https://host/s#…."));
        using var authorities = Trusted(frame.FolderOf(line));
        var told = (FetchState?)null;
        using var fetch = new ShareFetch(origin, secret, to, authorities, Parts(frame, authorities))
        {
            Told = state =>
            {
                if (state == told)
                    return;
                told = state;
                terminal.Note(state switch
                {
                    FetchState.Waiting => Tongue.Of("The sender is not there at the moment. Waiting.", "Il mittente ora non c'è. Aspetto."),
                    FetchState.Connecting => Tongue.Of("Connecting to the sender.", "Mi collego al mittente."),
                    FetchState.Lost => Tongue.Of("The connection was lost. Trying again.", "La connessione si è persa. Riprovo."),
                    _ => Tongue.Of("The files are coming.", "I file stanno arrivando."),
                });
            },
        };
        switch (await fetch.RunAsync(cancellation))
        {
            case FetchEnd.Done:
                if (terminal.Json)
                    terminal.Line(JsonSerializer.Serialize(new SavedFilesBody([.. fetch.Saved]), ApiJson.Default.SavedFilesBody));
                foreach (var path in terminal.Json ? [] : fetch.Saved)
                    terminal.Line(Terminal.Clean(path));
                return ExitCode.Done;
            case FetchEnd.Time:
                throw new CommandEnd(ExitCode.Refused, "over", Tongue.Of("This link's time is over.", "Il tempo di questo link è finito."));
            case FetchEnd.UsedUp:
                throw new CommandEnd(ExitCode.Refused, "used-up", Tongue.Of("This link was used as often as it may be.", "Questo link è stato usato quante volte si poteva."));
            case FetchEnd.SourceLost:
                throw new CommandEnd(ExitCode.Refused, "changed", Tongue.Of("A file was changed or removed by its sender meanwhile.", "Intanto il mittente ha cambiato o tolto un file."));
            case FetchEnd.Disk:
                throw new CommandEnd(ExitCode.Refused, "disk", Tongue.Of("The disk is full, or failed. What came is kept: try again when there is room.", "Il disco è pieno, o non funziona. Ciò che è arrivato resta: riprova quando c'è spazio."));
            default:
                throw new CommandEnd(ExitCode.Refused, "stopped", Tongue.Of("The sender ended this link.", "Il mittente ha chiuso questo link."));
        }
    }

    private static void Say(Terminal terminal, ShareReport report, bool qr, bool byDaemon = false)
    {
        if (terminal.Json)
        {
            terminal.Line(Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(report, ShareJson.Default.ShareReport)));
            return;
        }

        terminal.Line(report.Link);
        foreach (var row in qr ? Qr.Lines(report.Link) : [])
            terminal.Note(row);
        terminal.Note(Tongue.Of(
            $"For {(report.Times == 1 ? "one use" : report.Times.ToString(CultureInfo.CurrentCulture) + " uses")}, until {Terminal.When((ulong)report.Ends)}, as long as {(byDaemon ? "the daemon runs, and again when it begins anew" : "this runs. Ctrl+C interrupts")}.",
            $"Vale {(report.Times == 1 ? "una volta" : report.Times.ToString(CultureInfo.CurrentCulture) + " volte")}, fino a {Terminal.When((ulong)report.Ends)}, finché {(byDaemon ? "il demone è in funzione, e di nuovo quando riparte" : "questo comando gira. Ctrl+C lo interrompe")}."));
        if (byDaemon)
            terminal.Note(Tongue.Of($"To end it: dapari shares stop {report.Id[..8]}", $"Per chiuderlo: dapari shares stop {report.Id[..8]}"));
    }

    private static ShareSource Open(string path, CancellationToken cancellation)
    {
        try
        {
            return ShareSource.Open(path, cancellation);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandEnd(ExitCode.Refused, "file", Tongue.Of($"{Terminal.Clean(path)} cannot be read: {fault.Message}", $"{Terminal.Clean(path)} non si può leggere: {fault.Message}"));
        }
    }

    // By its link, or by the beginning of its id.
    private static (string Id, ShareRecord Record, Origin Origin) Find(string folder, string named)
    {
        string[] ids = named.Length is >= 4 and <= 64 && named.All(char.IsAsciiHexDigit)
            ? [.. ShareRecord.Kept(folder).Select(path => Path.GetFileNameWithoutExtension(path)).Where(one => one.StartsWith(named, StringComparison.OrdinalIgnoreCase))]
            : ShareLink.TryParse(named, out _, out var secret) ? [IdOf(secret)]
            : throw new CommandEnd(ExitCode.Usage, "link", Tongue.Of("That is no link of files.", "Questo non è un link di file."));
        return ids is [var id] && ShareRecord.TryRead(ShareRecord.PathOf(folder, id)) is { } record && Origin.TryParse(record.Origin, out var origin)
            ? (id, record, origin)
            : throw new CommandEnd(ExitCode.Refused, "unknown", Tongue.Of("This link is not one of yours, or it is over.", "Questo link non è tuo, o è già chiuso."));
    }

    private static string IdOf(byte[] secret)
    {
        using var keys = new ShareKeys(secret);
        return Convert.ToHexStringLower(keys.Id);
    }

    private static Authorities Trusted(string folder) =>
        Authorities.TryRead(NodeHome.AuthorityOf(folder)) ?? throw new CommandEnd(ExitCode.NoFolder, "authority", Tongue.Of($"{NodeHome.AuthorityOf(folder)} holds no certificate.", $"{NodeHome.AuthorityOf(folder)} non contiene certificati."));

    private static RtcPathParts Parts(Frame frame, Authorities authorities) => new([], null, null, authorities.Judge, frame.Time);

    // The peer is only asked who it is: the folder stays free for a daemon while the link is served.
    private static async Task<(string? Server, string Name)> OwnAsync(Frame frame, string folder, bool needed, CancellationToken cancellation)
    {
        if (!needed && !Directory.Exists(folder))
            return (null, "");
        var (peer, fault) = await NodePeer.TryStartAsync(new NodeOptions { Home = folder, Direct = false }, frame.Time, cancellation);
        if (peer is null)
            return needed ? throw Frame.NoFolder(folder, fault) : (null, "");
        var client = new OwnClient(peer);
        await using (client)
        {
            var answer = await client.SendAsync(ApiRequest.Get("status"), cancellation);
            var status = answer.IsDone ? JsonSerializer.Deserialize(answer.Body, ApiJson.Default.StatusBody) : null;
            return (status?.HomeServer, status?.Name ?? "");
        }
    }

    private static TimeSpan? TryDuration(string? text)
    {
        if (text is not { Length: >= 2 } || !uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;
        var unit = text[^1] switch { 's' => TimeSpan.FromSeconds(1), 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => TimeSpan.Zero };
        var duration = unit * count;
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(30) ? duration : null;
    }
}
