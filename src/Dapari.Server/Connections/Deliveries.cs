using System.Diagnostics;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Connections;

/// <summary>An envelope that was delivered and is not acknowledged.</summary>
/// <param name="Size">Its bytes, for the window.</param>
/// <param name="Id">Its id.</param>
/// <param name="HandedOver">Its post, if it was handed over before it was written and is neither acknowledged nor written yet.</param>
internal readonly record struct InFlight(int Size, ByteString Id, PostOperation? HandedOver);

/// <summary>A mailbox opened by its owner on one connection. All state is guarded by its <see cref="Deliveries"/>.</summary>
internal sealed class OwnerSlot(Deliveries deliveries, Connection owner, MailboxId id, long number, long turn)
{
    public Deliveries Deliveries { get; } = deliveries;

    public Connection Owner { get; } = owner;

    public MailboxId Id { get; } = id;

    public ByteString IdBytes { get; } = id.ToByteString();

    public long Number { get; } = number;

    /// <summary>When it was asked for, among all that were: opening may take long, and who asked last has the mailbox.</summary>
    public long Turn { get; } = turn;

    /// <summary>The last sequence handed to this connection.</summary>
    public long Cursor { get; set; }

    /// <summary>The file may hold more after <see cref="Cursor"/>.</summary>
    public bool More { get; set; } = true;

    public bool Closed
    {
        get => Volatile.Read(ref _closed);
        set => Volatile.Write(ref _closed, value);
    }

    /// <summary>Delivered and not acknowledged. Most mailboxes are silent: nothing is kept for them.</summary>
    public Dictionary<long, InFlight>? InFlight { get; set; }

    /// <summary>The ids of what is in flight: while nothing more is in the file, all that the file holds.</summary>
    public HashSet<ByteString>? InFlightIds { get; set; }

    /// <summary>Where sequences for what is handed over come from; null until a post went through the file.</summary>
    public MailboxState? Mailbox { get; set; }

    /// <summary>How long this owner takes to acknowledge, in the stopwatch's ticks: the mean of the last times.</summary>
    public long AnswerTicks { get; private set; }

    public void Answered(long ticks) => AnswerTicks = (AnswerTicks * 7 + ticks) / 8;

    private bool _closed;
}

/// <summary>
/// Delivery on one connection: each envelope of its open mailboxes once, in order, never more than a window unacknowledged.
/// What the window does not admit stays in the file and is read when acknowledgements make room.
/// </summary>
/// <remarks>
/// 1. A fresh post that finds its mailbox drained and the window open goes out straight from memory, before it is written if all before it are settled.
/// 2. Otherwise the mailbox is marked <see cref="OwnerSlot.More"/>, and one pump for each connection reads the file, mailbox by mailbox.
/// A post committed while the pump reads either is in what it reads (its later notice lies at or before the cursor and is ignored)
/// or marks the mailbox again.
/// </remarks>
internal sealed partial class Deliveries(IPostOffice office, ServerClock clock, int windowEnvelopes, long windowBytes, Action<ServerFrame> send, ILogger logger)
{
    private const int ReadEnvelopes = 32;

    private readonly Lock _gate = new();
    private readonly List<OwnerSlot> _slots = [];
    private int _envelopes;
    private long _bytes;
    private int _turn;
    private bool _pumping;
    private bool _ended;

    public OwnerSlot Open(MailboxId id, long number, Connection owner, long turn)
    {
        var slot = new OwnerSlot(this, owner, id, number, turn);
        lock (_gate)
            _slots.Add(slot);
        return slot;
    }

    /// <summary>Stops delivering a mailbox and gives its part of the window back.</summary>
    public void Close(OwnerSlot slot)
    {
        lock (_gate)
        {
            if (slot.Closed)
                return;
            slot.Closed = true;
            _slots.Remove(slot);
            if (slot.InFlight is { } inFlight)
            {
                _envelopes -= inFlight.Count;
                foreach (var left in inFlight.Values)
                    _bytes -= left.Size;
            }

            (slot.InFlight, slot.InFlightIds) = (null, null);
        }

        Pump();
    }

    public void End()
    {
        lock (_gate)
            _ended = true;
    }

    /// <summary>A post is durable, or acknowledged.</summary>
    public void Posted(OwnerSlot slot, PostOperation post)
    {
        lock (_gate)
        {
            if (_ended || slot.Closed)
                return;
            if (post.Holder is null)
                slot.Mailbox = post.Mailbox;
            if (post.Sequence <= slot.Cursor)
                return;
            if (!slot.More && !_pumping && Admits(post.Envelope.Length))
            {
                Deliver(slot, post.Sequence, post.PostedMs, post.EnvelopeId, post.Envelope);
                return;
            }

            slot.More = true;
        }

        Pump();
    }

    /// <summary>Gives a post to the owner before it is written. False: it has to go by the file.</summary>
    /// <param name="slot">The owner's.</param>
    /// <param name="post">What was posted.</param>
    /// <param name="patience">How long the writer may leave it alone if this owner is usually quicker.</param>
    public bool TryHandOver(OwnerSlot slot, PostOperation post, long patience)
    {
        lock (_gate)
        {
            if (_ended || slot.Closed || slot.More || _pumping || slot.Mailbox is not { } mailbox || !Admits(post.Envelope.Length) || slot.InFlightIds?.Contains(post.EnvelopeId) == true)
                return false;
            var sequence = mailbox.TryHandOver(slot);
            if (sequence == 0)
                return false;
            post.HandOver(mailbox, slot, sequence, clock.NowMs, slot.AnswerTicks < patience ? patience : 0);
            Deliver(slot, sequence, post.PostedMs, post.EnvelopeId, post.Envelope, post);
            return true;
        }
    }

