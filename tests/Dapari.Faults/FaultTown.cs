namespace Dapari.Faults;

/// <summary>
/// People who write to each other whatever happens to the server: senders with many posts on their way, who send again on the next connection what was not answered; owners who
/// come and go, and whose own stores sometimes die before they have kept what came. They notice what a server may never do (<see cref="FaultVerdict"/>).
/// </summary>
/// <remarks>
/// Real connections, real time. <see cref="ServerAt"/> says where the server is; while it is nowhere everybody waits. The rest is in <see cref="FinishAsync"/>'s verdict.
/// </remarks>
public sealed partial class FaultTown : IAsyncDisposable
{
    private readonly ServerPlace _place = new();
    private readonly CancellationTokenSource _over = new();
    private readonly TimeProvider _time;
    private readonly FaultPair[] _pairs;
    private readonly Task[] _owners;
    private readonly Task[] _senders;
    private readonly int _window;
    private readonly bool _ownersCome;
    private readonly bool _isCluster;
    private volatile bool _posting = true;
    private volatile bool _fetching;
    private volatile bool _isEnd;
    private volatile string _lastLoss = "none did";
    private long _answered, _refused, _repeats, _doubled, _cameBack, _outOfOrder, _strange;
    private readonly CancellationTokenSource _end = new();

    private FaultTown(int pairs, int window, bool ownersCome, bool isCluster, TimeProvider time)
    {
        (_window, _ownersCome, _isCluster, _time) = (window, ownersCome, isCluster, time);
        _pairs = [.. Enumerable.Range(0, pairs).Select(i => new FaultPair(i))];
        _owners = new Task[pairs];
        _senders = new Task[pairs];
    }

    /// <summary>Posts that were answered so far.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Posts that were refused so far.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Makes the mailboxes and begins.</summary>
    /// <param name="server">Where it is.</param>
    /// <param name="pairs">Mailboxes, each with a sender.</param>
    /// <param name="window">A sender's posts that wait for an answer.</param>
    /// <param name="ownersCome">Owners come and go; otherwise they stay away until <see cref="FinishAsync"/> or <see cref="Fetch"/>.</param>
    /// <param name="seed">Of what owners do.</param>
    /// <param name="time">For what they wait.</param>
    /// <param name="cancellation">Ends the making.</param>
    /// <param name="isCluster">The server is several machines: one that passes a post on does so again when the other dies before it has answered.</param>
    public static async Task<FaultTown> StartAsync(Uri server, int pairs, int window, bool ownersCome, int seed, TimeProvider time, CancellationToken cancellation, bool isCluster = false)
    {
        var town = new FaultTown(pairs, window, ownersCome, isCluster, time);
        using (var link = await FaultLink.ConnectAsync(server, cancellation))
        {
            foreach (var pair in town._pairs)
                await pair.CreateAsync(link, cancellation);
        }

        town._place.Set([server]);
        for (var i = 0; i < pairs; i++)
        {
            var (pair, random) = (town._pairs[i], new Random(seed + i));
            town._senders[i] = Task.Run(() => town.SendAsync(pair), CancellationToken.None);
            town._owners[i] = Task.Run(() => town.OwnAsync(pair, random), CancellationToken.None);
        }

        return town;
    }

    /// <summary>The server is there from now on; null: it is gone.</summary>
    public void ServerAt(Uri? address) => _place.Set(address is null ? [] : [address]);

    /// <summary>The server's machines are there from now on; everybody connects to whichever comes next.</summary>
    public void ServersAt(IReadOnlyList<Uri> addresses) => _place.Set(addresses);

    /// <summary>Owners who stayed away come from now on.</summary>
    public void Fetch() => _fetching = true;

    /// <summary>Owners stay away again.</summary>
    public void StayAway() => _fetching = false;

    /// <summary>Waits until so many more posts were answered.</summary>
    /// <exception cref="TimeoutException">They were not; the message says how far it came.</exception>
    public Task AnsweredAsync(long more, TimeSpan patience)
    {
        var from = Answered;
        return UntilAsync(() => Answered >= from + more, patience, () => $"{Answered - from} of {more} posts were answered");
    }

    /// <summary>Waits until each mailbox's sender was answered once more.</summary>
    /// <exception cref="TimeoutException">Some were not; the message says how many.</exception>
    public Task AllAnsweredAsync(TimeSpan patience)
    {
        long[] before = [.. _pairs.Select(pair => pair.AnsweredPosts)];
        return UntilAsync(() => Left() == 0, patience, () => $"{Left()} of {_pairs.Length} senders were not answered");

        int Left() => _pairs.Where((pair, i) => pair.AnsweredPosts <= before[i]).Count();
    }

    /// <summary>Waits until so many more posts were refused.</summary>
    /// <exception cref="TimeoutException">They were not; the message says how far it came.</exception>
    public Task RefusedAsync(long more, TimeSpan patience)
    {
        var from = Refused;
        return UntilAsync(() => Refused >= from + more, patience, () => $"{Refused - from} of {more} posts were refused");
    }

    /// <summary>Nobody posts anything new; what is on its way is posted to the end, every mailbox is emptied, and what came is compared with what was answered.</summary>
    /// <exception cref="TimeoutException">The server must be there, and is not.</exception>
    public async Task<FaultVerdict> FinishAsync(TimeSpan patience)
    {
        _posting = false;
        await WaitAsync(Task.WhenAll(_senders), patience, () => $"{_senders.Count(s => !s.IsCompleted)} senders had posts that were not answered");
        _isEnd = true;
        await _end.CancelAsync(); // Who waits for what never comes looks again.
        await WaitAsync(Task.WhenAll(_owners), patience, () => $"{_owners.Count(o => !o.IsCompleted)} mailboxes were not empty");
        long lost = 0;
        foreach (var pair in _pairs)
            lost += pair.CountLost();
        return new FaultVerdict(_answered, _refused, _repeats, lost, _doubled, _cameBack, _outOfOrder, _strange);
    }

    /// <summary>Everybody goes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        foreach (var task in _senders.Concat(_owners))
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
        _end.Dispose();
    }

    private async Task UntilAsync(Func<bool> condition, TimeSpan patience, Func<string> how)
    {
        for (var start = _time.GetTimestamp(); !condition();)
        {
            if (_senders.Concat(_owners).FirstOrDefault(t => t.IsFaulted) is { } failed)
                await failed;
            if (_time.GetElapsedTime(start) > patience)
                throw new TimeoutException($"After {patience.TotalSeconds:F0} s: {how()}. A connection ended last so: {_lastLoss}.");
            await MomentAsync(2);
        }
    }

    private async Task WaitAsync(Task task, TimeSpan patience, Func<string> how)
    {
        try
        {
            await task.WaitAsync(patience, _time);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"After {patience.TotalSeconds:F0} s: {how()}. A connection ended last so: {_lastLoss}.");
        }
    }

    /// <summary>Whoever lost a connection to a server that is still there waits a moment, as a device does.</summary>
    private Task MomentAsync(int ms) => Task.Delay(TimeSpan.FromMilliseconds(ms), _time, _over.Token);
}
