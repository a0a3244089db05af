using System.Buffers.Text;
using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Who may write to whom.</summary>
internal static class ContactCommands
{
    // As the browser's peer shows and scans it.
    private const string SafetyPrefix = "dapari-safety:";

    public static Command Invite(Frame frame)
    {
        var reusable = new Option<bool>("--reusable") { Description = Tongue.Of("For more than one person", "Per più di una persona") };
        var days = new Option<uint>("--days") { Description = Tongue.Of("It works for so many days; 0: until it is revoked", "Vale per questi giorni; 0: finché non lo revochi"), DefaultValueFactory = _ => 7, HelpName = "N" };
        var label = new Option<string?>("--label") { Description = Tongue.Of("A word for yourself", "Un appunto per te"), HelpName = "TEXT" };
        var noQr = new Option<bool>("--no-qr") { Description = Tongue.Of("Only the link", "Solo il link") };
        var list = new Command("list", Tongue.Of("The invites that there are", "Gli inviti che ci sono"));
        var id = new Argument<string>("ID") { Description = Tongue.Of("An invite's id, as `invite list` shows it", "L'id di un invito, come lo mostra `invite list`") };
        var revoke = new Command("revoke", Tongue.Of("An invite works no longer", "Un invito non vale più")) { id };
        var command = new Command("invite", Tongue.Of("Make a link that lets somebody ask to be a contact", "Crea un link con cui qualcuno può chiedere di essere un contatto")) { reusable, days, label, noQr, list, revoke };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var made = Session.Read(await session.DoAsync(
                "POST", new NewInviteBody(line.GetValue(reusable), (ulong)line.GetValue(days) * 86_400, line.GetValue(label)), ApiJson.Default.NewInviteBody, cancellation,
                "invites"), ApiJson.Default.InviteBody);
            // It works once the server has it.
            var published = await IsPublishedAsync(session, made.Id, cancellation);
            session.Write(made with { Published = published }, ApiJson.Default.InviteBody, invite =>
            {
                session.Terminal.Line(invite.Link);
                foreach (var row in line.GetValue(noQr) ? [] : Qr.Lines(invite.Link))
                    session.Terminal.Line(row);
                if (!published)
                    session.Terminal.Note(Tongue.Of("The server does not have it yet: the link works once it does.", "Il server non ce l'ha ancora: il link funzionerà appena l'avrà."));
            });
            return published ? ExitCode.Done : ExitCode.NotYet;
        });
        frame.Run(list, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.IReadOnlyListInviteBody, cancellation, "invites"), ApiJson.Default.IReadOnlyListInviteBody, invites =>
            {
                foreach (var invite in invites)
                {
                    session.Terminal.Line($"{invite.Id}  {(invite.Revoked ? Tongue.Of("revoked", "revocato") : invite.Reusable ? Tongue.Of("reusable", "per più persone") : Tongue.Of("for one", "per uno"))}"
                        + Tongue.Of($", used {invite.Uses} times", $", usato {invite.Uses} volte")
                        + $"{(invite.ExpiresAt is { } end ? Tongue.Of(", until ", ", fino al ") + Terminal.When(end) : "")}  {Terminal.Clean(invite.Label)}");
                    session.Terminal.Line("  " + invite.Link);
                }
            });
            return ExitCode.Done;
        });
        frame.Run(revoke, async (line, session, cancellation) =>
        {
            await session.AskAsync(ApiRequest.Of("DELETE", default, "invites", line.GetValue(id)!), cancellation);
            session.Terminal.Done();
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Accept(Frame frame)
    {
        var link = new Argument<string>("LINK") { Description = Tongue.Of("An invite link", "Un link d'invito") };
        var command = new Command("accept", Tongue.Of("Open an invite: ask its maker to be a contact", "Apri un invito: chiedi a chi l'ha fatto di essere un contatto")) { link };
        frame.Run(command, async (line, session, cancellation) =>
        {
            ContactBody? contact = null;
            var asked = await session.WaitAsync(
                Session.LeavingLimit,
                happened => contact is not null && happened.Contact is { } changed && changed.Id == contact.Id && (contact = changed).State != "inviting",
                async () =>
                {
                    var body = await session.DoAsync("POST", new LinkBody(line.GetValue(link)!), ApiJson.Default.LinkBody, cancellation, "accept");
                    contact = Session.Read(body, ApiJson.Default.ContactBody);
                },
                cancellation);
            var left = asked && await session.LeaveAsync(cancellation);
            session.Write(contact!, ApiJson.Default.ContactBody, _ =>
                session.Terminal.Line(left ? $"{Terminal.Clean(contact!.Name)}: {Speech.Contact(contact)}." : Tongue.Of("Kept: it goes on once the server answers.", "Tenuto qui: prosegue appena il server risponde.")));
            return left ? ExitCode.Done : ExitCode.NotYet;
        });
        return command;
    }

    public static Command Contacts(Frame frame)
    {
        var command = new Command("contacts", Tongue.Of("Contacts, and who asks to be one", "I contatti, e chi chiede di esserlo"));
        frame.Run(command, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.IReadOnlyListContactBody, cancellation, "contacts"), ApiJson.Default.IReadOnlyListContactBody, contacts =>
            {
                foreach (var contact in contacts)
                {
                    session.Terminal.Line($"{contact.Id[..8]}  {Terminal.Clean(contact.Name)}: {Speech.Contact(contact)}"
                        + (contact.Unread > 0 ? Tongue.Of($", {contact.Unread} unread", $", {contact.Unread} da leggere") : "") + (contact.Path.State == "open" ? Tongue.Of(", direct path open", ", via diretta aperta") : ""));
                }
            });
            return ExitCode.Done;
        });
        command.Add(Change(frame, "accept", Tongue.Of("Answer a request: yes", "Rispondi di sì a una richiesta"), new ContactChangeBody(Answer: "accept")));
        command.Add(Change(frame, "refuse", Tongue.Of("Answer a request: no", "Rispondi di no a una richiesta"), new ContactChangeBody(Answer: "refuse")));
        command.Add(Change(frame, "block", Tongue.Of("Take nothing of theirs any more, and say nothing", "Non ricevere più niente da loro, senza dirlo"), new ContactChangeBody(Blocked: true)));
        command.Add(Change(frame, "unblock", Tongue.Of("Take what they write again", "Ricevi di nuovo quello che scrivono"), new ContactChangeBody(Blocked: false)));
        var name = new Argument<string>("NAME") { Description = Tongue.Of("A name of your own for them; empty: theirs", "Un nome scelto da te; vuoto: il loro") };
        command.Add(Change(frame, "rename", Tongue.Of("Call them by a name of your own", "Chiamali con un nome scelto da te"), null, name));
        var who = Who();
        var remove = new Command("remove", Tongue.Of("Forget a contact, with everything said", "Dimentica un contatto e tutto quello che vi siete detti")) { who };
        frame.Run(remove, async (line, session, cancellation) =>
        {
            await session.AskAsync(ApiRequest.Of("DELETE", default, "contacts", line.GetValue(who)!), cancellation);
            await session.LeaveAsync(cancellation);
            session.Terminal.Done();
            return ExitCode.Done;
        });
        command.Add(remove);
        return command;
    }

    public static Command Verify(Frame frame)
    {
        var who = Who();
        var yes = new Option<bool>("--yes") { Description = Tongue.Of("The numbers are the same: keep them as verified", "I numeri sono uguali: segna il contatto come verificato") };
        var no = new Option<bool>("--no") { Description = Tongue.Of("They are not verified any more", "Il contatto non è più verificato") };
        var noQr = new Option<bool>("--no-qr") { Description = Tongue.Of("Only the digits", "Solo le cifre") };
        var command = new Command("verify", Tongue.Of("The safety number, to be compared with theirs by another way", "Il numero di sicurezza, da confrontare con il loro per un'altra via")) { who, yes, no, noQr };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var contact = line.GetValue(who)!;
            if (line.GetValue(yes) || line.GetValue(no))
                await session.DoAsync("PATCH", new ContactChangeBody(Verified: line.GetValue(yes)), ApiJson.Default.ContactChangeBody, cancellation, "contacts", contact);
            session.Write(await session.GetAsync(ApiJson.Default.SafetyBody, cancellation, "contacts", contact, "safety"), ApiJson.Default.SafetyBody, safety =>
            {
                foreach (var row in safety.Digits.Chunk(5).Select(group => new string(group)).Chunk(4))
                    session.Terminal.Line("  " + string.Join("  ", row));
                foreach (var row in line.GetValue(noQr) ? [] : Qr.Lines(SafetyPrefix + Base64Url.EncodeToString(Convert.FromHexString(safety.Code))))
                    session.Terminal.Line(row);
                session.Terminal.Line(safety.Verified
                    ? Tongue.Of("Verified.", "Verificato.")
                    : Tongue.Of($"Not verified. If the other sees the same number, or reads this code: `dapari verify {contact} --yes`.", $"Non verificato. Se l'altro vede lo stesso numero, o legge questo codice: `dapari verify {contact} --yes`."));
            });
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Whom a command is about.</summary>
    public static Argument<string> Who() => new("CONTACT") { Description = Tongue.Of("A name, or the beginning of an id (4 digits or more)", "Un nome, o l'inizio di un id (almeno 4 cifre)") };

    private static Command Change(Frame frame, string word, string description, ContactChangeBody? change, Argument<string>? name = null)
    {
        var who = Who();
        var command = new Command(word, description) { who };
        if (name is not null)
            command.Add(name);
        frame.Run(command, async (line, session, cancellation) =>
        {
            var body = change ?? new ContactChangeBody(Name: line.GetValue(name!));
            var changed = Session.Read(
                await session.DoAsync("PATCH", body, ApiJson.Default.ContactChangeBody, cancellation, "contacts", line.GetValue(who)!), ApiJson.Default.ContactBody);
            var left = await session.LeaveAsync(cancellation);
            session.Write(changed, ApiJson.Default.ContactBody, contact => session.Terminal.Line($"{Terminal.Clean(contact.Name)}: {Speech.Contact(contact)}."));
            return left ? ExitCode.Done : ExitCode.NotYet;
        });
        return command;
    }

    private static async Task<bool> IsPublishedAsync(Session session, string id, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(Session.LeavingLimit, session.Time);
        while (true)
        {
            var invites = await session.GetAsync(ApiJson.Default.IReadOnlyListInviteBody, cancellation, "invites");
            if (invites.Any(invite => invite.Id == id && invite.Published))
                return true;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
                await Task.Delay(TimeSpan.FromMilliseconds(20), session.Time, either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
