using Dapari.Node.Paths.Rtc;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths;

/// <summary>
/// A node's direct paths. Each is tried two ways at once: TCP, which only nodes have, and WebRTC, which browsers have too and which gets through more routers.
/// The first that stands is the path. When TCP stands, the path goes by TCP: WebRTC is left after a while in which what is under way arrives. Safe for threads.
/// </summary>
/// <remarks>Either end may hear of one way before the other end does: both ways are listened to as long as they stand, and only sending chooses.</remarks>
internal sealed class NodePathLink : IPathLink, IAsyncDisposable
{
    private static readonly TimeSpan _leaving = TimeSpan.FromSeconds(5);

    // What takes long to move, files, waits so long for TCP where both have it.
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(3);
    private readonly TcpPathLink _tcp;
    private readonly RtcPathLink _rtc;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Way> _ways = [];

    /// <param name="tcp">One way; owned from here on.</param>
    /// <param name="rtc">The other; owned from here on.</param>
    /// <param name="time">For leaving the second best.</param>
    public NodePathLink(TcpPathLink tcp, RtcPathLink rtc, TimeProvider time)
    {
        (_tcp, _rtc, _time) = (tcp, rtc, time);
        foreach (var link in (IPathLink[])[tcp, rtc])
        {
            link.SignalMade += (path, signal) => IfKnown(path, _ => SignalMade?.Invoke(path, signal));
            link.Received += (path, message) => IfKnown(path, _ => Received?.Invoke(path, message));
            link.Opened += (path, facts) => IfKnown(path, way => Stands(way, link, facts));
            link.FactsChanged += (path, facts) => IfKnown(path, way =>
            {
                if (way.Current == link)
                    FactsChanged?.Invoke(path, facts);
            });
            link.Closed += path => IfKnown(path, way => Fell(way, link));
        }

        // Both hear of the same change.
        rtc.NetworkChanged += () => NetworkChanged?.Invoke();
    }

    /// <inheritdoc/>
    public event Action<ulong, Signal>? SignalMade;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? Opened;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? FactsChanged;

    /// <inheritdoc/>
    public event Action<ulong>? Closed;

    /// <inheritdoc/>
    public event Action<ulong, byte[]>? Received;

    /// <inheritdoc/>
    public event Action? NetworkChanged;

    /// <inheritdoc/>
    public bool IsSupported => true;

    /// <summary>The paths of TCP.</summary>
    public TcpPathLink Tcp => _tcp;

    /// <summary>The paths of WebRTC.</summary>
    public RtcPathLink Rtc => _rtc;

    /// <summary>Whether what goes by a path goes by TCP now; null: it does not stand.</summary>
    public bool? GoesByTcp(ulong path)
    {
        lock (_lock)
            return _ways.GetValueOrDefault(path)?.Current is { } current ? current == _tcp : null;
    }

    /// <summary>Whether a path goes by TCP for good, as soon as that is plain: both ends come to the same answer. Null: the path is not known.</summary>
    /// <remarks>The task is cancelled when the path is gone before.</remarks>
    public Task<bool>? SettledByTcpAsync(ulong path)
    {
        lock (_lock)
            return _ways.GetValueOrDefault(path)?.Settled.Task;
    }

    /// <summary>How both ways of a path stand.</summary>
    /// <returns>Whether TCP is used (null: neither is), why TCP is not, and why WebRTC is not (null: it is used); null: the path is not known.</returns>
    public (bool? ByTcp, string? Tcp, string? Rtc)? Tried(ulong path)
    {
        lock (_lock)
        {
            if (_ways.GetValueOrDefault(path) is not { } way)
                return null;
            bool? byTcp = way.Current is null ? null : way.Current == _tcp;
            return (byTcp, byTcp == true ? null : way.Gone.Contains(_tcp) ? "failed" : way.TheyHaveTcp ? "no-answer" : "not-offered",
                byTcp == false ? null : way.Gone.Contains(_rtc) ? "failed" : way.Left ? "tcp-is-better" : way.Standing.Contains(_rtc) ? "standing-by" : "no-answer");
        }
    }

