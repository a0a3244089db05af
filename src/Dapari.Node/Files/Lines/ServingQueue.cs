using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.Lines;

/// <summary>
/// What is to be sent by a channel: ranges one after the other, each chunk taken by whichever lane is free. Pages that were asked for go by each lane before its first chunk under them, for
/// lanes overtake each other. Safe for threads.
/// </summary>
/// <param name="lanes">How many.</param>
internal sealed class ServingQueue(int lanes)
{
    // Pages of leaves whose turn by some lane is remembered: the recipient asks for few at a time.
    private const int MostPages = 1024;
    private readonly Lock _lock = new();
    private readonly List<Serving> _servings = [];
    private readonly Dictionary<(TransferId, int, long), ulong> _due = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>A range behind the others.</summary>
    public void Add(TransferId transfer, ChunkRange range, bool pages)
    {
        lock (_lock)
        {
            _servings.Add(new Serving(transfer, range));
            if (pages)
            {
                if (_due.Count >= MostPages)
                    _due.Remove(_due.Keys.First());
                _due[(transfer, (int)range.Item, range.First / Wire.Files.FileShape.FanOut)] = ulong.MaxValue >> (64 - lanes);
            }

            Wake();
        }
    }

    /// <summary>Nothing more of a transfer, or of one of its items.</summary>
    public void Remove(TransferId transfer, int? item = null)
    {
        lock (_lock)
            _servings.RemoveAll(one => one.Transfer == transfer && (item is null || one.Range.Item == item));
    }

    /// <summary>Nothing is taken any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _servings.Clear();
            Wake();
        }
    }

    /// <summary>The next chunk for a lane, in time; null: it is over.</summary>
    public async ValueTask<Chunk?> TakeAsync(int lane)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_closed)
                    return null;
                if (_servings.Find(one => one.Taken < one.Range.Count) is { } serving)
                {
                    var chunk = serving.Range.First + serving.Taken++;
                    var key = (serving.Transfer, (int)serving.Range.Item, chunk / Wire.Files.FileShape.FanOut);
                    var due = _due.TryGetValue(key, out var mask) && (mask & (1UL << lane)) != 0;
                    if (due && (mask &= ~(1UL << lane)) == 0)
                        _due.Remove(key);
                    else if (due)
                        _due[key] = mask;
                    return new Chunk(serving, chunk, due);
                }

                more = _more.Task;
            }

            await more;
        }
    }

    /// <summary>A chunk was handed to the channel; true: with it its whole range was, and it was still wanted.</summary>
    public bool Sent(Chunk chunk)
    {
        lock (_lock)
            return ++chunk.Of.Sent == chunk.Of.Range.Count && _servings.Remove(chunk.Of);
    }

    private void Wake()
    {
        var more = _more;
        _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        more.TrySetResult();
    }

    /// <summary>A range that is being sent.</summary>
    internal sealed class Serving(TransferId transfer, ChunkRange range)
    {
        public TransferId Transfer => transfer;

        public ChunkRange Range => range;

        public uint Taken { get; set; }

        public uint Sent { get; set; }
    }

    /// <summary>A chunk that a lane sends.</summary>
    /// <param name="Of">Its range.</param>
    /// <param name="Number">Which of the item.</param>
    /// <param name="Pages">The pages over it go first.</param>
    internal sealed record Chunk(Serving Of, long Number, bool Pages);
}
