using Dapari.Peer.Engine;
using Dapari.Peer.Local;

namespace Dapari.Peer.Hosting;

/// <summary>When storage refuses or the engine errs: what is said, and how it goes on.</summary>
public sealed partial class PeerHost
{
    private bool MayBeginAnew()
    {
        var now = _time.GetTimestamp();
        if (_failures > 0 && _time.GetElapsedTime(_failedAt, now) > _failuresWithin)
            _failures = 0;
        if (_failures == 0)
            _failedAt = now;
        return ++_failures < MostFailures;
    }

    /// <summary>The engine knows what was not kept: it goes, and another begins from what was.</summary>
    private async Task StartAnewAsync(CommandRefusal refusal)
    {
        CloseAll();
        KeepOnlyCommands();
        // Also commands of earlier groups that the discarded engine had under way: no other knows them.
        CompleteTaken(refusal);
        await RestAsync();
        _engine = Load(await LoadAsync());
        _drained = true;
        Raise(new Notice { Snapshot = _engine.Snapshot });
        var waiting = _own.ToArray();
        _own.Clear();
        _own.Enqueue(new PeerInput.Start());
        foreach (var input in waiting)
            _own.Enqueue(input);
    }

    /// <summary>Storage that cannot be read now may be readable later; what is read and makes no sense will not.</summary>
    private async Task<IReadOnlyList<StateRow>> LoadAsync()
    {
        while (true)
        {
            try
            {
                return await _store.LoadStateAsync(_stopping.Token);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Failed?.Invoke(fault);
                Suffer(PeerTrouble.StorageFailed);
            }

            await RestAsync();
        }
    }

    /// <summary>Waits before the next try, but lets nobody who says something wait longer than the first time.</summary>
    private async Task RestAsync()
    {
        await Task.Delay(_firstBackoff, _time, _stopping.Token);
        var rest = _backoff - _firstBackoff;
        _backoff = TimeSpan.FromTicks(Math.Min(_backoff.Ticks * 2, _longestBackoff.Ticks));
        if (rest <= TimeSpan.Zero || TryPeek())
            return;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        await Task.WhenAny(Task.Delay(rest, _time, over.Token), _inputs.Reader.WaitToReadAsync(over.Token).AsTask());
        await over.CancelAsync();
        _stopping.Token.ThrowIfCancellationRequested();
    }

    /// <summary>What the closed connections said is stale; what people said is not.</summary>
    private void KeepOnlyCommands()
    {
        var kept = new List<PeerInput>();
        while (TryTake(out var input))
        {
            if (input is PeerInput.Said or PeerInput.NetworkChanged)
                kept.Add(input);
        }

        foreach (var input in kept)
            _own.Enqueue(input);
    }

    /// <summary>What is wrong with the device or the app is part of what is shown.</summary>
    private void Suffer(PeerTrouble trouble)
    {
        if (_trouble == trouble)
            return;
        _trouble = trouble;
        Raise(new Notice { Snapshot = _latest });
    }

    private Snapshot Shown(Snapshot snapshot)
    {
        if (snapshot.Trouble == _trouble)
            return snapshot;
        var shown = snapshot.Clone();
        shown.Trouble = _trouble;
        return shown;
    }
}
