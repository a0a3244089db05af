using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;

namespace Dapari.Testing;

/// <summary>A store in memory with a real one's transaction rules: a batch is kept whole or not at all, and what is read is never what was written to.</summary>
public sealed class MemoryPeerStore : IPeerStore
{
    private readonly SortedDictionary<string, byte[]> _state = new(StringComparer.Ordinal);
    private readonly Dictionary<MessageId, MessageRecord> _messages = [];

    /// <summary>What the next commits answer, in order; then they are kept again.</summary>
    public Queue<StoreFault> Faults { get; } = new();

    /// <summary>What the next commits throw, in order: bugs.</summary>
    public Queue<Exception> Throws { get; } = new();

    public int Commits { get; private set; }

    /// <summary>Every message as it is kept, in conversation order.</summary>
    public IReadOnlyList<MessageRecord> Messages(ContactId contact) =>
        [.. InOrder(contact).Select(message => message.Clone())];

    public IReadOnlyList<StateRow> State => [.. _state.Select(row => new StateRow(row.Key, [.. row.Value]))];

    /// <summary>A copy as of now: an old backup later.</summary>
    public MemoryPeerStore Copy()
    {
        var copy = new MemoryPeerStore();
        foreach (var (key, value) in _state)
            copy._state[key] = [.. value];
        foreach (var (id, message) in _messages)
            copy._messages[id] = message.Clone();
        return copy;
    }

    public void ReplaceState(IReadOnlyList<StateRow> rows)
    {
        _state.Clear();
        foreach (var row in rows)
            _state[row.Key] = row.Value;
    }

    public StoreFault Commit(StoreBatch batch)
    {
        if (Throws.TryDequeue(out var bug))
            throw bug;
        if (Faults.TryDequeue(out var fault) && fault != StoreFault.None)
            return fault;
        Commits++;
        foreach (var (key, value) in batch.State)
        {
            if (value is null)
                _state.Remove(key);
            else
                _state[key] = [.. value];
        }

        foreach (var contact in batch.ForgottenConversations)
        {
            foreach (var id in _messages.Where(message => message.Value.ContactId == contact.ToByteString()).Select(message => message.Key).ToList())
                _messages.Remove(id);
        }

        foreach (var message in batch.Messages)
        {
            if (!MessageId.TryRead(message.Id, out var id))
                throw new InvalidOperationException("A message without an id.");
            if (_messages.TryGetValue(id, out var kept)
                && (kept.ContactId != message.ContactId || kept.Outgoing != message.Outgoing || kept.Clock != message.Clock))
                continue;
            _messages[id] = message.Clone();
        }

        return StoreFault.None;
    }

    public MessageRecord? FindByEnvelope(EnvelopeId envelope)
    {
        var bytes = envelope.ToByteString();
        return _messages.Values.FirstOrDefault(message => message.EnvelopeId == bytes)?.Clone();
    }

    public MessageRecord? FindMessage(MessageId message) => _messages.GetValueOrDefault(message)?.Clone();

    public ValueTask<IReadOnlyList<StateRow>> LoadStateAsync(CancellationToken cancellation) => ValueTask.FromResult(State);

    public ValueTask<StoreFault> CommitAsync(StoreBatch batch, CancellationToken cancellation) => ValueTask.FromResult(Commit(batch));

    public ValueTask<MessageRecord?> FindByEnvelopeAsync(EnvelopeId envelope, CancellationToken cancellation) =>
        ValueTask.FromResult(FindByEnvelope(envelope));

    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) => ValueTask.FromResult(FindMessage(message));

    public ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation)
    {
        var all = InOrder(contact);
        var beside = anchor.IsEmpty
            ? all
            : all.Where(message => message.OrderKey.Span.SequenceCompareTo(anchor.Span) is var order
                && (direction == PageDirection.Older ? order < 0 : order > 0)).ToList();
        var fromEnd = anchor.IsEmpty || direction == PageDirection.Older;
        var page = fromEnd ? beside.Skip(Math.Max(0, beside.Count - count)) : beside.Take(count);
        return ValueTask.FromResult(new MessagePage([.. page.Select(message => message.Clone())], beside.Count > count));
    }

    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation)
    {
        var words = SearchWords.Of(query);
        var found = _messages.Values.Where(message => (contact is null || message.ContactId == contact.Value.ToByteString())
                && SearchWords.Matches(words, SearchWords.Of(message)))
            .OrderByDescending(message => message.ShownAtMs)
            .Take(count);
        return ValueTask.FromResult<IReadOnlyList<MessageRecord>>([.. found.Select(message => message.Clone())]);
    }

    public ValueTask WipeAsync(CancellationToken cancellation)
    {
        Wipe();
        return ValueTask.CompletedTask;
    }

    public void Wipe()
    {
        _state.Clear();
        _messages.Clear();
    }

    private List<MessageRecord> InOrder(ContactId contact)
    {
        var id = contact.ToByteString();
        var messages = _messages.Values.Where(message => message.ContactId == id).ToList();
        messages.Sort((one, other) => one.OrderKey.Span.SequenceCompareTo(other.OrderKey.Span));
        return messages;
    }
}
