using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>What files there are, and what becomes of those under way.</summary>
internal static class FilesCommand
{
    private static (string Name, string Does)[] Changes =>
    [
        ("pause", Tongue.Of("Nothing of it moves until it is resumed", "Fermalo finché non viene ripreso")), ("resume", Tongue.Of("It goes on", "Riprendi")),
        ("cancel", Tongue.Of("Take it back, or refuse it", "Ritiralo, o rifiutalo")), ("retry", Tongue.Of("Try again whatever failed", "Riprova ciò che non è riuscito")),
    ];

    public static Command Create(Frame frame)
    {
        var who = new Argument<string?>("WHO") { Description = Tongue.Of("Only this contact's", "Solo quelli di questo contatto"), Arity = ArgumentArity.ZeroOrOne };
        var unasked = new Option<ulong?>("--receive-unasked") { Description = Tongue.Of("From now on receive what contacts offer without asking, up to so many bytes at a time; 0: nothing", "D'ora in poi ricevi senza chiedere ciò che i contatti offrono, fino a questi byte per volta; 0: niente"), HelpName = "BYTES" };
        var command = new Command("files", Tongue.Of("Show the files that were sent and offered, how they stand, and which ways they went", "Mostra i file mandati e offerti, a che punto sono e per quali vie sono andati")) { who, unasked };
        frame.Run(command, async (line, session, cancellation) =>
        {
            if (line.GetValue(unasked) is { } bytes)
                await session.DoAsync("PATCH", new SettingsBody(ReceiveUnaskedBytes: bytes), ApiJson.Default.SettingsBody, cancellation, "settings");
            var request = ApiRequest.Get("files");
            if (line.GetValue(who) is { } contact)
                request = request with { Query = new Dictionary<string, string> { ["contact"] = contact } };
            session.Write(Session.Read(await session.AskAsync(request, cancellation), ApiJson.Default.IReadOnlyListFileOfferBody), ApiJson.Default.IReadOnlyListFileOfferBody, offers =>
            {
                foreach (var offer in offers)
                {
                    session.Terminal.Line($"{offer.Message.Files!.Transfer[..8]}  {Terminal.When(offer.Message.ShownAt)}  {(offer.Message.Outgoing ? Tongue.Of("to", "a") : Tongue.Of("from", "da"))} {Terminal.Clean(offer.Name)}: "
                        + FileSpeech.Names(offer.Message.Files));
                    session.Terminal.Line("  " + FileSpeech.State(offer));
                }
            });
            return ExitCode.Done;
        });
        foreach (var (name, does) in Changes)
        {
            var id = new Argument<string>("ID") { Description = Tongue.Of("The beginning of a transfer's id", "L'inizio dell'id di un trasferimento") };
            var change = new Command(name, does) { id };
            frame.Run(change, async (line, session, cancellation) =>
            {
                await session.AskAsync(ApiRequest.Of("POST", default, "transfers", line.GetValue(id)!, name), cancellation);
                session.Terminal.Done();
                return await session.LeaveAsync(cancellation) ? ExitCode.Done : ExitCode.NotYet;
            });
            command.Add(change);
        }

        return command;
    }
}
