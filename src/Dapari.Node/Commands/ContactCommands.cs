using System.CommandLine;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Who may write to whom.</summary>
internal static class ContactCommands
{
    public static Command Invite(Frame frame)
    {
        var reusable = new Option<bool>("--reusable") { Description = "For more than one person" };
        var days = new Option<uint>("--days") { Description = "It works for so many days; 0: until it is revoked", DefaultValueFactory = _ => 7, HelpName = "N" };
        var label = new Option<string?>("--label") { Description = "A word for yourself", HelpName = "TEXT" };
        var noQr = new Option<bool>("--no-qr") { Description = "Only the link" };
        var list = new Command("list", "The invites that there are");
        var id = new Argument<string>("ID");
        var revoke = new Command("revoke", "An invite works no longer") { id };
        var command = new Command("invite", "Make a link that lets somebody ask to be a contact") { reusable, days, label, noQr, list, revoke };
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
                    session.Terminal.Note("The server does not have it yet: the link works once it does.");
            });
            return published ? ExitCode.Done : ExitCode.NotYet;
        });
        frame.Run(list, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.IReadOnlyListInviteBody, cancellation, "invites"), ApiJson.Default.IReadOnlyListInviteBody, invites =>
            {
                foreach (var invite in invites)
                {
                    session.Terminal.Line($"{invite.Id}  {(invite.Revoked ? "revoked" : invite.Reusable ? "reusable" : "for one")}, used {invite.Uses} times"
                        + $"{(invite.ExpiresAt is { } end ? ", until " + Terminal.When(end) : "")}  {Terminal.Clean(invite.Label)}");
                    session.Terminal.Line("  " + invite.Link);
                }
            });
            return ExitCode.Done;
        });
        frame.Run(revoke, async (line, session, cancellation) =>
        {
            await session.AskAsync(ApiRequest.Of("DELETE", default, "invites", line.GetValue(id)!), cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Accept(Frame frame)
    {
        var link = new Argument<string>("LINK") { Description = "An invite link" };
        var command = new Command("accept", "Open an invite: ask its maker to be a contact") { link };
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
                session.Terminal.Line(left ? $"{Terminal.Clean(contact!.Name)}: {Speech.Contact(contact)}." : "Kept: it goes on once the server answers."));
            return left ? ExitCode.Done : ExitCode.NotYet;
        });
        return command;
    }

    public static Command Contacts(Frame frame)
    {
        var command = new Command("contacts", "Contacts, and who asks to be one");
        frame.Run(command, async (_, session, cancellation) =>
        {
            session.Write(await session.GetAsync(ApiJson.Default.IReadOnlyListContactBody, cancellation, "contacts"), ApiJson.Default.IReadOnlyListContactBody, contacts =>
            {
                foreach (var contact in contacts)
                {
                    session.Terminal.Line($"{contact.Id[..8]}  {Terminal.Clean(contact.Name)}: {Speech.Contact(contact)}"
                        + (contact.Unread > 0 ? $", {contact.Unread} unread" : "") + (contact.Path.State == "open" ? ", direct path open" : ""));
                }
            });
            return ExitCode.Done;
        });
        command.Add(Change(frame, "accept", "Answer a request: yes", new ContactChangeBody(Answer: "accept")));
        command.Add(Change(frame, "refuse", "Answer a request: no", new ContactChangeBody(Answer: "refuse")));
        command.Add(Change(frame, "block", "Take nothing of theirs any more, and say nothing", new ContactChangeBody(Blocked: true)));
        command.Add(Change(frame, "unblock", "Take what they write again", new ContactChangeBody(Blocked: false)));
        var name = new Argument<string>("NAME") { Description = "A name of your own for them; empty: theirs" };
        command.Add(Change(frame, "rename", "Call them by a name of your own", null, name));
        var who = Who();
        var remove = new Command("remove", "Forget a contact, with everything said") { who };
        frame.Run(remove, async (line, session, cancellation) =>
        {
            await session.AskAsync(ApiRequest.Of("DELETE", default, "contacts", line.GetValue(who)!), cancellation);
            await session.LeaveAsync(cancellation);
            return ExitCode.Done;
        });
        command.Add(remove);
        return command;
    }

    public static Command Verify(Frame frame)
    {
        var who = Who();
        var yes = new Option<bool>("--yes") { Description = "The numbers are the same: keep them as verified" };
        var no = new Option<bool>("--no") { Description = "They are not verified any more" };
        var command = new Command("verify", "The safety number, to be compared with theirs by another way") { who, yes, no };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var contact = line.GetValue(who)!;
            if (line.GetValue(yes) || line.GetValue(no))
                await session.DoAsync("PATCH", new ContactChangeBody(Verified: line.GetValue(yes)), ApiJson.Default.ContactChangeBody, cancellation, "contacts", contact);
            session.Write(await session.GetAsync(ApiJson.Default.SafetyBody, cancellation, "contacts", contact, "safety"), ApiJson.Default.SafetyBody, safety =>
            {
                foreach (var row in safety.Digits.Chunk(5).Select(group => new string(group)).Chunk(4))
                    session.Terminal.Line("  " + string.Join("  ", row));
                session.Terminal.Line(safety.Verified ? "Verified." : "Not verified. If the other sees the same number: `dapari verify " + contact + " --yes`.");
            });
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Whom a command is about.</summary>
    public static Argument<string> Who() => new("CONTACT") { Description = "A name, or the beginning of an id (4 digits or more)" };

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