    /// <summary>Settles what was handed over and is not written yet, and opens the window for it; what the file has to remove, or null.</summary>
    public List<ulong>? AcknowledgeUnwritten(OwnerSlot slot, IReadOnlyList<ulong> sequences)
    {
        List<ulong>? written = null;
        List<PostOperation>? unwritten = null;
        lock (_gate)
        {
            foreach (var sequence in sequences)
            {
                if (sequence <= uint.MaxValue && slot.InFlight?.GetValueOrDefault((long)sequence).HandedOver is { } post)
                {
                    post.IsAcknowledged = true;
                    slot.Answered(Stopwatch.GetTimestamp() - post.HandedOverAt);
                    (unwritten ??= []).Add(post);
                }
                else
                    (written ??= []).Add(sequence);
            }
        }

        foreach (var post in unwritten ?? [])
        {
            if (!post.TryAcknowledge())
                (written ??= []).Add((ulong)post.Sequence);
            else
            {
                lock (_gate)
                    Leave(slot, post.Sequence);
            }
        }

        return written;
    }

    /// <summary>A post that was handed over is acknowledged or written.</summary>
    public void Settled(OwnerSlot slot, PostOperation post)
    {
        lock (_gate)
        {
            if (!post.IsAcknowledged) // Written, and still no word.
                slot.Answered(4 * (Stopwatch.GetTimestamp() - post.HandedOverAt));
            if (slot.InFlight is not null && slot.InFlight.TryGetValue(post.Sequence, out var left))
                slot.InFlight[post.Sequence] = left with { HandedOver = null };
        }
    }

    /// <summary>Acknowledgements are durable: the window opens.</summary>
    public void Acknowledged(OwnerSlot slot, IReadOnlyList<ulong> sequences)
    {
        lock (_gate)
        {
            foreach (var sequence in sequences)
            {
                if (sequence <= uint.MaxValue)
                    Leave(slot, (long)sequence);
            }
        }

        Pump();
    }

    /// <summary>Starts reading the file if there is something to deliver and room for it. Also called now and then, should a read have failed.</summary>
    public void Pump()
    {
        lock (_gate)
        {
            if (_pumping || !IsThereWork())
                return;
            _pumping = true;
        }

        _ = Task.Run(PumpAsync);
    }

    private async Task PumpAsync()
    {
        try
        {
            while (Next() is { } next)
            {
                var (slot, cursor, room, bytes) = next;
                var limit = Math.Min(room, ReadEnvelopes);
                var rows = await office.AfterAsync(slot.Number, cursor, limit, bytes, CancellationToken.None);
                lock (_gate)
                {
                    if (rows.Count > 0) // Perhaps more; an empty read settles it.
                        slot.More = true;
                    foreach (var row in rows)
                    {
                        if (_ended || slot.Closed || !Admits(row.Envelope.Length))
                            break;
                        Deliver(slot, row.Sequence, row.PostedMs, UnsafeByteOperations.UnsafeWrap(row.Id), UnsafeByteOperations.UnsafeWrap(row.Envelope));
                    }
                }
            }
        }
        catch (StorageException e)
        {
            ReadFailed(logger, e.Code, e.Message);
            lock (_gate)
            {
                foreach (var slot in _slots)
                    slot.More = true;
                _pumping = false;
            }
        }
    }

    /// <summary>The next mailbox in turn; null ends the pump.</summary>
    private (OwnerSlot Slot, long Cursor, int Room, long Bytes)? Next()
    {
        lock (_gate)
        {
            if (!IsThereWork())
            {
                _pumping = false;
                return null;
            }

            do
                _turn = (_turn + 1) % _slots.Count;
            while (!_slots[_turn].More);
            var slot = _slots[_turn];
            slot.More = false;
            return (slot, slot.Cursor, windowEnvelopes - _envelopes, Math.Max(1, windowBytes - _bytes));
        }
    }

    private bool IsThereWork() => !_ended && Admits(1) && _slots.Exists(s => s.More);

    private bool Admits(int size) => _envelopes < windowEnvelopes && (_envelopes == 0 || _bytes + size <= windowBytes);

    private void Leave(OwnerSlot slot, long sequence)
    {
        if (slot.InFlight is null || !slot.InFlight.Remove(sequence, out var left))
            return;
        slot.InFlightIds!.Remove(left.Id);
        _envelopes--;
        _bytes -= left.Size;
    }

    private void Deliver(OwnerSlot slot, long sequence, long postedMs, ByteString id, ByteString envelope, PostOperation? handedOver = null)
    {
        slot.Cursor = sequence;
        (slot.InFlight ??= [])[sequence] = new InFlight(envelope.Length, id, handedOver);
        (slot.InFlightIds ??= []).Add(id);
        _envelopes++;
        _bytes += envelope.Length;
        send(new ServerFrame
        {
            Deliver = new Deliver { MailboxId = slot.IdBytes, Sequence = (ulong)sequence, Envelope = envelope, LayMs = clock.AgeMs(postedMs) },
        });
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "Reading stored envelopes failed (SQLite {Code}: {Detail}).")]
    private static partial void ReadFailed(ILogger logger, int code, string detail);
}
