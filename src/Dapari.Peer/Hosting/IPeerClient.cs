using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Hosting;

/// <summary>
/// What a user interface holds: the peer engine, in this tab or behind another one. Members are called, and events raised,
/// on the user interface's thread.
/// </summary>
public interface IPeerClient
{
    /// <summary>The small state, replaced whole at each change; never null.</summary>
    Snapshot Snapshot { get; }

    /// <summary>Raised after <see cref="Snapshot"/> or messages changed.</summary>
    event Action<Notice>? Changed;

    /// <summary>Carries out a command. What is refused is in the result; a lost owner is waited for until cancelled.</summary>
    Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation);

    /// <inheritdoc cref="IPeerStore.ReadMessagesAsync"/>
    ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation);

    /// <inheritdoc cref="IPeerStore.FindMessageAsync"/>
    ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation);

    /// <inheritdoc cref="IPeerStore.SearchAsync"/>
    ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation);
}
