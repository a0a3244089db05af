using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Hosting;

/// <summary>One small row of the "state" table.</summary>
/// <param name="Key">Ordinal key, "kind/id…", at most 200 ASCII characters.</param>
/// <param name="Value">The record's protobuf bytes.</param>
public readonly record struct StateRow(string Key, byte[] Value);

/// <summary>Everything that one step of the engine wants kept. Applied whole or not at all.</summary>
public sealed class StoreBatch
{
    /// <summary>Rows to put (value) or delete (null), later ones winning.</summary>
    public Dictionary<string, byte[]?> State { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Messages to put; a record with the same id replaces the former. A record whose id is kept for another contact, direction or clock
    /// is left out: ids come from outside too, and nobody may write over what is not theirs.
    /// </summary>
    public List<MessageRecord> Messages { get; } = [];

    /// <summary>Contacts whose messages are all deleted, before <see cref="Messages"/> are put.</summary>
    public List<ContactId> ForgottenConversations { get; } = [];

    /// <summary>Whether there is nothing to keep.</summary>
    public bool IsEmpty => State.Count == 0 && Messages.Count == 0 && ForgottenConversations.Count == 0;
}

/// <summary>Why a store refused a commit. Nothing of the batch was kept.</summary>
public enum StoreFault
{
    /// <summary>Kept, durably.</summary>
    None,

    /// <summary>No space left for this origin or disk.</summary>
    Full,

    /// <summary>The storage failed or was taken away.</summary>
    Failed,
}

/// <summary>Which way a page of messages lies from its anchor.</summary>
public enum PageDirection
{
    /// <summary>Older than the anchor, the nearest first in the reading; the page itself is in conversation order.</summary>
    Older,

    /// <summary>Newer than the anchor.</summary>
    Newer,
}

/// <summary>A run of messages in conversation order (oldest first).</summary>
/// <param name="Messages">The records.</param>
/// <param name="More">Whether there are more in the direction asked.</param>
public sealed record MessagePage(IReadOnlyList<MessageRecord> Messages, bool More);

/// <summary>
/// Where a peer keeps what it must not lose. A commit is durable and atomic when it returns <see cref="StoreFault.None"/>.
/// Only the process (or tab) that owns the engine commits; reading is allowed to all.
/// </summary>
public interface IPeerStore
{
    /// <summary>All rows of the state table.</summary>
    ValueTask<IReadOnlyList<StateRow>> LoadStateAsync(CancellationToken cancellation);

    /// <summary>Keeps a batch, whole or not at all.</summary>
    ValueTask<StoreFault> CommitAsync(StoreBatch batch, CancellationToken cancellation);

    /// <summary>The message that this envelope brought or carried, if any.</summary>
    ValueTask<MessageRecord?> FindByEnvelopeAsync(EnvelopeId envelope, CancellationToken cancellation);

    /// <summary>The message with this id, if any.</summary>
    ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation);

    /// <summary>Up to <paramref name="count"/> messages beside an anchor (an order key, not included); no anchor: the newest.</summary>
    ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation);

    /// <summary>Messages in which every word of the query starts a word, newest first; a contact may narrow it.</summary>
    ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation);

    /// <summary>Deletes everything.</summary>
    ValueTask WipeAsync(CancellationToken cancellation);
}
