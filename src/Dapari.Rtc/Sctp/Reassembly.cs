using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>A message that arrived whole; to be disposed when it was read.</summary>
/// <remarks>Its buffer belongs to the association: disposed by the association's owner, once.</remarks>
public readonly struct SctpMessage : IDisposable
{
    private readonly byte[] _buffer;
    private readonly int _length;
    private readonly BufferPool _pool;

    internal SctpMessage(ushort stream, uint protocol, byte[] buffer, int length, BufferPool pool)
    {
        (Stream, Protocol) = (stream, protocol);
        (_buffer, _length, _pool) = (buffer, length, pool);
    }

    /// <summary>The stream.</summary>
    public ushort Stream { get; }

    /// <summary>The payload protocol identifier.</summary>
    public uint Protocol { get; }

    /// <summary>The bytes; not valid after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Data => _buffer.AsMemory(0, _length);

    /// <summary>The same without its bytes, in the same buffer.</summary>
    internal SctpMessage AsEmpty() => new(Stream, Protocol, _buffer, 0, _pool);

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => _pool?.Return(_buffer);
}

/// <summary>Puts messages together from pieces in any order. Its owner has checked that no TSN comes twice and how much is held.</summary>
internal sealed class Reassembly(int maxMessage, BufferPool pool)
{
    // What a piece costs besides its bytes, roughly: who sends pieces of one byte does not get more memory for them.
    private const int PieceCost = 160;

    // Pieces of one message that follow each other, by their first and last place; the one that grew last is not in the second.
    private readonly Dictionary<FragmentPlace, Run> _byFirst = [];
    private readonly Dictionary<FragmentPlace, Run> _byLast = [];
    private readonly Stack<Run> _spare = [];
    private readonly Dictionary<ushort, InStream> _streams = [];
    private readonly Queue<SctpMessage> _ready = [];
    private Run? _growing;

    /// <summary>Bytes in pieces, in messages that wait for earlier ones, and in messages that nobody took.</summary>
    public long Held { get; private set; }

    /// <summary>Whether messages are numbered as I-DATA does it; set before the first piece.</summary>
    public bool Interleaves { get; set; }

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
    public bool Add(in Fragment chunk)
    {
        var (begins, ends) = (chunk.Begins, chunk.Ends);
        Held += chunk.Data.Length + PieceCost;
        if (begins && ends)
        {
            var whole = pool.Rent(chunk.Data.Length);
            chunk.Data.CopyTo(whole);
            Complete(chunk.Stream, chunk.Sequence, chunk.Unordered, chunk.Protocol, whole, chunk.Data.Length);
            return true;
        }

        var run = begins ? null : TakeBefore(chunk.Place.Before);
        if (run is null)
        {
            if (!_spare.TryPop(out run))
                run = new Run();
            run.Begin(chunk);
            // Two beginnings of one message, or a piece that came twice: the sender contradicts itself.
            if (!_byFirst.TryAdd(run.First, run))
                return false;
        }
        else if (!run.IsOf(chunk.Stream, chunk.Sequence, chunk.Unordered))
        {
            return false;
        }

        run.Append(pool, chunk.Data, chunk.Place, ends);
        if (!ends && _byFirst.Count > 1 && _byFirst.TryGetValue(chunk.Place.After, out var after) && !after.Begins)
        {
            if (!after.IsOf(run.Stream, run.Sequence, run.Unordered))
                return false;
            Remove(after);
            run.Append(pool, after.Data, after.Last, after.Ends);
            run.Pieces += after.Pieces - 1;
            Recycle(after);
        }

        if (run.Data.Length > maxMessage)
            return false;
        if (!run.Begins || !run.Ends)
        {
            Grow(run);
            return true;
        }

        _byFirst.Remove(run.First);
        if (_growing == run)
            _growing = null;
        Held -= (long)PieceCost * (run.Pieces - 1);
        Complete(run.Stream, run.Sequence, run.Unordered, run.Protocol, run.Detach(), run.Length);
        _spare.Push(run);
        return true;
    }

    /// <summary>The sender gave up what belongs to TSNs up to here.</summary>
    public void Forget(uint throughTsn)
    {
        foreach (var run in _byFirst.Values.Where(run => !Tsn.IsAfter(run.First.Position, throughTsn)).ToList())
            Forget(run);
    }

    /// <summary>The sender gave up a message and all earlier ones of its stream and kind.</summary>
    public void Forget(in SkippedMessage skipped)
    {
        var (stream, unordered, message) = skipped;
        foreach (var run in _byFirst.Values.Where(run => run.Stream == stream && run.Unordered == unordered && !Tsn.IsAfter(run.Sequence, message)).ToList())
            Forget(run);
        if (!unordered)
            Skip(stream, message);
    }

