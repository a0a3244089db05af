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
        var who = new Argument<string?>("CONTACT") { Description = "A name, or the beginning of an id (4 digits or more); with --link: the first file", Arity = ArgumentArity.ZeroOrOne };
        var files = new Argument<string[]>("FILE") { Description = "Files, and folders with all that is in them", Arity = ArgumentArity.ZeroOrMore };
        var way = new Option<string>("--way") { Description = "automatic (direct where it can be, else left at the server), direct or server", DefaultValueFactory = _ => "automatic", HelpName = "WAY" };
        way.AcceptOnlyFromAmong("automatic", "direct", "server");
        var caption = new Option<string?>("--caption") { Description = "A word with them", HelpName = "TEXT" };
        var wait = new Option<string?>("--wait") { Description = "Wait until they are offered, wanted (accepted) or have arrived (done); else until they arrived or lie at the server", HelpName = "STATE" };
        wait.AcceptOnlyFromAmong(Offered, Accepted, Done);
        var limit = new Option<uint>("--timeout") { Description = "Wait so many seconds at most; 0: as long as it takes", HelpName = "SECONDS" };
        var command = new Command("send", "Send files: directly to the other's device, or by the server while they are away") { who, files, way, caption, wait, limit };
        var link = ShareCommands.SendOptions.Create();
        link.AddTo(command);
        command.Validators.Add(result =>
        {
            if (!result.GetValue(link.Link) && result.GetValue(files) is not { Length: > 0 })
                result.AddError("Say who gets which files, or --link for whoever has the link.");
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
