using Dapari.Peer.Calls;
using Dapari.Peer.Contacts;
using Dapari.Peer.Hosting;
using Dapari.Peer.Invites;
using Dapari.Peer.Local;
using Dapari.Peer.Outbox;
using Dapari.Peer.Servers;
using Dapari.Peer.Sessions;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Engine;

/// <summary>What one input leads to, as it is gathered. Rows are marked while they change and written once, at the end.</summary>
internal sealed class Step(PeerState state, Moment now)
{
    private readonly HashSet<Contact> _contacts = [];
    private readonly HashSet<OwnInvite> _invites = [];
    private readonly HashSet<KnownSession> _sessions = [];
    private readonly HashSet<OutboxEntry> _entries = [];
    private readonly HashSet<Call> _calls = [];
    private readonly Dictionary<ByteString, MessageChange> _changes = [];
    private bool _self;
    private bool _vault;

    public Moment Now { get; } = now;

    /// <summary>The wall clock as an unsigned count of milliseconds; a clock before 1970 counts as 0.</summary>
    public ulong WallMs { get; } = (ulong)Math.Max(0, now.WallMs);

    public StoreBatch Batch { get; } = new();

    public List<PeerEffect> Effects { get; } = [];

    /// <summary>Whether something that the snapshot shows changed, besides contacts.</summary>
    public bool ViewDirty { get; set; }

    /// <summary>Contacts whose view may have changed.</summary>
    public HashSet<Contact> Seen { get; } = [];

    public IReadOnlyCollection<MessageChange> Changes => _changes.Values;

    public void Do(PeerEffect effect) => Effects.Add(effect);

    public void Complete(long token, CommandRefusal refusal) => Complete(token, new CommandResult { Refusal = refusal });

    public void Complete(long token, CommandResult result) => Do(new PeerEffect.Completed(token, result));

    public void Done(long token) => Complete(token, CommandRefusal.Unspecified);

    public void SelfChanged()
    {
        _self = true;
        ViewDirty = true;
    }

    public void VaultChanged() => _vault = true;

    public void Changed(Contact contact)
    {
        _contacts.Add(contact);
        Seen.Add(contact);
    }

    public void Changed(OwnInvite invite)
    {
        _invites.Add(invite);
        ViewDirty = true;
    }

    public void Changed(KnownSession session) => _sessions.Add(session);

    public void Changed(OutboxEntry entry) => _entries.Add(entry);

    public void Changed(Call call) => _calls.Add(call);

    public void Changed(OwnBox box)
    {
        if (box.Contact is { } contact)
            Changed(contact);
        else if (box.Invite is { } invite)
            Changed(invite);
        else
            Batch.State[OwnBox.GoneKey(box.Id)] = box.Record.ToByteArray();
    }

    /// <summary>Something about the contact that is shown changed, but nothing that is kept.</summary>
    public void Shown(Contact contact) => Seen.Add(contact);

    public void Delete(string row) => Batch.State[row] = null;

    public void Deleted(Contact contact)
    {
        _contacts.Remove(contact);
        Seen.Remove(contact);
        ViewDirty = true;
        Delete(Contact.RowKey(contact.Id));
    }

    public void Deleted(KnownSession session)
    {
        _sessions.Remove(session);
        Delete(KnownSession.RowKey(session.Id));
    }

    public void Deleted(OwnInvite invite)
    {
        _invites.Remove(invite);
        ViewDirty = true;
        Delete(OwnInvite.RowKey(invite.Id));
    }

    public void Deleted(Call call)
    {
        _calls.Remove(call);
        Delete(CallRows.Key(call.Id));
    }

    public void Deleted(OutboxEntry entry)
    {
        _entries.Remove(entry);
        Delete(entry.RowKey);
    }

    /// <summary>Keeps a message as it is now; arrived: incoming and new.</summary>
    public void Put(MessageRecord message, bool arrived = false)
    {
        var record = message.Clone();
        Batch.Messages.RemoveAll(earlier => earlier.Id == record.Id);
        Batch.Messages.Add(record);
        arrived |= _changes.TryGetValue(record.Id, out var before) && before.Arrived;
        _changes[record.Id] = new MessageChange { Record = record, Arrived = arrived };
    }

    /// <summary>All of a contact's messages go.</summary>
    public void Forget(ContactId contact, ByteString id)
    {
        Batch.ForgottenConversations.Add(contact);
        Batch.Messages.RemoveAll(message => message.ContactId == id);
        foreach (var key in _changes.Where(change => change.Value.Record.ContactId == id).Select(change => change.Key).ToList())
            _changes.Remove(key);
    }

    /// <summary>Writes what was marked into the batch.</summary>
    public void Flush()
    {
        if (_self && state.Self is { } self)
            Batch.State["self"] = self.ToByteArray();
        if (_vault && state.Vault is { } vault)
            Batch.State["prekeys"] = vault.Save().ToByteArray();
        // A contact that went away while it changed stays away.
        foreach (var contact in _contacts.Where(contact => state.Contacts.GetValueOrDefault(contact.Id) == contact))
            Batch.State[Contact.RowKey(contact.Id)] = contact.Record.ToByteArray();
        foreach (var invite in _invites)
            Batch.State[OwnInvite.RowKey(invite.Id)] = invite.Record.ToByteArray();
        foreach (var session in _sessions)
            Batch.State[KnownSession.RowKey(session.Id)] = session.Session.Save().ToByteArray();
        foreach (var call in _calls)
            Batch.State[CallRows.Key(call.Id)] = CallRows.Save(call).ToByteArray();
        foreach (var entry in _entries)
            Batch.State[entry.RowKey] = entry.Record.ToByteArray();
    }
}