    /// <summary>The sender gave up all messages of a stream up to this one.</summary>
    public void Skip(ushort stream, uint throughSequence)
    {
        var order = OrderOf(stream);
        if (IsAfter(order.Next, throughSequence))
            return;
        foreach (var (sequence, message) in order.Waiting.Where(one => !IsAfter(one.Key, throughSequence)).OrderBy(one => Number(unchecked(one.Key - order.Next))).ToList())
        {
            order.Waiting.Remove(sequence);
            _ready.Enqueue(message);
        }

        order.Next = Number(unchecked(throughSequence + 1));
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

    // The run that ends there and wants more, out of the second index.
    private void Forget(Run run)
    {
        Remove(run);
        Held -= run.Length + ((long)PieceCost * run.Pieces);
        Recycle(run);
    }

    private Run? TakeBefore(FragmentPlace last)
    {
        if (_growing is { } growing && growing.Last == last)
            return growing.Ends ? null : growing;
        return _byLast.TryGetValue(last, out var run) && !run.Ends && _byLast.Remove(last) ? run : null;
    }

    private void Grow(Run run)
    {
        if (_growing == run)
            return;
        if (_growing is { } former)
            _byLast[former.Last] = former;
        _growing = run;
    }

    private void Remove(Run run)
    {
        _byFirst.Remove(run.First);
        if (_growing == run)
            _growing = null;
        else
            _byLast.Remove(run.Last);
    }

    private void Recycle(Run run)
    {
        pool.Return(run.Detach());
        _spare.Push(run);
    }

    private uint Number(uint number) => Interleaves ? number : unchecked((ushort)number);

    private bool IsAfter(uint left, uint right) => Interleaves ? Tsn.IsAfter(left, right) : Tsn.IsAfter16(unchecked((ushort)left), unchecked((ushort)right));

    private void Complete(ushort stream, uint sequence, bool unordered, uint protocol, byte[] buffer, int length)
    {
        var message = new SctpMessage(stream, protocol, buffer, length, pool);
        if (unordered)
        {
            _ready.Enqueue(message);
            return;
        }

        var order = OrderOf(stream);
        if (sequence == order.Next)
        {
            order.Next = Number(unchecked(order.Next + 1));
            _ready.Enqueue(message);
            Flush(order);
        }
        else if (!IsAfter(sequence, order.Next) || !order.Waiting.TryAdd(sequence, message))
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
            order.Next = Number(unchecked(order.Next + 1));
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
        public uint Next { get; set; }

        public Dictionary<uint, SctpMessage> Waiting { get; } = [];
    }

    private sealed class Run
    {
        private byte[] _buffer = [];

        public FragmentPlace First { get; private set; }

        public FragmentPlace Last { get; private set; }

        public ushort Stream { get; private set; }

        public uint Sequence { get; private set; }

        public bool Unordered { get; private set; }

        public uint Protocol { get; private set; }

        public bool Begins { get; private set; }

        public bool Ends { get; private set; }

        public int Length { get; private set; }

        public int Pieces { get; set; }

        public ReadOnlySpan<byte> Data => _buffer.AsSpan(0, Length);

        public void Begin(in Fragment chunk)
        {
            (First, Last, Stream, Sequence, Protocol) = (chunk.Place, chunk.Place, chunk.Stream, chunk.Sequence, chunk.Protocol);
            (Unordered, Begins, Ends) = (chunk.Unordered, chunk.Begins, false);
            (Length, Pieces) = (0, 0);
        }

        public bool IsOf(ushort stream, uint sequence, bool unordered) => Stream == stream && Sequence == sequence && Unordered == unordered;

        public void Append(BufferPool pool, ReadOnlySpan<byte> data, FragmentPlace last, bool ends)
        {
            if (Length + data.Length > _buffer.Length)
            {
                var larger = pool.Rent(Length + data.Length);
                Data.CopyTo(larger);
                pool.Return(_buffer);
                _buffer = larger;
            }

            data.CopyTo(_buffer.AsSpan(Length));
            Length += data.Length;
            Pieces++;
            (Last, Ends) = (last, ends);
        }

        /// <summary>Its buffer, which it does not have any more.</summary>
        public byte[] Detach()
        {
            var buffer = _buffer;
            _buffer = [];
            return buffer;
        }
    }
}

/// <summary>Serial numbers that wrap (RFC 1982).</summary>
internal static class Tsn
{
    public static bool IsAfter(uint left, uint right) => unchecked((int)(left - right)) > 0;

    public static bool IsAfter16(ushort left, ushort right) => unchecked((short)(left - right)) > 0;
}
