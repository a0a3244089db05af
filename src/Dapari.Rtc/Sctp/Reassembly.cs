using System.Buffers;
using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>A message that arrived whole; to be disposed when it was read.</summary>
public readonly struct SctpMessage(ushort stream, uint protocol, byte[] buffer, int length) : IDisposable
{
    /// <summary>The stream.</summary>
    public ushort Stream { get; } = stream;

    /// <summary>The payload protocol identifier.</summary>
    public uint Protocol { get; } = protocol;

    /// <summary>The bytes; not valid after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Data => buffer.AsMemory(0, length);

    /// <summary>The same without its bytes, in the same buffer.</summary>
    internal SctpMessage AsEmpty() => new(Stream, Protocol, buffer, 0);

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
}

/// <summary>Puts messages together from pieces in any order. Its owner has checked that no TSN comes twice and how much is held.</summary>
internal sealed class Reassembly(int maxMessage)
{
    // What a piece costs besides its bytes, roughly: who sends pieces of one byte does not get more memory for them.
    private const int PieceCost = 160;

    // Pieces of one message that follow each other, by their first and last TSN.
    private readonly Dictionary<uint, Run> _byFirst = [];
    private readonly Dictionary<uint, Run> _byLast = [];
    private readonly Dictionary<ushort, InStream> _streams = [];
    private readonly Queue<SctpMessage> _ready = [];

    /// <summary>Bytes in pieces, in messages that wait for earlier ones, and in messages that nobody took.</summary>
    public long Held { get; private set; }

    /// <summary>Messages that were ever taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Messages that ever became ready to be taken.</summary>
    public long Completed => Taken + _ready.Count;

    /// <summary>The next message.</summary>
    public bool TryTake(out SctpMessage message)
    {
        if (!_ready.TryDequeue(out message))
            return false;
        Taken++;
        Held -= message.Data.Length + PieceCost;
        return true;
    }

    /// <summary>Takes a piece; false: it contradicts what is there, or the message grows beyond the longest.</summary>
    public bool Add(in DataChunk chunk)
    {
        var (begins, ends) = ((chunk.Flags & DataChunk.Beginning) != 0, (chunk.Flags & DataChunk.Ending) != 0);
        var piece = ArrayPool<byte>.Shared.Rent(chunk.Data.Length);
        chunk.Data.CopyTo(piece);
        Held += chunk.Data.Length + PieceCost;
        if (begins && ends)
        {
            Complete(chunk.Stream, chunk.Sequence, (chunk.Flags & DataChunk.Unordered) != 0, chunk.Protocol, piece, chunk.Data.Length);
            return true;
        }

        var run = new Run(chunk.Tsn, chunk.Stream, chunk.Sequence, (chunk.Flags & DataChunk.Unordered) != 0, chunk.Protocol, begins, ends);
        run.Pieces.Add((piece, chunk.Data.Length));
        run.Bytes = chunk.Data.Length;
        if (!begins && _byLast.TryGetValue(unchecked(chunk.Tsn - 1), out var before) && !before.Ends)
        {
            if (!before.IsOf(run))
                return false;
            _byLast.Remove(before.Last);
            before.Append(run);
            run = before;
        }

        if (!ends && _byFirst.TryGetValue(unchecked(chunk.Tsn + 1), out var after) && !after.Begins)
        {
            if (!run.IsOf(after))
                return false;
            _byFirst.Remove(after.First);
            _byLast.Remove(after.Last);
            run.Append(after);
        }

        if (run.Bytes > maxMessage)
            return false;
        if (!run.Begins || !run.Ends)
        {
            _byFirst[run.First] = run;
            _byLast[run.Last] = run;
            return true;
        }

        _byFirst.Remove(run.First);
        var whole = ArrayPool<byte>.Shared.Rent(run.Bytes);
        var at = 0;
        foreach (var (bytes, length) in run.Pieces)
        {
            bytes.AsSpan(0, length).CopyTo(whole.AsSpan(at));
            at += length;
            ArrayPool<byte>.Shared.Return(bytes);
        }

        Held -= (long)PieceCost * (run.Pieces.Count - 1);
        Complete(run.Stream, run.Sequence, run.Unordered, run.Protocol, whole, run.Bytes);
        return true;
    }

