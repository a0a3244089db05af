using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Web.Platform;

/// <summary>
/// The peer of this profile, whichever tab runs its engine. A Web Lock names the owner; the others are views: they send commands over a
/// BroadcastChannel, hear notices, and read the store themselves. When the lock passes on, the next tab loads the engine and goes on.
/// </summary>
/// <remarks>
/// Step 1: take the lock if it is free, and own; else ask the owner for its snapshot. Step 2: an owner that does not answer in time sleeps:
/// its lock is stolen, and the fencing token in the store keeps it from committing when it wakes. Step 3: wait for the lock all the while.
/// Step 4: a tab that falls asleep lets the lock go first.
/// </remarks>
internal sealed partial class TabClient : IPeerClient
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);
    private readonly BrowserStore _store;
    private readonly BrowserServerLink _servers;
    private readonly BrowserPathLink _paths;
    private readonly RandomSource _random;
    private readonly TimeProvider _time;
    private readonly string _lockName;
    private readonly byte[] _tab;
    private PeerHost? _host;
    private bool _asleep;
    private TaskCompletionSource? _firstSnapshot = new();

    public TabClient(string lockName, BrowserStore store, BrowserServerLink servers, BrowserPathLink paths, RandomSource random, TimeProvider time)
    {
        _lockName = lockName;
        _store = store;
        _servers = servers;
        _paths = paths;
        _random = random;
        _time = time;
        _tab = random.Bytes(16);
        TabEvents.Listener = this;
    }

    /// <inheritdoc/>
    public event Action<Notice>? Changed;

    /// <inheritdoc/>
    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>Whether the engine runs in this tab.</summary>
    public bool IsOwner => _host is not null;

    /// <summary>Becomes the owner or a view of it; the first snapshot is there when this is done.</summary>
    public async Task StartAsync()
    {
        if (await TabModule.AcquireAsync(_lockName, "now"))
        {
            await OwnAsync();
            return;
        }

        var snapshot = _firstSnapshot!.Task;
        Say(new TabMessage { Hello = true });
        using var patience = new CancellationTokenSource(_patience, _time);
        _ = WaitForLockAsync();
        try
        {
            await snapshot.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            await StealAsync();
            await snapshot;
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

    /// <summary>The lock was stolen: another tab owns now.</summary>
    public void OnLockLost() => LeaveThenWait();

    /// <summary>The page is about to be frozen or left: what runs no code must own nothing.</summary>
    public void OnSleeping()
    {
        _asleep = true;
        Leave();
        TabModule.LetGo();
    }

    /// <summary>The page is back.</summary>
    public void OnWaking()
    {
        if (!_asleep) return;
        _asleep = false;
        _ = WaitForLockAsync();
        Say(new TabMessage { Hello = true });
    }

    private async Task WaitForLockAsync()
    {
        if (await TabModule.AcquireAsync(_lockName, "wait")) await OwnAsync();
    }

    private async Task StealAsync()
    {
        if (_host is null && await TabModule.AcquireAsync(_lockName, "steal")) await OwnAsync();
    }

    private async Task OwnAsync()
    {
        if (_host is not null || _asleep) return;
        if (!await _store.ClaimAsync(_random.Bytes(16)))
        {
            // The store cannot be written: another tab may have more luck, and so may this one later.
            TabModule.LetGo();
            _time.CreateTimer(_ => { _ = WaitForLockAsync(); }, null, _patience, Timeout.InfiniteTimeSpan);
            return;
        }

        var host = await PeerHost.StartAsync(_store, _servers, _paths, _random, _time, CancellationToken.None);
        _host = host;
        host.Changed += OnNotice;
        OnNotice(new Notice { Snapshot = host.Snapshot });
        Say(new TabMessage { LeaderRun = Google.Protobuf.ByteString.CopyFrom(_random.Bytes(8)) });
        SendPendingAgain();
        _ = WatchAsync(host);
    }

    // An engine that ends by itself has met a bug or a store that cannot be read: the tab says so in the console and tries anew, from what was kept.
    private async Task WatchAsync(PeerHost host)
    {
        try
        {
            await host.Completion;
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine(fault);
            if (_host != host) return;
            Leave();
            _time.CreateTimer(_ => { _ = OwnAsync(); }, null, _patience, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnNotice(Notice notice)
    {
        Show(notice);
        Say(new TabMessage { Notice = notice });
    }

    private void Show(Notice notice)
    {
        if (notice.Snapshot is not null)
        {
            Snapshot = notice.Snapshot;
            _firstSnapshot?.TrySetResult();
            _firstSnapshot = null;
        }

        Changed?.Invoke(notice);
    }

    private void Leave()
    {
        if (_host is not { } host) return;
        _host = null;
        host.Changed -= OnNotice;
        _ = host.DisposeAsync().AsTask();
    }

    private void LeaveThenWait()
    {
        Leave();
        Say(new TabMessage { Hello = true });
        _ = WaitForLockAsync();
    }
}
