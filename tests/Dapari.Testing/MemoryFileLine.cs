using Dapari.Wire;
using Dapari.Wire.Files;

namespace Dapari.Testing;

/// <summary>The channels "dapari-files" between memory drivers: in order, whole, and no further than a test allows.</summary>
public sealed class MemoryFileLine
{
    private readonly List<(ulong Path, MemoryFileLink Link, ContactId Contact)> _ends = [];
    private readonly LinkedList<Entry> _queue = new();

    /// <summary>Pieces that may still pass; what comes behind them waits.</summary>
    public int Pieces { get; set; } = int.MaxValue;

    /// <summary>Called with each message that passes; what it changes arrives changed.</summary>
    public Action<byte[]>? Passing { get; set; }

    /// <summary>Pieces that passed.</summary>
    public int Passed { get; private set; }

    public int Channels => _ends.Count / 2;

    public void Attach(MemoryFileLink link, ulong path, ContactId contact)
    {
        if (_ends.Any(end => end.Path == path && end.Link == link))
            return;
        _ends.Add((path, link, contact));
        if (Other(link, path) is { } other)
        {
            other.Link.Opened(other.Contact);
            link.Opened(contact);
        }
    }

    /// <summary>One end lets go: the other sees it close.</summary>
    public void Detach(MemoryFileLink link, Func<ContactId, bool> which)
    {
        foreach (var end in _ends.Where(end => end.Link == link && which(end.Contact)).ToList())
        {
            var other = Other(link, end.Path);
            _ends.Remove(end);
            Remove(entry => entry.Path == end.Path);
            if (other is not { } there)
                continue;
            _ends.Remove(there);
            there.Link.Closed(there.Contact);
            link.Closed(end.Contact);
        }
    }

    public void Send(MemoryFileLink from, ContactId contact, TransferId transfer, byte[] message, Action? sent = null)
    {
        var end = _ends.FindIndex(end => end.Link == from && end.Contact == contact);
        if (end >= 0 && Other(from, _ends[end].Path) is not null)
            _queue.AddLast(new Entry(_ends[end].Path, from, transfer, message, sent));
    }

    /// <summary>What a driver was told not to send any more.</summary>
    public void Remove(MemoryFileLink from, TransferId transfer) =>
        Remove(entry => entry.From == from && entry.Transfer == transfer && entry.Message[0] != (byte)FileMessageKind.Control);

    public bool Carry()
    {
        var any = false;
        for (var count = _queue.Count; count > 0 && _queue.First is { Value: var entry }; count--)
        {
            if (entry.Message[0] == (byte)FileMessageKind.Piece)
            {
                if (Pieces == 0)
                    break;
                Pieces -= Pieces == int.MaxValue ? 0 : 1;
                Passed++;
            }

            _queue.RemoveFirst();
            any = true;
            entry.Sent?.Invoke();
            Passing?.Invoke(entry.Message);
            if (Other(entry.From, entry.Path) is { } there)
                there.Link.Arrived(there.Contact, entry.Message);
        }

        return any;
    }

    private void Remove(Func<Entry, bool> which)
    {
        for (var node = _queue.First; node is not null;)
        {
            var next = node.Next;
            if (which(node.Value))
                _queue.Remove(node);
            node = next;
        }
    }

    private (ulong Path, MemoryFileLink Link, ContactId Contact)? Other(MemoryFileLink link, ulong path) =>
        _ends.FindIndex(end => end.Path == path && end.Link != link) is >= 0 and var at ? _ends[at] : null;

    private sealed record Entry(ulong Path, MemoryFileLink From, TransferId Transfer, byte[] Message, Action? Sent);
}