    /// <summary>The sender gave up what belongs to TSNs up to here.</summary>
    public void Forget(uint throughTsn)
    {
        foreach (var run in _byFirst.Values.Where(run => !Tsn.IsAfter(run.First, throughTsn)).ToList())
        {
            _byFirst.Remove(run.First);
            _byLast.Remove(run.Last);
            foreach (var (bytes, _) in run.Pieces)
                ArrayPool<byte>.Shared.Return(bytes);
            Held -= run.Bytes + ((long)PieceCost * run.Pieces.Count);
        }
    }

    /// <summary>The sender gave up all messages of a stream up to this one.</summary>
    public void Skip(ushort stream, ushort throughSequence)
    {
        var order = OrderOf(stream);
        if (Tsn.IsAfter16(order.Next, throughSequence))
            return;
        foreach (var (sequence, message) in order.Waiting.Where(one => !Tsn.IsAfter16(one.Key, throughSequence)).OrderBy(one => unchecked((ushort)(one.Key - order.Next))).ToList())
        {
            order.Waiting.Remove(sequence);
            _ready.Enqueue(message);
        }

        order.Next = unchecked((ushort)(throughSequence + 1));
        Flush(order);
    }

    /// <summary>A stream begins anew.</summary>
    public void Reset(ushort stream)
    {
        if (_streams.Remove(stream, out var order))
        {
            foreach (var message in order.Waiting.Values)
            {
                Held -= message.Data.Length + PieceCost;
                message.Dispose();
            }
        }
    }

    private void Complete(ushort stream, ushort sequence, bool unordered, uint protocol, byte[] buffer, int length)
    {
        var message = new SctpMessage(stream, protocol, buffer, length);
        if (unordered)
        {
            _ready.Enqueue(message);
            return;
        }

        var order = OrderOf(stream);
        if (sequence == order.Next)
        {
            order.Next = unchecked((ushort)(order.Next + 1));
            _ready.Enqueue(message);
            Flush(order);
        }
        else if (!Tsn.IsAfter16(sequence, order.Next) || !order.Waiting.TryAdd(sequence, message))
        {
            // Of a number that was there already: nobody honest sends it.
            Held -= length + PieceCost;
            message.Dispose();
        }
    }

    private void Flush(InStream order)
    {
        while (order.Waiting.Remove(order.Next, out var message))
        {
            order.Next = unchecked((ushort)(order.Next + 1));
            _ready.Enqueue(message);
        }
    }

    private InStream OrderOf(ushort stream)
    {
        if (!_streams.TryGetValue(stream, out var order))
            _streams.Add(stream, order = new InStream());
        return order;
    }

    private sealed class InStream
    {
        private ushort _next;

        public ref ushort Next => ref _next;

        public Dictionary<ushort, SctpMessage> Waiting { get; } = [];
    }

    private sealed class Run(uint first, ushort stream, ushort sequence, bool unordered, uint protocol, bool begins, bool ends)
    {
        public uint First { get; } = first;

        public uint Last { get; private set; } = first;

        public ushort Stream { get; } = stream;

        public ushort Sequence { get; } = sequence;

        public bool Unordered { get; } = unordered;

        public uint Protocol { get; } = protocol;

        public bool Begins { get; } = begins;

        public bool Ends { get; private set; } = ends;

        public int Bytes { get; set; }

        public List<(byte[] Bytes, int Length)> Pieces { get; } = [];

        public bool IsOf(Run other) => Stream == other.Stream && Sequence == other.Sequence && Unordered == other.Unordered;

        public void Append(Run after)
        {
            Pieces.AddRange(after.Pieces);
            (Last, Ends, Bytes) = (after.Last, after.Ends, Bytes + after.Bytes);
        }
    }
}

/// <summary>Serial numbers that wrap (RFC 1982).</summary>
internal static class Tsn
{
    public static bool IsAfter(uint left, uint right) => unchecked((int)(left - right)) > 0;

    public static bool IsAfter16(ushort left, ushort right) => unchecked((short)(left - right)) > 0;
}
