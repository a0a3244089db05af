using System.CommandLine;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Sending files and folders.</summary>
internal static class SendCommand
{
    private const string Offered = "offered";
    private const string Accepted = "accepted";
    private const string Done = "done";

    public static Command Create(Frame frame)
    {
        var who = new Argument<string?>("CONTACT") { Description = Tongue.Of("A name, or the beginning of an id (4 digits or more); with --link: the first file", "Un nome, o l'inizio di un id (almeno 4 cifre); con --link: il primo file"), Arity = ArgumentArity.ZeroOrOne };
        var files = new Argument<string[]>("FILE") { Description = Tongue.Of("Files, and folders with all that is in them", "File, e cartelle con tutto quello che contengono"), Arity = ArgumentArity.ZeroOrMore };
        var way = new Option<string>("--way") { Description = Tongue.Of("automatic (direct where it can be, else left at the server), direct or server", "automatic (diretto dove si può, altrimenti lasciati sul server), direct o server"), DefaultValueFactory = _ => "automatic", HelpName = "WAY" };
        way.AcceptOnlyFromAmong("automatic", "direct", "server");
        var caption = new Option<string?>("--caption") { Description = Tongue.Of("A word with them", "Una parola per accompagnarli"), HelpName = "TEXT" };
        var wait = new Option<string?>("--wait") { Description = Tongue.Of("Wait until they are offered, wanted (accepted) or have arrived (done); else until they arrived or lie at the server", "Aspetta che siano offerti (offered), voluti (accepted) o arrivati (done); altrimenti che siano arrivati o sul server"), HelpName = "STATE" };
        wait.AcceptOnlyFromAmong(Offered, Accepted, Done);
        var limit = new Option<uint>("--timeout") { Description = Tongue.Of("Wait so many seconds at most; 0: as long as it takes", "Aspetta al più questi secondi; 0: quanto serve"), HelpName = "SECONDS" };
        var command = new Command("send", Tongue.Of("Send files: directly to the other's device, or by the server while they are away", "Manda file: direttamente al dispositivo dell'altro, o per il server mentre non c'è")) { who, files, way, caption, wait, limit };
        var link = ShareCommands.SendOptions.Create();
        link.AddTo(command);
        command.Validators.Add(result =>
        {
            if (!result.GetValue(link.Link) && result.GetValue(files) is not { Length: > 0 })
                result.AddError(Tongue.Of("Say who gets which files, or --link for whoever has the link.", "Di' a chi vanno quali file, oppure --link per chiunque abbia il link."));
        });
        frame.Run(command, async (line, session, cancellation) =>
        {
            var paths = line.GetValue(files)!.Select(Path.GetFullPath).ToList();
            SentFilesBody? sent = null;
            TransferBody? moving = null;
            MessageBody? entry = null;
            var there = await session.WaitAsync(
                Limit(line.GetValue(limit)),
                happened =>
                {
                    if (sent is null)
                        return false;
                    if (happened.Transfer is { } changed && changed.Id == sent.Transfer)
                        session.Terminal.Progress(FileSpeech.Progress(moving = changed, session.Terminal.Columns));
                    else if (happened.Message is { } message && message.Id == sent.Message)
                        entry = message;
                    return IsThere(line.GetValue(wait), moving, entry);
                },
                async () => sent = Session.Read(
                    await session.DoAsync("POST", new SendFilesBody(paths, line.GetValue(caption), line.GetValue(way)), ApiJson.Default.SendFilesBody, cancellation, "contacts", line.GetValue(who)!, "files"),
                    ApiJson.Default.SentFilesBody),
                cancellation);
            session.Terminal.EndProgress();
            // What was not seen here, because it happened before the answer, stands in the entry.
            entry = await session.GetAsync(ApiJson.Default.MessageBody, cancellation, "messages", sent!.Message);
            there |= IsThere(line.GetValue(wait), moving, entry);
            var left = await session.LeaveAsync(cancellation);
            session.Write(new FileOfferBody(entry, line.GetValue(who)!, moving, Kept: false), ApiJson.Default.FileOfferBody, offer =>
                session.Terminal.Line($"{FileSpeech.Names(offer.Message.Files!)}: {FileSpeech.State(offer)}"));
            return entry.Files!.Outcome is { } outcome && outcome != "arrived" ? ExitCode.Refused : there && left ? ExitCode.Done : ExitCode.NotYet;
        }, direct: true, (line, terminal, cancellation) => line.GetValue(link.Link)
            ? ShareCommands.SendAsync(frame, line, link, [.. line.GetValue(who) is { } first ? [first] : Array.Empty<string>(), .. line.GetValue(files) ?? []], terminal, cancellation)
            : null);
        return command;
    }

    /// <summary>A limit as a command line says it; 0: none that matters.</summary>
    public static TimeSpan Limit(uint seconds) => seconds == 0 ? TimeSpan.FromDays(40) : TimeSpan.FromSeconds(Math.Min(seconds, 3_000_000));

    private static bool IsThere(string? wait, TransferBody? transfer, MessageBody? entry) =>
        entry?.Files?.Outcome is not null || transfer?.State == "ended"
        || (wait == Offered && (transfer is not null || entry is not null))
        || (wait == Accepted && transfer is not null && transfer.State != "offered")
        || (wait is null && transfer is { TotalBytes: > 0 } && transfer.AtServerBytes >= transfer.TotalBytes);
}
