using System.Collections.Concurrent;
using System.Threading.Channels;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Server.Telemetry;
using Dapari.Wire.V1;

namespace Dapari.Server.Push;

/// <summary>
/// Wakes devices whose app is closed, through their browsers' push services, when something was kept for them. Once for a mailbox until its owner comes, or until an hour is over; for all
/// mailboxes of a device once in half a minute. What cannot be sent is tried again for about a quarter of an hour; what waits beyond the bounds is left out, for the envelopes are safe.
/// </summary>
internal sealed partial class PushDesk : IAsyncDisposable
{
    /// <summary>Of one device.</summary>
    internal static readonly TimeSpan Apart = TimeSpan.FromSeconds(30);

    /// <summary>Of one mailbox whose owner does not come.</summary>
    internal static readonly TimeSpan Again = TimeSpan.FromHours(1);

    /// <summary>A mailbox without a subscription is not asked about for so long.</summary>
    private static readonly TimeSpan Unknown = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);
    private const int Tries = 5;
    private const int MostAtOnce = 16;
    private const int MostNews = 10_000;
    private const int MostRemembered = 200_000;
    private const int MostDevices = 50_000;

    private readonly PushServing _serving;
    private readonly PushPost _post;
    private readonly IPostOffice _office;
    private readonly Func<long, bool> _isThere;
    private readonly string? _contact;
    private readonly Func<TimeSpan> _keepFor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<long, long> _quietUntil = [];
    private readonly Channel<long> _news;
    private readonly Channel<Wake> _ended = Channel.CreateUnbounded<Wake>(new UnboundedChannelOptions { SingleReader = true }); // As many as are on their way: 16.
    private readonly PriorityQueue<Wake, long> _due = new();
    private readonly Dictionary<string, Wake> _devices = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _remembered;
    private int _onTheWay;

    public PushDesk(PushServing serving, VapidKey key, IPostOffice office, Func<long, bool> isThere, string? contact, Func<TimeSpan> keepFor, TimeProvider time, ILogger logger)
    {
        (_serving, _office, _isThere, _contact, _keepFor, _time, _logger) = (serving, office, isThere, contact, keepFor, time, logger);
        Key = key;
        _post = new PushPost(serving, key, time);
        // Full: the news is left out, and the mailbox's next post says it again.
        _news = Channel.CreateBounded<long>(new BoundedChannelOptions(MostNews) { SingleReader = true });
        _loop = RunAsync();
    }

    /// <summary>The server's.</summary>
    public VapidKey Key { get; }

    /// <summary>What came of everything so far.</summary>
    public NamedCounters<PushEnd> Ends { get; } = new(end => (int)end);

    /// <summary>Messages that a push service has not answered yet.</summary>
    internal int OnTheWay => Volatile.Read(ref _onTheWay);

    /// <summary>Whether this server would wake a device so.</summary>
    public PushTargetFault Check(WakeSubscription subscription) => PushTarget.TryRead(subscription, _serving, out _);

    /// <summary>Something was kept for an owner who is not connected. Any thread; costs one look where there is nothing to do.</summary>
    public void Posted(long mailbox)
    {
        var now = NowMs;
        if (_quietUntil.TryGetValue(mailbox, out var until) && now < until)
            return;
        if (Interlocked.Increment(ref _remembered) > MostRemembered)
        {
            _quietUntil.Clear();
            Volatile.Write(ref _remembered, 0);
        }

        _quietUntil[mailbox] = now + (long)Again.TotalMilliseconds;
        if (_news.Writer.TryWrite(mailbox))
            return;
        Forget(mailbox);
        Ends.Add(PushEnd.GivenUp);
    }

    /// <summary>The owner came, the mailbox came to this machine, or its subscription changed: its next post is news again. Any thread.</summary>
    public void Forget(long mailbox)
    {
        if (_quietUntil.TryRemove(mailbox, out _))
            Interlocked.Decrement(ref _remembered);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _post.Dispose();
        _stop.Dispose();
        Key.Dispose();
    }

    private long NowMs => _time.GetTimestamp() / (_time.TimestampFrequency / 1000);

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                while (_ended.Reader.TryRead(out var ended))
                    Ended(ended);
                while (_devices.Count < MostDevices && _news.Reader.TryRead(out var mailbox))
                    await TakeAsync(mailbox);
                while (_onTheWay < MostAtOnce && _due.TryPeek(out var wake, out var at) && at <= NowMs)
                {
                    _due.Dequeue();
                    Begin(wake);
                }

                await WaitAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task WaitAsync()
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        List<Task> signs = [_ended.Reader.WaitToReadAsync(waiting.Token).AsTask()];
        if (_devices.Count < MostDevices)
            signs.Add(_news.Reader.WaitToReadAsync(waiting.Token).AsTask());
        if (_onTheWay < MostAtOnce && _due.TryPeek(out _, out var at))
            signs.Add(Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, at - NowMs)), _time, waiting.Token));
        await Task.WhenAny(signs);
        await waiting.CancelAsync();
        _stop.Token.ThrowIfCancellationRequested();
    }

    private async Task TakeAsync(long mailbox)
    {
        if (_isThere(mailbox))
            return;
        WakeSubscription? subscription;
        try
        {
            subscription = await _office.WakeAsync(mailbox, _stop.Token);
        }
        catch (StorageException)
        {
            Forget(mailbox); // Its next post asks again; the store said why.
            return;
        }

        PushTarget? target = null;
        if (subscription is null || PushTarget.TryRead(subscription, _serving, out target) != PushTargetFault.None)
        {
            if (_quietUntil.ContainsKey(mailbox))
                _quietUntil[mailbox] = NowMs + (long)Unknown.TotalMilliseconds;
            return;
        }

        if (!_devices.TryGetValue(subscription.Endpoint, out var wake))
        {
            _devices.Add(subscription.Endpoint, wake = new Wake(subscription.Endpoint, target!));
            Plan(wake, NowMs);
        }
        else if (!wake.IsPlanned)
        {
            // It was woken a moment ago, or is being woken. A subscription may have been renewed under the same address.
            (wake.Target, wake.Tries) = (target!, 0);
            wake.IsPlanned = true;
        }

        wake.Mailboxes.Add(mailbox);
    }

    private void Plan(Wake wake, long at)
    {
        wake.IsPlanned = true;
        _due.Enqueue(wake, at);
    }

    private void Begin(Wake wake)
    {
        // Planned again while it rested, or its rest is over.
        if (!wake.IsPlanned || wake.Mailboxes.TrueForAll(mailbox => _isThere(mailbox)))
        {
            _devices.Remove(wake.Endpoint);
            return;
        }

        wake.IsPlanned = false;
        wake.Sending = [.. wake.Mailboxes];
        wake.Mailboxes.Clear();
        _onTheWay++;
        _ = SendAsync(wake);
    }

    private async Task SendAsync(Wake wake)
    {
        try
        {
            (wake.End, wake.RetryAfter) = await _post.SendAsync(wake.Target, _contact, _keepFor(), _stop.Token);
            if (wake.End == PushEnd.Gone)
                await _office.ForgetWakesAsync(wake.Endpoint, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or StorageException)
        {
            wake.End = PushEnd.Later;
        }
        catch (Exception e)
        {
            wake.End = PushEnd.Refused; // A fault of ours: it must neither end the loop nor be repeated.
            Failed(_logger, e);
        }

        _ended.Writer.TryWrite(wake);
    }

    private void Ended(Wake wake)
    {
        _onTheWay--;
        if (wake.End == PushEnd.Later && ++wake.Tries >= Tries)
            wake.End = PushEnd.GivenUp;
        Ends.Add(wake.End);
        if (wake.End == PushEnd.Later)
        {
            wake.Mailboxes.AddRange(wake.Sending);
            Plan(wake, NowMs + (long)Math.Max(FirstRetry.TotalMilliseconds * Math.Pow(4, wake.Tries - 1), wake.RetryAfter?.TotalMilliseconds ?? 0));
            return;
        }

        if (wake.End is PushEnd.Refused or PushEnd.GivenUp)
            NotSent(_logger, wake.Target.Endpoint.Host, wake.End);
        wake.Tries = 0;
        // It rests, whether more is to be said by then or not.
        _due.Enqueue(wake, NowMs + (long)Apart.TotalMilliseconds);
    }

    [LoggerMessage(EventId = 1601, Level = LogLevel.Warning, Message = "The push service {Host} did not take a wake-up ({End}).")]
    private static partial void NotSent(ILogger logger, string host, PushEnd end);

    [LoggerMessage(EventId = 1602, Level = LogLevel.Error, Message = "A wake-up failed.")]
    private static partial void Failed(ILogger logger, Exception exception);

    /// <summary>A device: what it is to be told for, until it rests for half a minute. Of the loop, but for what <see cref="SendAsync"/> sets.</summary>
    private sealed class Wake(string endpoint, PushTarget target)
    {
        public string Endpoint => endpoint;

        public PushTarget Target { get; set; } = target;

        public List<long> Mailboxes { get; } = [];

        public List<long> Sending { get; set; } = [];

        /// <summary>It is to be woken when its time comes.</summary>
        public bool IsPlanned { get; set; }

        public int Tries { get; set; }

        public PushEnd End { get; set; }

        public TimeSpan? RetryAfter { get; set; }
    }
}
