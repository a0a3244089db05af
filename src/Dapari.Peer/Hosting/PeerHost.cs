using System.Collections.Concurrent;
using System.Threading.Channels;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Hosting;

/// <summary>
/// The hands of a peer engine: takes what store, links and clock give, and does what the engine says. One loop owns the engine.
/// </summary>
/// <remarks>
/// Step 1: take all inputs that wait, at most <see cref="GroupSize"/>. Step 2: handle each; when none waits, the engine hears so, as a group of its own. Step 3: keep all their
/// batches in one commit. Step 4: do the effects, in order. A commit that fails discards the engine: it is loaded anew from what was kept, its
/// connections are closed, and the commands in it are completed with STORE_FAILED. An error of the engine's own does the same, with PEER_FAILED, until
/// it happened <see cref="MostFailures"/> times within <see cref="_failuresWithin"/>: then the host ends and its snapshot says so.
/// The queue of inputs is bounded. Full, it closes what floods it: the server connection or the path whose message found no room, as if it had been lost;
/// commands wait for room. Works on one thread as on many; events are raised on the context that it was started on, if there is one.
/// </remarks>
public sealed partial class PeerHost : IPeerClient, IAsyncDisposable
{
    private const int QueueLength = 4096;
    private const int GroupSize = 256;
    private static readonly TimeSpan _longestWait = TimeSpan.FromHours(1);
    private static readonly TimeSpan _firstBackoff = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _longestBackoff = TimeSpan.FromMinutes(1);

    // What comes again at each start (an envelope that its server delivers anew) must not spin; what comes once a day must not end the peer.
    private const int MostFailures = 4;
    private static readonly TimeSpan _failuresWithin = TimeSpan.FromMinutes(10);

    private readonly IPeerStore _store;
    private readonly IServerLink _servers;
    private readonly IPathLink _paths;
    private readonly IMediaLink? _media;
    private readonly IFileLink? _files;
    private readonly INearbyLink? _nearby;
    private readonly RandomSource _random;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly SynchronizationContext? _context;
    private readonly Func<Task>? _pause;
    private readonly CancellationTokenSource _stopping = new();

