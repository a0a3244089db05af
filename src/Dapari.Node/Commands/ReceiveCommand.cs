using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Wire;

namespace Dapari.Node.Commands;

/// <summary>Accepting files, and saving them.</summary>
internal static class ReceiveCommand
{
    public static Command Create(Frame frame)
    {
        var from = new Argument<string?>("WHO") { Description = Tongue.Of("A contact, the beginning of a transfer's id, or a link that `dapari send --link` made", "Un contatto, l'inizio dell'id di un trasferimento, o un link fatto con `dapari send --link`"), Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string>("--to") { Description = Tongue.Of("Save into this folder", "Salva in questa cartella"), DefaultValueFactory = _ => ".", HelpName = "FOLDER" };
        var all = new Option<bool>("--all") { Description = Tongue.Of("Of everybody", "Di tutti") };
        var watch = new Option<bool>("--watch") { Description = Tongue.Of("Go on: take what is offered from now on too", "Continua: prendi anche ciò che verrà offerto d'ora in poi") };
        var limit = new Option<uint>("--timeout") { Description = Tongue.Of("Wait so many seconds at most, also for something to be offered; 0: as long as what is offered now takes", "Aspetta al più questi secondi, anche che venga offerto qualcosa; 0: quanto serve per ciò che è offerto ora"), HelpName = "SECONDS" };
        var command = new Command("receive", Tongue.Of("Accept the files that are offered, and save them; nothing is ever overwritten", "Accetta i file offerti e salvali; niente viene mai sovrascritto")) { from, to, all, watch, limit };
        frame.Run(command, async (line, session, cancellation) =>
        {
            if (line.GetValue(from) is null && !line.GetValue(all) && !line.GetValue(watch))
                throw new CommandEnd(ExitCode.Usage, "whose", Tongue.Of("Say whose files (a contact or a transfer), or --all.", "Di' di chi sono i file (un contatto o un trasferimento), oppure --all."));
            var receiving = new Receiving(session, line.GetValue(from), Path.GetFullPath(line.GetValue(to)!), line.GetValue(watch), line.GetValue(limit) > 0);
            return await receiving.RunAsync(SendCommand.Limit(line.GetValue(limit)), cancellation);
        }, direct: true, (line, terminal, cancellation) => ShareLink.TryParse(line.GetValue(from), out _, out _)
            ? ShareCommands.ReceiveAsync(frame, line, line.GetValue(from)!, Path.GetFullPath(line.GetValue(to)!), terminal, cancellation)
            : null);
        return command;
    }

    /// <summary>One run of the command.</summary>
    private sealed class Receiving(Session session, string? word, string folder, bool watch, bool patient)
    {
        private readonly Dictionary<string, MessageBody> _pending = [];
        private readonly HashSet<string> _settled = [];
        private ContactBody? _contact;
        private bool _failed;

        // For the first offer, if it is not there yet.
        private bool Awaits => watch || (patient && _pending.Count == 0 && _settled.Count == 0);

        public async Task<int> RunAsync(TimeSpan limit, CancellationToken cancellation)
        {
            var offers = await session.GetAsync(ApiJson.Default.IReadOnlyListFileOfferBody, cancellation, "files");
            if (word is not null)
            {
                var contacts = await session.GetAsync(ApiJson.Default.IReadOnlyListContactBody, cancellation, "contacts");
                if (contacts.Any(contact => contact.Name.Equals(word, StringComparison.OrdinalIgnoreCase)) || !offers.Any(offer => IsNamed(offer.Message)))
                    _contact = await session.GetAsync(ApiJson.Default.ContactBody, cancellation, "contacts", word);
            }

            using var late = new CancellationTokenSource(limit, session.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            try
            {
                var begun = false;
                await foreach (var happened in session.Client.EventsAsync(either.Token))
                {
                    if (!begun)
                    {
                        // Listened first, asked then: nothing is missed.
                        begun = true;
                        foreach (var offer in (await session.GetAsync(ApiJson.Default.IReadOnlyListFileOfferBody, either.Token, "files")).Where(offer => offer.Kept || offer.Message.Files!.Outcome is null))
                            await TakeAsync(offer.Message, either.Token);
                    }

                    if (happened.Transfer is { } transfer && _pending.ContainsKey(transfer.Id))
                        session.Terminal.Progress(FileSpeech.Progress(transfer, session.Terminal.Columns));
                    if (happened.Message is { Files: not null } message && (Awaits || _pending.ContainsKey(message.Files.Transfer)))
                        await TakeAsync(message, either.Token);
                    if (_pending.Count == 0 && !Awaits)
                        break;
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return ExitCode.NotYet;
            }

            session.Terminal.EndProgress();
            await session.LeaveAsync(cancellation);
            if (_settled.Count == 0)
                session.Write(new SavedFilesBody([]), ApiJson.Default.SavedFilesBody, _ => session.Terminal.Note(Tongue.Of("Nothing is offered.", "Non è offerto niente.")));
            return _failed ? ExitCode.Refused : ExitCode.Done;
        }

        private bool IsNamed(MessageBody message) => word is { Length: >= 4 } && message.Files!.Transfer.StartsWith(word, StringComparison.OrdinalIgnoreCase);

        private async Task TakeAsync(MessageBody message, CancellationToken cancellation)
        {
            var files = message.Files!;
            if (message.Outgoing || _settled.Contains(files.Transfer) || (word is not null && (_contact is null ? !IsNamed(message) : message.Contact != _contact.Id)))
                return;
            if (files.Outcome is null)
            {
                if (_pending.TryAdd(files.Transfer, message))
                    await WantAsync(files.Transfer, cancellation);
                return;
            }

            _pending.Remove(files.Transfer);
            _settled.Add(files.Transfer);
            if (files.Outcome != "arrived")
            {
                _failed = true;
                session.Terminal.Note($"{FileSpeech.Names(files)}: {FileSpeech.Outcome(files.Outcome, outgoing: false)}");
                return;
            }

            var saved = Session.Read(
                await session.DoAsync("POST", new SaveFilesBody(folder), ApiJson.Default.SaveFilesBody, cancellation, "transfers", files.Transfer, "save"), ApiJson.Default.SavedFilesBody);
            session.Terminal.EndProgress();
            _failed |= saved.Paths.Contains(null);
            session.Write(saved, ApiJson.Default.SavedFilesBody, paths =>
            {
                foreach (var path in paths.Paths)
                    session.Terminal.Line(path is null ? Tongue.Of("(one that its sender could not give any more)", "(uno che il mittente non ha più potuto dare)") : Terminal.Clean(path));
            });
        }

        // It may end by itself at the same moment: its entry says so then.
        private async Task WantAsync(string transfer, CancellationToken cancellation)
        {
            var answer = await session.Client.SendAsync(ApiRequest.Of("POST", default, "transfers", transfer, "want"), cancellation);
            if (answer.IsDone)
                return;
            var offers = await session.GetAsync(ApiJson.Default.IReadOnlyListFileOfferBody, cancellation, "files");
            if (offers.FirstOrDefault(offer => offer.Message.Files!.Transfer == transfer) is { Message.Files.Outcome: not null } ended)
                await TakeAsync(ended.Message, cancellation);
        }
    }
}
