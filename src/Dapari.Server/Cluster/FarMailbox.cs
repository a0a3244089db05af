using System.Diagnostics;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Cluster;

/// <summary>
/// Posts of this machine's connections for one mailbox that another machine has: they keep their order, wherever the mailbox goes. Any thread.
/// </summary>
/// <remarks>
/// Posts go to where the mailbox was found last, many on their way at once. When one comes back undone, no more go; when all are back, the mailbox is looked for again, and those undone go
/// first. Nobody knows of a post whose machine died whether it was kept: it goes again, and is recognized by its id while it lies there, and by the recipient afterwards.
/// </remarks>
internal sealed class FarMailbox(ClusterOffice office, MailboxId id, long number)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<FarPost> _undone = [];
    private Queue<FarPost> _waiting = new();
    private MailboxPlace? _place;
    private int _outstanding;
    private bool _looking;
    private bool _closed;
    private long _order;
    private int _generation;
    private long _usedAt = Stopwatch.GetTimestamp();

    public long Number { get; } = number;

    /// <summary>How often posts came back undone: what was sent before and waits in a lane may not go, for it would overtake those.</summary>
    public int Generation => Volatile.Read(ref _generation);

    private bool IsBusy => _outstanding > 0 || _looking || _waiting.Count > 0 || _undone.Count > 0;

    /// <summary>Takes a post. False: nothing is on its way here, and <paramref name="onlyBehind"/> others it would have been taken; or this is put away.</summary>
    public bool TryAdd(Connections.SenderSlot sender, Storage.Operations.PostOperation post, bool onlyBehind, out bool isPutAway)
    {
        lock (_gate)
        {
            isPutAway = _closed;
            if (_closed || onlyBehind && !IsBusy)
                return false;
            _usedAt = Stopwatch.GetTimestamp();
            post.WasForwarded = true;
            var far = new FarPost(this, sender, post, _order++);
            if (_place is { } place && !_looking && _undone.Count == 0)
                Send(place, far);
            else
                Wait(far);
            return true;
        }
    }

    /// <summary>Where the mailbox is, looking for it if need be; null: unknown, or nowhere.</summary>
    public async Task<MailboxPlace?> PlaceAsync()
    {
        lock (_gate)
        {
            if (_place is { } known)
                return known;
        }

        return await office.TryLocateAsync(id) is { Silo: not null } place ? place : null;
    }

    /// <summary>The mailbox is not there any more.</summary>
    public void Forget(MailboxPlace place)
    {
        lock (_gate)
        {
            if (_place == place)
                _place = null;
        }
    }

    /// <summary>What became of a post.</summary>
    public void Answered(FarPost far, int fate)
    {
        var isDone = fate is not (PostFate.Elsewhere or PostFate.Failed);
        if (isDone)
            Complete(far, fate);
        lock (_gate)
        {
            _outstanding--;
            if (!isDone)
            {
                _undone.Add(far);
                _generation++;
                _place = null;
            }

            if (_outstanding == 0 && (_undone.Count > 0 || _waiting.Count > 0) && !_looking)
                Look();
        }
    }

    /// <summary>True if nothing happened here for so long, and nothing will: the next post makes another one.</summary>
    public bool TryPutAway(TimeSpan idle)
    {
        lock (_gate)
            return _closed = _closed || !IsBusy && Stopwatch.GetElapsedTime(_usedAt) >= idle;
    }

    private void Send(MailboxPlace place, FarPost far)
    {
        _outstanding++;
        (far.Epoch, far.Generation) = (place.Epoch, _generation);
        office.Lane(place.Silo!).Add(far);
    }

    private void Wait(FarPost far)
    {
        _waiting.Enqueue(far);
        if (!_looking && _outstanding == 0)
            Look();
    }

    private void Look()
    {
        _looking = true;
        _undone.Sort((a, b) => a.Order.CompareTo(b.Order));
        _waiting = new Queue<FarPost>(_undone.Concat(_waiting));
        _undone.Clear();
        _ = Task.Run(LookAsync);
    }

    private async Task LookAsync()
    {
        // What is inside it here, if it is just leaving, comes to its end first: if something of it fails, its sender's later posts may not arrive before it.
        await office.LeavingAsync(Number);
        for (var wait = FirstRetry; ; wait = TimeSpan.FromTicks(Math.Min(LastRetry.Ticks, wait.Ticks * 2)))
        {
            var place = await office.TryLocateAsync(id);
            if (place is { Number: 0 })
            {
                CompleteAll((int)Refusal.UnknownMailbox);
                return;
            }

            if (place is { Silo: { } silo } && (silo.Equals(office.Silo) ? await TryPostHereAsync() : SendAll(place.Value)))
                return;
            if (IsTooLate())
            {
                CompleteAll(PostFate.Failed);
                return;
            }

            await Task.Delay(wait, office.Time);
        }
    }

    private bool SendAll(MailboxPlace place)
    {
        List<FarPost>? broken = null;
        lock (_gate)
        {
            _place = place;
            while (_waiting.TryDequeue(out var far))
            {
                if (far.Sender.IsBroken)
                    (broken ??= []).Add(far);
                else
                    Send(place, far);
            }

            _looking = false;
        }

        foreach (var far in broken ?? [])
            Complete(far, PostFate.Failed);
        return true;
    }

    /// <summary>The mailbox has come here: what waits goes in; false: it has left again.</summary>
    private async Task<bool> TryPostHereAsync()
    {
        while (true)
        {
            FarPost? far;
            lock (_gate)
            {
                if (!_waiting.TryPeek(out far))
                {
                    _looking = false;
                    return true;
                }
            }

            if (!office.TryEnter(Number, out var mailbox))
                return false;
            lock (_gate)
                _waiting.Dequeue();
            if (far.Sender.IsBroken)
            {
                mailbox.Exit();
                Complete(far, PostFate.Failed);
                continue;
            }

            far.Post.WasForwarded = false;
            await office.PostHereAsync(mailbox, far.Sender, far.Post, CancellationToken.None);
        }
    }

    private bool IsTooLate()
    {
        lock (_gate)
            return _waiting.TryPeek(out var first) && Stopwatch.GetElapsedTime(first.CameAt) >= office.Patience;
    }

    private void CompleteAll(int fate)
    {
        while (true)
        {
            FarPost? far;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out far))
                {
                    _looking = false;
                    return;
                }
            }

            Complete(far, fate);
        }
    }

    private static void Complete(FarPost far, int fate)
    {
        far.Post.IsOwnerElsewhere = fate == PostFate.PostedToConnected;
        far.Post.Refusal = fate > 0 ? (Refusal)fate : Refusal.Unspecified;
        far.Post.Complete(fate != PostFate.Failed);
    }
}