    // A browser has one thread and puts off what was posted to it until it has painted what a key press changed: there the loop goes on within the
    // call that brought the input.
    private readonly Channel<PeerInput> _inputs = Channel.CreateBounded<PeerInput>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true, AllowSynchronousContinuations = OperatingSystem.IsBrowser() });

    private readonly Queue<PeerInput> _own = new();
    private readonly ConcurrentQueue<PeerInput> _overflow = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<CommandResult>> _commands = new();
    private readonly HashSet<string> _connected = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _opened = [];
    private readonly HashSet<ulong> _legs = [];
    private readonly HashSet<ContactId> _attached = [];

    // Commands that the engine has, and has not completed.
    private readonly HashSet<long> _taken = [];
    private readonly ITimer _timer;
    private PeerEngine _engine;
    private TimeSpan _backoff = _firstBackoff;
    private PeerTrouble _trouble;

    // The snapshot that was raised last; shown a little later where events are posted to a context.
    private Snapshot _latest;
    private int _failures;
    private long _failedAt;
    private bool _drained = true;
    private long _lastToken;
    private Task _loop = Task.CompletedTask;

    private PeerHost(
        IPeerStore store, IServerLink servers, IPathLink paths, IMediaLink? media, IFileLink? files, RandomSource random, TimeProvider time,
        Func<Task>? pause, IReadOnlyList<StateRow> rows, INearbyLink? nearby = null)
    {
        _pause = pause;
        _store = store;
        _servers = servers;
        _paths = paths;
        _media = media;
        _files = files;
        _nearby = nearby;
        _random = random;
        _time = time;
        _started = time.GetTimestamp();
        _context = SynchronizationContext.Current;
        _engine = Load(rows);
        Snapshot = _latest = _engine.Snapshot;
        _timer = time.CreateTimer(static host => ((PeerHost)host!)._inputs.Writer.TryWrite(new PeerInput.Tick()), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public event Action<Notice>? Changed;

    /// <inheritdoc/>
    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>The servers that help to find ways, as the engine knows them now: the home server's, with credentials. Safe for threads.</summary>
    public IReadOnlyList<Dapari.Wire.V1.IceServer> IceServers => _engine.Parts.IceServers;

    /// <summary>Ends when the host is disposed; faulted if the store cannot be read any more or a bug showed again and again.</summary>
    public Task Completion => _loop;

    /// <summary>Raised for each error of the engine's own, before it begins anew: for whoever keeps a log.</summary>
    public event Action<Exception>? Failed;

    /// <summary>Loads the engine and starts it; its first snapshot is there when this is done.</summary>
    /// <param name="store">What is kept.</param>
    /// <param name="servers">Connections to servers.</param>
    /// <param name="paths">Direct paths.</param>
    /// <param name="random">Keys and ids.</param>
    /// <param name="time">Both clocks.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <param name="pause">Lets whoever shares the loop's thread go on before there is less urgent work; none: <see cref="Task.Yield"/>.</param>
    /// <exception cref="InvalidDataException">The store is damaged, or from a newer version.</exception>
    public static Task<PeerHost> StartAsync(
        IPeerStore store, IServerLink servers, IPathLink paths, RandomSource random, TimeProvider time, CancellationToken cancellation,
        Func<Task>? pause = null) =>
        StartAsync(store, servers, paths, null, random, time, cancellation, pause);

    /// <summary>Loads the engine and starts it, with calls if there is somebody to carry their media.</summary>
    /// <exception cref="InvalidDataException">The store is damaged, or from a newer version.</exception>
    public static Task<PeerHost> StartAsync(
        IPeerStore store, IServerLink servers, IPathLink paths, IMediaLink? media, RandomSource random, TimeProvider time, CancellationToken cancellation,
        Func<Task>? pause = null) =>
        StartAsync(store, servers, paths, media, null, random, time, cancellation, pause);

    /// <summary>Loads the engine and starts it, with calls, files and contacts on the same network if there is somebody to carry their bytes.</summary>
    /// <exception cref="InvalidDataException">The store is damaged, or from a newer version.</exception>
    public static async Task<PeerHost> StartAsync(
        IPeerStore store, IServerLink servers, IPathLink paths, IMediaLink? media, IFileLink? files, RandomSource random, TimeProvider time,
        CancellationToken cancellation, Func<Task>? pause = null, INearbyLink? nearby = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(time);
        var rows = await store.LoadStateAsync(cancellation);
        var host = new PeerHost(store, servers, paths, media, files, random, time, pause, rows, nearby);
        host.Subscribe();
        host._own.Enqueue(new PeerInput.Start());
        host._loop = host.LoopAsync();
        return host;
    }

    /// <inheritdoc/>
    public async Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        var token = Interlocked.Increment(ref _lastToken);
        var completion = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _commands[token] = completion;
        try
        {
            await _inputs.Writer.WriteAsync(new PeerInput.Said(token, command.Clone()), cancellation);
            return await completion.Task.WaitAsync(cancellation);
        }
        catch (ChannelClosedException) when (_trouble == PeerTrouble.Ended)
        {
            return new CommandResult { Refusal = CommandRefusal.PeerFailed };
        }
        catch (ChannelClosedException closed)
        {
            throw new ObjectDisposedException("The peer has ended.", closed);
        }
        finally
        {
            _commands.TryRemove(token, out _);
        }
    }

    /// <inheritdoc/>
    public ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation) =>
        _store.ReadMessagesAsync(contact, anchor, direction, count, cancellation);

    /// <inheritdoc/>
    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) => _store.FindMessageAsync(message, cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation) =>
        _store.SearchAsync(query, contact, count, cancellation);

    /// <summary>Ends the loop after the commit that is under way, and closes every connection and path.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        _inputs.Writer.TryComplete();
        Unsubscribe();
        await _timer.DisposeAsync();
        await _loop.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        CloseAll();
        FailCommands(new ObjectDisposedException(nameof(PeerHost)));
        _stopping.Dispose();
    }

    private PeerEngine Load(IReadOnlyList<StateRow> rows) =>
        PeerEngine.Load(
            rows, _random, _paths.IsSupported, Now(), _media is { IsSupported: true }, _files is { IsSupported: true }, _nearby is not null, _files?.Credit);

    private Moment Now() => new((long)_time.GetElapsedTime(_started).TotalMilliseconds, _time.GetUtcNow().ToUnixTimeMilliseconds());

    private async Task LoopAsync()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                try
                {
                    await RunGroupAsync();
                }
                catch (Exception fault) when (fault is not OperationCanceledException && MayBeginAnew())
                {
                    Failed?.Invoke(fault);
                    await StartAnewAsync(CommandRefusal.PeerFailed);
                }

                if (_own.Count == 0 && _overflow.IsEmpty && _drained && !await _inputs.Reader.WaitToReadAsync(_stopping.Token))
                    return;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception fault)
        {
            Failed?.Invoke(fault);
            CloseAll();
            Suffer(PeerTrouble.Ended);
            _inputs.Writer.TryComplete(fault);
            foreach (var completion in _commands.Values)
                completion.TrySetResult(new CommandResult { Refusal = CommandRefusal.PeerFailed });
            throw;
        }
    }

    private async Task RunGroupAsync()
    {
        var group = new StepGroup();
        while (group.Count < GroupSize && TryTake(out var input))
        {
            if (input is PeerInput.Said said)
                _taken.Add(said.Token);
            group.Add(_engine.Handle(input, Now()));
            _drained = false;
        }

        // What arrived is kept and shown before receipts are sealed for it: first the loop lets the others of its thread go on.
        if (!_drained && group.Count == 0)
        {
            if (_pause is null)
                await Task.Yield();
            else
                await Task.WhenAny(_pause(), _inputs.Reader.WaitToReadAsync(_stopping.Token).AsTask()); // An input ends it: it is not to wait behind a frame.
            if (TryPeek())
                return;
            group.Add(_engine.Handle(new PeerInput.Drained(), Now()));
            _drained = true;
        }

        if (group.Count == 0)
            return;
        var fault = group.Batch.IsEmpty ? StoreFault.None : await _store.CommitAsync(group.Batch, CancellationToken.None);
        if (fault == StoreFault.None)
        {
            if (!group.Batch.IsEmpty)
            {
                Suffer(PeerTrouble.Unspecified);
                _backoff = _firstBackoff;
            }

            foreach (var effect in group.Effects)
                await DoAsync(effect);
        }
        else
        {
            Suffer(fault == StoreFault.Full ? PeerTrouble.StorageFull : PeerTrouble.StorageFailed);
            await StartAnewAsync(CommandRefusal.StoreFailed);
        }

        Arm();
    }

    private bool TryPeek() => _own.Count > 0 || !_overflow.IsEmpty || _inputs.Reader.TryPeek(out _);

    private bool TryTake(out PeerInput input)
    {
        if (_own.TryDequeue(out var own))
        {
            input = own;
            return true;
        }

        if (_overflow.TryDequeue(out var overflowed))
        {
            input = overflowed;
            return true;
        }

        return _inputs.Reader.TryRead(out input!);
    }

    private void Arm()
    {
        if (_engine.NextDeadline is not { } deadline)
            return;
        var wait = TimeSpan.FromMilliseconds(Math.Max(1, deadline - Now().MonotonicMs));
        if (!_stopping.IsCancellationRequested)
            _timer.Change(wait < _longestWait ? wait : _longestWait, Timeout.InfiniteTimeSpan);
    }

    private void CompleteTaken(CommandRefusal refusal)
    {
        foreach (var token in _taken.ToList())
            Complete(token, new CommandResult { Refusal = refusal });
    }

    private void Complete(long token, CommandResult result)
    {
        _taken.Remove(token);
        if (_commands.TryGetValue(token, out var completion))
            completion.TrySetResult(result);
    }

    private void FailCommands(Exception fault)
    {
        foreach (var completion in _commands.Values)
            completion.TrySetException(fault);
    }

    private void CloseAll()
    {
        foreach (var origin in _connected)
            _servers.Disconnect(origin);
        foreach (var path in _opened)
            _paths.Close(path);
        foreach (var leg in _legs)
            _media?.Close(leg);
        foreach (var contact in _attached)
            _files?.Detach(contact);
        _nearby?.Watch([]);
        _attached.Clear();
        _legs.Clear();
        _connected.Clear();
        _opened.Clear();
    }
}
