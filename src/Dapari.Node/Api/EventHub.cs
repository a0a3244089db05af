using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Hosting;
using Dapari.Peer.Local;

namespace Dapari.Node.Api;

/// <summary>What changes, told to everybody who listens: each says first how all stands, then each change once. Safe for threads.</summary>
internal sealed class EventHub : IDisposable
{
    // A listener that is so far behind begins anew: it would miss changes without knowing.
    private const int MostUnread = 4096;
    private readonly NodePeer _peer;
    private readonly Lock _lock = new();
    private readonly HashSet<ChannelWriter<EventBody>> _listeners = [];
    private Snapshot _told;
    private bool _ended;

    /// <summary>Begins to tell of a peer.</summary>
    public EventHub(NodePeer peer)
    {
        _peer = peer;
        _told = peer.Host.Snapshot;
        peer.Host.Changed += OnChanged;
    }

    /// <summary>
    /// Listens. The first event is "status", then come the contacts and transfers as they stand; it ends when the peer ends, or when the listener is
    /// <see cref="MostUnread"/> events behind.
    /// </summary>
    public async IAsyncEnumerable<EventBody> ListenAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<EventBody>(new BoundedChannelOptions(MostUnread) { SingleReader = true });
        Snapshot now;
        lock (_lock)
        {
            if (_ended)
                yield break;
            now = _told;
            _listeners.Add(channel.Writer);
        }

        try
        {
            yield return Status(now);
            foreach (var contact in now.Contacts)
                yield return new EventBody("contact") { Contact = Views.Contact(contact) };
            foreach (var transfer in now.Transfers)
                yield return new EventBody("transfer") { Transfer = Views.Transfer(transfer) };
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellation))
                yield return happened;
        }
        finally
        {
            lock (_lock)
                _listeners.Remove(channel.Writer);
        }
    }

    /// <summary>Ends everybody's listening.</summary>
    public void Dispose()
    {
        _peer.Host.Changed -= OnChanged;
        lock (_lock)
        {
            _ended = true;
            foreach (var listener in _listeners)
                listener.TryComplete();
            _listeners.Clear();
        }
    }

    private EventBody Status(Snapshot snapshot) => new("status") { Status = Views.Status(snapshot, _peer.Waiting()) };

    private void OnChanged(Notice notice)
    {
        lock (_lock)
        {
            var before = _told;
            if (notice.Snapshot is { } after)
            {
                _told = after;
                if (_listeners.Count > 0)
                    TellChanges(before, after);
            }

            foreach (var change in notice.Messages)
            {
                Tell(new EventBody("message")
                {
                    Message = Views.Message(change.Record, Views.Find(_told, change.Record.ContactId)), Arrived = change.Arrived,
                });
            }
        }
    }

    private void TellChanges(Snapshot before, Snapshot after)
    {
        if (!before.Servers.Equals(after.Servers) || !Equals(before.Self, after.Self) || before.Trouble != after.Trouble)
            Tell(Status(after));
        var known = before.Contacts.ToDictionary(contact => contact.Id);
        foreach (var contact in after.Contacts)
        {
            if (!known.Remove(contact.Id, out var former) || !former.Equals(contact))
                Tell(new EventBody("contact") { Contact = Views.Contact(contact) });
        }

        foreach (var gone in known.Keys)
            Tell(new EventBody("contact-gone") { Id = Views.Hex(gone) });
        var moving = before.Transfers.ToDictionary(transfer => transfer.TransferId);
        foreach (var transfer in after.Transfers)
        {
            if (!moving.TryGetValue(transfer.TransferId, out var former) || !former.Equals(transfer))
                Tell(new EventBody("transfer") { Transfer = Views.Transfer(transfer) });
        }
    }

    private void Tell(EventBody happened)
    {
        foreach (var listener in _listeners.ToList())
        {
            if (listener.TryWrite(happened))
                continue;
            listener.TryComplete();
            _listeners.Remove(listener);
        }
    }
}