    /// <inheritdoc/>
    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
        Close(path);
        lock (_lock)
        {
            _ways[path] = new Way(path);
            _tcp.Open(path, offerer, polite, iceServers);
            _rtc.Open(path, offerer, polite, iceServers);
        }
    }

    /// <inheritdoc/>
    public void Accept(ulong path, Signal signal)
    {
        var isTcp = signal.PartCase == Signal.PartOneofCase.Tcp;
        if (isTcp)
            IfKnown(path, way => way.TheyHaveTcp = true);
        ((IPathLink)(isTcp ? _tcp : _rtc)).Accept(path, signal);
    }

    /// <inheritdoc/>
    public void Restart(ulong path) => _rtc.Restart(path);

    /// <inheritdoc/>
    public bool TrySend(ulong path, ReadOnlyMemory<byte> message)
    {
        IPathLink? current;
        lock (_lock)
            current = _ways.GetValueOrDefault(path)?.Current;
        return current is not null && current.TrySend(path, message);
    }

    /// <inheritdoc/>
    public void Close(ulong path)
    {
        lock (_lock)
        {
            if (!_ways.Remove(path, out var way))
                return;
            way.End();
        }

        _tcp.Close(path);
        _rtc.Close(path);
    }

    /// <summary>Closes every path by either way.</summary>
    public async ValueTask DisposeAsync()
    {
        ulong[] known;
        lock (_lock)
            known = [.. _ways.Keys];
        foreach (var path in known)
            Close(path);
        await _rtc.DisposeAsync();
        await _tcp.DisposeAsync();
    }

    // Told under the lock, for what is told of one path must come in order; those who listen only write it down.
    private void IfKnown(ulong path, Action<Way> step)
    {
        lock (_lock)
        {
            if (_ways.TryGetValue(path, out var way))
                step(way);
        }
    }

    private void Stands(Way way, IPathLink link, PathFacts facts)
    {
        way.Standing.Add(link);
        if (link == _tcp)
        {
            way.Settled.TrySetResult(true);
            way.Leaving = _time.CreateTimer(_ => Leave(way), null, _leaving, Timeout.InfiniteTimeSpan);
        }
        else if (way.TheyHaveTcp)
            way.Settling = _time.CreateTimer(_ => way.Settled.TrySetResult(false), null, _settling, Timeout.InfiniteTimeSpan);
        else
            way.Settled.TrySetResult(false);
        if (way.Current is null)
        {
            way.Current = link;
            Opened?.Invoke(way.Id, facts);
        }
        else if (link == _tcp)
        {
            way.Current = link;
            FactsChanged?.Invoke(way.Id, facts);
        }
    }

    private void Leave(Way way)
    {
        lock (_lock)
        {
            if (_ways.GetValueOrDefault(way.Id) != way || way.Current != _tcp)
                return;
            way.Standing.Remove(_rtc);
            way.Left = true;
        }

        _rtc.Close(way.Id);
    }

    private void Fell(Way way, IPathLink link)
    {
        way.Standing.Remove(link);
        way.Gone.Add(link);
        if (way.Current == link)
            way.Current = way.Standing.FirstOrDefault();
        // One that stood and fell takes the path with it, unless the other stands; before any stood, both must have failed.
        if (way.Current is not null || (way.Gone.Count < 2 && !way.Stood))
            return;
        _ways.Remove(way.Id);
        way.End();
        ((IPathLink)(link == _tcp ? _rtc : _tcp)).Close(way.Id);
        Closed?.Invoke(way.Id);
    }

    private sealed class Way(ulong id)
    {
        public ulong Id { get; } = id;

        public List<IPathLink> Standing { get; } = [];

        public List<IPathLink> Gone { get; } = [];

        public IPathLink? Current
        {
            get;
            set
            {
                field = value;
                Stood |= value is not null;
            }
        }

        public bool Stood { get; private set; }

        /// <summary>They told where they listen: a browser does not.</summary>
        public bool TheyHaveTcp { get; set; }

        /// <summary>WebRTC was left because TCP stands.</summary>
        public bool Left { get; set; }

        public TaskCompletionSource<bool> Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ITimer? Settling { get; set; }

        public ITimer? Leaving { get; set; }

        public void End()
        {
            Settling?.Dispose();
            Leaving?.Dispose();
            Settled.TrySetCanceled();
        }
    }
}
