using System.Net.WebSockets;
using Dapari.Server.Tests;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Cluster.Tests;

/// <summary>
/// Two people who talk through whichever machine answers, as peers do: a sender repeats what was not answered, in order, on its next connection; an owner acknowledges what it has and
/// recognizes repeats. What must hold is checked at the end.
/// </summary>
internal sealed class Talk : IAsyncDisposable
{
    private const int Window = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly TestMailbox _box = new();
    private volatile IReadOnlyList<Uri> _senderWays, _ownerWays;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<int> _firstSeen = [];
    private readonly HashSet<int> _seen = [];
    private readonly SortedDictionary<int, EnvelopeId> _unanswered = [];
    private readonly SemaphoreSlim _progress = new(0);
    private Task _sending = Task.CompletedTask, _taking = Task.CompletedTask;
    private volatile int _answered;
    private volatile bool _enough;
    private int _next;
    private bool _created;

    /// <param name="senderWays">Where the sender connects, the first while it answers.</param>
    /// <param name="ownerWays">Where the owner does.</param>
    public Talk(IReadOnlyList<Uri> senderWays, IReadOnlyList<Uri> ownerWays) => (_senderWays, _ownerWays) = (senderWays, ownerWays);

    /// <summary>Machines have come and gone: where both connect from the next time on.</summary>
    public void Connect(IReadOnlyList<Uri> senderWays, IReadOnlyList<Uri> ownerWays) => (_senderWays, _ownerWays) = (senderWays, ownerWays);

    /// <summary>Posts that were answered as kept.</summary>
    public int Answered => _answered;

    /// <summary>Connections that broke.</summary>
    public int Breaks { get; private set; }

    /// <summary>How often the owner was told that another connection has its mailbox, which nobody but itself ever opens.</summary>
    public int Taken { get; private set; }

    public async Task BeginAsync()
    {
        await RetryAsync(() => _ownerWays, async client =>
        {
            if ((await client.CreateAsync(_box).WaitAsync(Patience)).KindCase != ServerFrame.KindOneofCase.Done)
                throw new InvalidOperationException("not created");
            _created = true;
        }, () => _created);
        _taking = Task.Run(() => RetryAsync(() => _ownerWays, TakeAsync, () => _stop.IsCancellationRequested));
        _sending = Task.Run(() => RetryAsync(() => _senderWays, SendAsync, () => _enough && _unanswered.Count == 0));
    }

    /// <summary>Waits until so many more posts were answered.</summary>
    public async Task MoreAsync(int posts)
    {
        var goal = _answered + posts;
        while (_answered < goal)
        {
            if (!await _progress.WaitAsync(TimeSpan.FromSeconds(120)))
                throw new TimeoutException($"{_answered} posts were answered, and then none for two minutes ({Breaks} breaks).");
        }
    }

    /// <summary>Lets what is on its way arrive; everything that was answered has to have arrived, each first time in order.</summary>
    public async Task<string?> EndAsync()
    {
        _enough = true;
        await _sending.WaitAsync(TimeSpan.FromSeconds(120));
        var posted = _next;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 2400 && SeenCount() < posted; i++)
            await tick.WaitForNextTickAsync();
        await _stop.CancelAsync();
        lock (_seen)
        {
            var lost = Enumerable.Range(0, posted).Where(n => !_seen.Contains(n)).Take(10).ToList();
            var wrong = _firstSeen.Zip(_firstSeen.Skip(1)).Where(pair => pair.Second < pair.First).Take(10).ToList();
            return lost.Count == 0 && wrong.Count == 0 ? null : $"of {posted}: lost {string.Join(' ', lost)}; out of order {string.Join(' ', wrong)}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        _enough = true;
        await _stop.CancelAsync();
        await _taking;
        _stop.Dispose();
    }

    private int SeenCount()
    {
        lock (_seen)
            return _seen.Count;
    }

    private async Task RetryAsync(Func<IReadOnlyList<Uri>> where, Func<TestClient, Task> run, Func<bool> isDone)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var way = 0; !isDone(); way++)
        {
            TestClient? client = null;
            try
            {
                var ways = where();
                client = await TestClient.HelloAsync(ways[way % ways.Count]).WaitAsync(Patience);
                await run(client);
                way--;
            }
            catch (Exception e) when (e is InvalidOperationException or WebSocketException or TimeoutException or OperationCanceledException or ObjectDisposedException or IOException)
            {
                Breaks++;
                await tick.WaitForNextTickAsync(); // And another machine is tried.
            }
            finally
            {
                client?.Break();
            }
        }
    }

    private async Task SendAsync(TestClient client)
    {
        if ((await client.OpenSenderAsync(_box).WaitAsync(Patience)).KindCase != ServerFrame.KindOneofCase.Done)
            throw new InvalidOperationException("not opened");
        var asked = new Dictionary<ulong, int>();
        foreach (var (number, id) in _unanswered)
            asked[await PostAsync(client, number, id)] = number;
        while (true)
        {
            while (!_enough && asked.Count < Window)
            {
                var id = EnvelopeId.Random(RandomSource.System);
                var number = _next++;
                _unanswered.Add(number, id);
                asked[await PostAsync(client, number, id)] = number;
            }

            if (asked.Count == 0)
                return;
            var answer = await client.NextAsync().WaitAsync(Patience);
            if (answer.KindCase != ServerFrame.KindOneofCase.Posted || !asked.Remove(answer.Request, out var answered))
                throw new InvalidOperationException($"not posted: {answer}");
            _unanswered.Remove(answered);
            Interlocked.Increment(ref _answered);
            _progress.Release();
        }
    }

    private Task<ulong> PostAsync(TestClient client, int number, EnvelopeId id) => client.SendAsync(TestClient.PostFrame(_box, id, BitConverter.GetBytes(number))).WaitAsync(Patience);

    private async Task TakeAsync(TestClient client)
    {
        if ((await client.OpenAsync(_box).WaitAsync(Patience)).KindCase != ServerFrame.KindOneofCase.MailboxOpened)
            throw new InvalidOperationException("not opened");
        while (!_stop.IsCancellationRequested)
        {
            var frame = await client.NextAsync().WaitAsync(Patience, _stop.Token);
            if (frame.KindCase == ServerFrame.KindOneofCase.MailboxTaken)
            {
                Taken++;
                throw new InvalidOperationException("taken");
            }

            if (frame.KindCase != ServerFrame.KindOneofCase.Deliver)
                continue;
            var number = BitConverter.ToInt32(frame.Deliver.Envelope.Span);
            lock (_seen)
            {
                if (_seen.Add(number))
                    _firstSeen.Add(number);
            }

            var acknowledge = new Acknowledge { MailboxId = _box.Id.ToByteString() };
            acknowledge.Sequences.Add(frame.Deliver.Sequence);
            await client.SendAsync(new ClientFrame { Acknowledge = acknowledge }).WaitAsync(Patience);
        }
    }
}
