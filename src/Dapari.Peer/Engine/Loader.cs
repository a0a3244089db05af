using Dapari.Crypto;
using Dapari.Crypto.State;
using Dapari.Peer.Contacts;
using Dapari.Peer.Hosting;
using Dapari.Peer.Invites;
using Dapari.Peer.Servers;
using Dapari.Peer.Sessions;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Engine;

/// <summary>Rebuilds the state from kept rows.</summary>
internal static class Loader
{
    /// <summary>Reads every row; kinds of a newer version are left alone.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public static void Load(Parts parts, IReadOnlyList<StateRow> rows)
    {
        try
        {
            LoadRows(parts, rows);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new InvalidDataException("A row of the store cannot be read.", fault);
        }
    }

    private static void LoadRows(Parts parts, IReadOnlyList<StateRow> rows)
    {
        var state = parts.State;
        var sessions = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var outbox = new List<OutboxRecord>();
        var files = new List<StateRow>();
        foreach (var row in rows)
        {
            var slash = row.Key.IndexOf('/', StringComparison.Ordinal);
            switch (slash < 0 ? row.Key : row.Key[..slash])
            {
                case "self":
                    ProfileDesk.Use(state, SelfRecord.Parser.ParseFrom(row.Value));
                    break;
                case "prekeys":
                    state.Vault = PrekeyVault.TryLoad(PrekeyState.Parser.ParseFrom(row.Value), out var vault)
                        ? vault
                        : throw new InvalidDataException("The row \"prekeys\" cannot be read.");
                    break;
                case "contact":
                    LoadContact(state, ContactRecord.Parser.ParseFrom(row.Value));
                    break;
                case "invite":
                    LoadInvite(state, InviteRecord.Parser.ParseFrom(row.Value));
                    break;
                case "gone":
                    var gone = new OwnBox(OwnMailbox.Parser.ParseFrom(row.Value), null, null);
                    state.Boxes[gone.Id] = gone;
                    break;
                case "inbox" when EnvelopeIdOf(row.Key) is { } envelope:
                    state.Parked[envelope] = ParkedMessage.Parser.ParseFrom(row.Value);
                    break;
                case "call":
                    parts.Calls.Load(CallRow.Parser.ParseFrom(row.Value));
                    break;
                case "transfer" or "early" or "removed":
                    files.Add(row);
                    break;
                case "session":
                    sessions[row.Key] = row.Value;
                    break;
                case "outbox":
                    outbox.Add(OutboxRecord.Parser.ParseFrom(row.Value));
                    break;
            }
        }

        parts.Files.Load(files);
        foreach (var contact in state.Contacts.Values)
            LoadSessions(state, contact, sessions);
        foreach (var record in outbox.OrderBy(record => record.Order))
        {
            if (ContactId.TryRead(record.ContactId, out var id) && state.Contacts.TryGetValue(id, out var contact))
                parts.Outbox.Load(contact, record);
        }
    }

    private static void LoadContact(PeerState state, ContactRecord record)
    {
        if (!ContactId.TryRead(record.Id, out var id))
            throw new InvalidDataException("A contact row cannot be read.");
        var contact = new Contact(id, record);
        state.Add(contact);
        if (record.Mailbox is null)
            return;
        contact.Box = new OwnBox(record.Mailbox, contact, null);
        state.Boxes[contact.Box.Id] = contact.Box;
    }

    private static void LoadInvite(PeerState state, InviteRecord record)
    {
        if (!InviteId.TryRead(record.Id, out var id))
            throw new InvalidDataException("An invite row cannot be read.");
        var invite = new OwnInvite(id, record);
        state.Invites.Add(id, invite);
        if (record.Mailbox is null)
            return;
        var box = new OwnBox(record.Mailbox, null, invite);
        state.Boxes[box.Id] = box;
    }

    private static void LoadSessions(PeerState state, Contact contact, Dictionary<string, byte[]> rows)
    {
        foreach (var bytes in contact.Record.Devices.SelectMany(device => device.SessionIds))
        {
            if (!SessionId.TryRead(bytes, out var id) || !rows.TryGetValue(KnownSession.RowKey(id), out var row))
                continue;
            if (!Session.TryLoad(SessionState.Parser.ParseFrom(row), out var session))
                throw new InvalidDataException("A session row cannot be read.");
            state.Sessions[id] = new KnownSession(session, contact.Id);
        }
    }

    private static EnvelopeId? EnvelopeIdOf(string key)
    {
        try
        {
            return EnvelopeId.TryRead(Convert.FromHexString(key.AsSpan("inbox/".Length)), out var id) ? id : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
