using Dapari.Peer.Hosting;
using Dapari.Peer.Store;

namespace Dapari.Web.State;

/// <summary>Reads a page beside an anchor, as <see cref="IPeerStore.ReadMessagesAsync"/> does for one contact.</summary>
public delegate ValueTask<MessagePage> PageReader(ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation);

/// <summary>
/// The part of a conversation that is on screen and a little around it, in conversation order. Grows at one end and forgets at the
/// other, so that its size is bounded however long the conversation is.
/// </summary>
public sealed class ConversationWindow(PageReader read)
{
    /// <summary>Messages read at once.</summary>
    public const int PageSize = 50;

    /// <summary>Messages kept at most.</summary>
    public const int Capacity = 150;

    private readonly List<MessageRecord> _items = [];
    private bool _reading;
    private int _opening;

    /// <summary>The messages, oldest first.</summary>
    public IReadOnlyList<MessageRecord> Items => _items;

    /// <summary>Whether older ones lie outside.</summary>
    public bool MoreOlder { get; private set; }

    /// <summary>Whether newer ones lie outside.</summary>
    public bool MoreNewer { get; private set; }

    /// <summary>Whether anything was read yet.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Shows the newest page.</summary>
    public async Task OpenNewestAsync(CancellationToken cancellation)
    {
        var opening = ++_opening;
        var page = await read(default, PageDirection.Older, PageSize, cancellation);
        if (opening != _opening) return;
        Replace(page.Messages, page.More, moreNewer: false);
    }

    /// <summary>Shows what lies around an order key: half a page before it, a page from it on.</summary>
    public async Task OpenAroundAsync(ReadOnlyMemory<byte> orderKey, CancellationToken cancellation)
    {
        var opening = ++_opening;
        var older = await read(orderKey, PageDirection.Older, PageSize / 2, cancellation);
        var newer = await read(Before(orderKey), PageDirection.Newer, PageSize, cancellation);
        if (opening != _opening) return;
        Replace([.. older.Messages, .. newer.Messages], older.More, newer.More);
    }

    /// <summary>Adds a page of older messages, forgetting the newest beyond the capacity. False when there was nothing to do.</summary>
    public async Task<bool> ExtendOlderAsync(CancellationToken cancellation)
    {
        if (!MoreOlder || _reading || _items.Count == 0) return false;
        var opening = _opening;
        _reading = true;
        try
        {
            var page = await read(_items[0].OrderKey.Memory, PageDirection.Older, PageSize, cancellation);
            if (opening != _opening) return false;
            _items.InsertRange(0, page.Messages);
            MoreOlder = page.More;
            if (_items.Count > Capacity)
            {
                _items.RemoveRange(Capacity, _items.Count - Capacity);
                MoreNewer = true;
            }

            return true;
        }
        finally
        {
            _reading = false;
        }
    }

    /// <summary>Adds a page of newer messages, forgetting the oldest beyond the capacity. False when there was nothing to do.</summary>
    public async Task<bool> ExtendNewerAsync(CancellationToken cancellation)
    {
        if (!MoreNewer || _reading || _items.Count == 0) return false;
        var opening = _opening;
        _reading = true;
        try
        {
            var page = await read(_items[^1].OrderKey.Memory, PageDirection.Newer, PageSize, cancellation);
            if (opening != _opening) return false;
            _items.AddRange(page.Messages);
            MoreNewer = page.More;
            ForgetOldest();
            return true;
        }
        finally
        {
            _reading = false;
        }
    }

    /// <summary>Takes in a new or changed message. True when it is inside the window, or was.</summary>
    public bool Apply(MessageRecord record)
    {
        if (!IsOpen) return false;
        var known = IndexOf(record);
        if (known >= 0 && _items[known].OrderKey.Span.SequenceEqual(record.OrderKey.Span))
        {
            _items[known] = record;
            return true;
        }

        if (known >= 0) _items.RemoveAt(known);
        var at = PlaceOf(record);
        var outside = (at == 0 && MoreOlder) || (at == _items.Count && MoreNewer);
        if (outside) return known >= 0;
        _items.Insert(at, record);
        ForgetOldest();
        return true;
    }

    /// <summary>Takes a message away. False when it was not inside.</summary>
    public bool Remove(Google.Protobuf.ByteString id) => _items.RemoveAll(m => m.Id.Equals(id)) != 0;

    private void Replace(IReadOnlyList<MessageRecord> messages, bool moreOlder, bool moreNewer)
    {
        _items.Clear();
        _items.AddRange(messages);
        MoreOlder = moreOlder;
        MoreNewer = moreNewer;
        IsOpen = true;
    }

    private void ForgetOldest()
    {
        if (_items.Count <= Capacity) return;
        _items.RemoveRange(0, _items.Count - Capacity);
        MoreOlder = true;
    }

    private int IndexOf(MessageRecord record)
    {
        for (var i = _items.Count - 1; i >= 0; i--)
        {
            if (_items[i].Id.Equals(record.Id)) return i;
        }

        return -1;
    }

    private int PlaceOf(MessageRecord record)
    {
        var at = _items.Count;
        while (at > 0 && _items[at - 1].OrderKey.Span.SequenceCompareTo(record.OrderKey.Span) > 0) at--;
        return at;
    }

    // The greatest key before this one, so that a page of what follows begins with the key itself.
    private static byte[] Before(ReadOnlyMemory<byte> orderKey)
    {
        var key = orderKey.ToArray();
        for (var i = key.Length - 1; i >= 0; i--)
        {
            if (key[i]-- != 0) break;
            key[i] = byte.MaxValue;
        }

        return key;
    }
}
