using System.Buffers.Binary;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Simulation.Peers;

/// <summary>The transaction rules of a real store: a batch is kept whole or not at all, and is durable once said so. Records are kept as bytes.</summary>
internal sealed class SimStore
{
    private readonly SortedDictionary<string, byte[]> _state = new(StringComparer.Ordinal);
    private readonly Dictionary<MessageId, MessageRecord> _messages = [];
    private readonly Dictionary<EnvelopeId, MessageId> _byEnvelope = [];

    public IReadOnlyDictionary<MessageId, MessageRecord> Messages => _messages;

    public IEnumerable<KeyValuePair<string, byte[]>> Rows => _state;

    public int RowCount => _state.Count;

    public StateRow[] Load() => [.. _state.Select(pair => new StateRow(pair.Key, (byte[])pair.Value.Clone()))];

    public void Keep(StoreBatch batch, bool withoutMessages = false)
    {
        foreach (var (key, value) in batch.State)
        {
            if (value is null)
                _state.Remove(key);
            else
                _state[key] = (byte[])value.Clone();
        }

        foreach (var contact in batch.ForgottenConversations)
            Forget(contact);
        if (withoutMessages)
            return;
        foreach (var message in batch.Messages)
            Put(message.Clone());
    }

    public MessageRecord? Find(EnvelopeId envelope) =>
        _byEnvelope.TryGetValue(envelope, out var id) && _messages.TryGetValue(id, out var message) ? message.Clone() : null;

    public MessageRecord? Find(MessageId message) => _messages.GetValueOrDefault(message);

    /// <summary>A conversation by its order keys.</summary>
    public IEnumerable<MessageRecord> Conversation(ContactId contact) => _messages.Values
        .Where(message => message.ContactId.Span.SequenceEqual(contact.ToArray()))
        .OrderBy(message => BinaryPrimitives.ReadUInt64BigEndian(message.OrderKey.Span))
        .ThenBy(message => BinaryPrimitives.ReadUInt64BigEndian(message.OrderKey.Span[8..]));

    public SimBackup Save() => new(Load(), [.. _messages.Values.Select(message => message.Clone())]);

    public void Replace(IReadOnlyList<StateRow> rows, IReadOnlyList<MessageRecord> messages)
    {
        Wipe();
        foreach (var row in rows)
            _state[row.Key] = (byte[])row.Value.Clone();
        foreach (var message in messages)
            Put(message.Clone());
    }

    public void Wipe()
    {
        _state.Clear();
        _messages.Clear();
        _byEnvelope.Clear();
    }

    /// <summary>Several steps' batches as one, as if each had been kept by itself.</summary>
    public static StoreBatch Join(IReadOnlyList<StoreBatch> batches)
    {
        if (batches.Count == 1)
            return batches[0];
        var joined = new StoreBatch();
        foreach (var batch in batches)
        {
            foreach (var (key, value) in batch.State)
                joined.State[key] = value;
            foreach (var contact in batch.ForgottenConversations)
            {
                joined.Messages.RemoveAll(message => message.ContactId.Span.SequenceEqual(contact.ToArray()));
                joined.ForgottenConversations.Add(contact);
            }

            joined.Messages.AddRange(batch.Messages);
        }

        return joined;
    }

    /// <summary>Nobody writes over a message that is not theirs: another contact, direction or clock is left out.</summary>
    public bool LeavesOut(MessageId id, MessageRecord message) => _messages.TryGetValue(id, out var former)
        && (former.ContactId != message.ContactId || former.Outgoing != message.Outgoing || former.Clock != message.Clock);

    private void Put(MessageRecord message)
    {
        MessageId.TryRead(message.Id, out var id);
        if (LeavesOut(id, message))
            return;
        if (_messages.TryGetValue(id, out var former) && EnvelopeId.TryRead(former.EnvelopeId, out var formerEnvelope))
            _byEnvelope.Remove(formerEnvelope);
        _messages[id] = message;
        if (EnvelopeId.TryRead(message.EnvelopeId, out var envelope))
            _byEnvelope[envelope] = id;
    }

    private void Forget(ContactId contact)
    {
        var bytes = contact.ToArray();
        foreach (var (id, message) in _messages.Where(pair => pair.Value.ContactId.Span.SequenceEqual(bytes)).ToArray())
        {
            _messages.Remove(id);
            if (EnvelopeId.TryRead(message.EnvelopeId, out var envelope))
                _byEnvelope.Remove(envelope);
        }
    }
}

/// <summary>What was saved of a store at some moment.</summary>
internal sealed record SimBackup(IReadOnlyList<StateRow> Rows, IReadOnlyList<MessageRecord> Messages);
