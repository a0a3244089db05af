using Dapari.Peer.Contacts;
using Dapari.Wire;

namespace Dapari.Peer.Outbox;

/// <summary>What is on its way to one contact: every entry once, by id, and those that wait for a way in their order.</summary>
internal sealed class ContactQueue(Contact contact)
{
    private readonly Dictionary<EnvelopeId, OutboxEntry> _all = [];
    private readonly Dictionary<MessageId, OutboxEntry> _byMessage = [];
    private readonly SortedDictionary<ulong, OutboxEntry> _waiting = [];
    private readonly SortedDictionary<ulong, OutboxEntry> _onPath = [];

    public int Count => _all.Count;

    public IEnumerable<OutboxEntry> All => _all.Values;

    /// <summary>Unsealed or ready ones, in order.</summary>
    public IReadOnlyCollection<OutboxEntry> Waiting => _waiting.Values;

    public IReadOnlyCollection<OutboxEntry> OnPath => _onPath.Values;

    /// <summary>Messages that are still on this device only.</summary>
    public uint QueuedMessages { get; private set; }

    /// <summary>Entries that begin or settle the contact.</summary>
    public int MakingContact { get; private set; }

    /// <summary>When the full (or unknown) mailbox is tried again (monotonic); null: it takes envelopes.</summary>
    public long? DoorShutUntil { get; set; }

    public bool DoorGone { get; set; }

    /// <summary>The server last said that it does not know the mailbox: they removed us, or it lost everything.</summary>
    public bool LastFoundGone { get; set; }

    public long DoorBackoffMs { get; set; }

    public OutboxEntry? Find(MessageId message) => _byMessage.GetValueOrDefault(message);

    public OutboxEntry? Find(EnvelopeId envelope) => _all.GetValueOrDefault(envelope);

    public void Add(OutboxEntry entry)
    {
        _all.Add(entry.EnvelopeId, entry);
        if (entry.Message is { } message && MessageId.TryRead(message.Id, out var id))
            _byMessage[id] = entry;
        if (IsQueued(entry))
            QueuedMessages++;
        if (entry.MakesContact)
            MakingContact++;
        File(entry);
    }

    public void Remove(OutboxEntry entry)
    {
        if (!_all.Remove(entry.EnvelopeId))
            throw new InvalidOperationException($"The entry is not in the queue of {contact.Id}.");
        if (entry.Message is { } message && MessageId.TryRead(message.Id, out var id) && _byMessage.GetValueOrDefault(id) == entry)
            _byMessage.Remove(id);
        if (IsQueued(entry))
            QueuedMessages--;
        if (entry.MakesContact)
            MakingContact--;
        _waiting.Remove(entry.Order);
        _onPath.Remove(entry.Order);
    }

    public void Move(OutboxEntry entry, EntryPhase phase)
    {
        _waiting.Remove(entry.Order);
        _onPath.Remove(entry.Order);
        entry.Phase = phase;
        File(entry);
    }

    /// <summary>The server has it: it no longer counts as queued.</summary>
    public void MarkOnServer(OutboxEntry entry, ulong wallMs)
    {
        if (IsQueued(entry))
            QueuedMessages--;
        entry.Record.OnServer = true;
        entry.Record.OnServerAtMs = wallMs;
    }

    /// <summary>The server keeps it no longer.</summary>
    public static void MarkOffServer(OutboxEntry entry) => entry.Record.OnServer = false;

    private static bool IsQueued(OutboxEntry entry) => entry.Message is { State: Store.MessageState.Queued };

    private void File(OutboxEntry entry)
    {
        if (entry.Phase is EntryPhase.Unsealed or EntryPhase.Ready)
            _waiting[entry.Order] = entry;
        else if (entry.Phase == EntryPhase.OnPath)
            _onPath[entry.Order] = entry;
    }
}
