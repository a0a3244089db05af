using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Which way things go, and why.</summary>
internal static class WayCommands
{
    public static Command Route(Frame frame)
    {
        var who = new Argument<string?>("CONTACT") { Description = Tongue.Of("A name, or the beginning of an id; none: examines this machine alone", "Un nome, o l'inizio di un id; nessuno: esamina solo questa macchina"), Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<uint>("--timeout") { Description = Tongue.Of("Look for a direct path so many seconds", "Cerca una via diretta per questi secondi"), DefaultValueFactory = _ => 10, HelpName = "SECONDS" };
        var command = new Command("route", Tongue.Of("The way a message would go now, and why", "La via che un messaggio farebbe ora, e perché")) { who, limit };
        frame.Run(command, async (line, session, cancellation) =>
        {
            if (line.GetValue(who) is not { } name)
                return await ExamineAsync(session, cancellation);
            var contact = await session.GetAsync(ApiJson.Default.ContactBody, cancellation, "contacts", name);
            await session.WaitAsync(
                TimeSpan.FromSeconds(line.GetValue(limit)),
                happened =>
                {
                    if (happened.Contact is { } changed && changed.Id == contact.Id)
                        contact = changed;
                    return contact.Path.State == "open" || contact.Path.NextReason is "no-path" or "you-chose-server" or "they-chose-server" or "not-accepted-yet";
                },
                () => session.AskAsync(ApiRequest.Of("POST", default, "contacts", contact.Id, "active"), cancellation),
                cancellation);
            var live = await session.GetAsync(ApiJson.Default.LiveRouteBody, cancellation, "contacts", contact.Id, "route");
            contact = live.Contact;
            session.Write(live, ApiJson.Default.LiveRouteBody, shown => WaySpeech.Write(session.Terminal, shown, session.Time.GetUtcNow()));
            // They are there, nobody forbids it, and yet no path: then the networks are asked why.
            if (!session.Terminal.Json && contact is { Path: { State: not "open", Present: true }, TheyHideAddress: false, EffectivePolicy: not "server-only" })
            {
                session.Terminal.Note(Asking());
                DoctorSpeech.Write(session.Terminal, await session.GetAsync(ApiJson.Default.DoctorBody, cancellation, "doctor"));
            }

            return ExitCode.Done;
        }, direct: true);
        return command;
    }

    private static async Task<int> ExamineAsync(Session session, CancellationToken cancellation)
    {
        session.Terminal.Note(Asking());
        var body = await session.GetAsync(ApiJson.Default.DoctorBody, cancellation, "doctor");
        session.Write(body, ApiJson.Default.DoctorBody, shown => DoctorSpeech.Write(session.Terminal, shown));
        return DoctorSpeech.IsWell(body) ? ExitCode.Done : ExitCode.Refused;
    }

    private static string Asking() => Tongue.Of("Asking the home server's servers how they see this machine…", "Chiedo ai server come vedono questa macchina…");

    public static Command Policy(Frame frame)
    {
        var policy = new Argument<string>("POLICY") { Description = Tongue.Of("default, automatic, direct-only or server-only", "default (come per tutti), automatic, direct-only (solo diretto) o server-only (solo per il server)") };
        policy.AcceptOnlyFromAmong("default", "automatic", "direct-only", "server-only");
        var who = new Argument<string?>("CONTACT") { Description = Tongue.Of("For one contact; else for all that have none of their own", "Per un contatto; altrimenti per tutti quelli che non ne hanno una propria"), Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("policy", Tongue.Of("Decide which ways are allowed", "Decidi quali vie sono permesse")) { policy, who };
        frame.Run(command, async (line, session, cancellation) =>
        {
            if (line.GetValue(who) is { } contact)
                await session.DoAsync("PATCH", new ContactChangeBody(Policy: line.GetValue(policy)), ApiJson.Default.ContactChangeBody, cancellation, "contacts", contact);
            else
                await session.DoAsync("PATCH", new SettingsBody(Policy: line.GetValue(policy)), ApiJson.Default.SettingsBody, cancellation, "settings");
            session.Terminal.Done();
            return await session.LeaveAsync(cancellation) ? ExitCode.Done : ExitCode.NotYet;
        });
        return command;
    }

    public static Command Relay(Frame frame)
    {
        var command = new Command("relay", Tongue.Of("How to run a relay (STUN and TURN)", "Come si fa funzionare un relay (STUN e TURN)"));
        frame.RunAlone(command, (_, terminal, _) =>
        {
            terminal.Line("A relay is part of the server: `dapari-server serve` runs one beside the mailboxes, `dapari-server relay` runs one alone.");
            terminal.Line("`dapari-server relay --help` lists its options.");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
