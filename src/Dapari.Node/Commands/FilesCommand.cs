using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>What files there are, and what becomes of those under way.</summary>
internal static class FilesCommand
{
    private static readonly (string Name, string Does)[] _changes =
    [
        ("pause", "Nothing of it moves until it is resumed"), ("resume", "It goes on"), ("cancel", "Take it back, or refuse it"), ("retry", "Try again whatever failed"),
    ];

    public static Command Create(Frame frame)
    {
        var who = new Argument<string?>("WHO") { Description = "Only this contact's", Arity = ArgumentArity.ZeroOrOne };
        var unasked = new Option<ulong?>("--receive-unasked") { Description = "From now on receive what contacts offer without asking, up to so many bytes at a time; 0: nothing", HelpName = "BYTES" };
        var command = new Command("files", "Show the files that were sent and offered, how they stand, and which ways they went") { who, unasked };
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
                    session.Terminal.Line($"{offer.Message.Files!.Transfer[..8]}  {Terminal.When(offer.Message.ShownAt)}  {(offer.Message.Outgoing ? "to" : "from")} {Terminal.Clean(offer.Name)}: "
                        + FileSpeech.Names(offer.Message.Files));
                    session.Terminal.Line("  " + FileSpeech.State(offer));
                }
            });
            return ExitCode.Done;
        });
        foreach (var (name, does) in _changes)
        {
            var id = new Argument<string>("ID") { Description = "The beginning of a transfer's id" };
            var change = new Command(name, does) { id };
            frame.Run(change, async (line, session, cancellation) =>
            {
                await session.AskAsync(ApiRequest.Of("POST", default, "transfers", line.GetValue(id)!, name), cancellation);
                return await session.LeaveAsync(cancellation) ? ExitCode.Done : ExitCode.NotYet;
            });
            command.Add(change);
        }

        return command;
    }
}
