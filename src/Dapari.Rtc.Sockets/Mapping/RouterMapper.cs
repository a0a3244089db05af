using System.Threading.Channels;
using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>
/// All wishes at one router: finds what it speaks (PCP, NAT-PMP, IGD), renews at half the time, begins anew when the router did, gives back what is not wanted any
/// more. One task does it all; wishes come from outside.
/// </summary>
internal sealed class RouterMapper : IAsyncDisposable
{
    // RFC 6886 §3.3 has 7,200: what a crash leaves behind goes sooner so.
    private const uint Lifetime = 3_600;
    private const uint LeastLifetime = 120;
    private const uint MostLifetime = 86_400;
    private static readonly TimeSpan _afterBusy = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _afterNo = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _leavingLimit = TimeSpan.FromSeconds(3);
    private readonly Gateway _gateway;
    private readonly IReadOnlyList<MappingProtocol> _order;
    private readonly Func<IReadOnlyCollection<(MappingTransport Transport, ushort Port)>> _wishes;
    private readonly Entropy _entropy;
    private readonly TimeProvider _time;
    private readonly Action<MappedPort, bool> _told;
    private readonly Dictionary<(MappingTransport Transport, ushort Port), Lease> _leases = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private IRouterTalk? _talk;
    private int _kind;
    private long _renewAll;

    /// <param name="gateway">The router.</param>
    /// <param name="order">The ways to ask.</param>
    /// <param name="wishes">What is wanted now.</param>
    /// <param name="entropy">For nonces and ports.</param>
    /// <param name="time">For renewing.</param>
    /// <param name="told">A port is reached from outside (true), or no longer (false).</param>
    public RouterMapper(Gateway gateway, IReadOnlyList<MappingProtocol> order, Func<IReadOnlyCollection<(MappingTransport Transport, ushort Port)>> wishes, Entropy entropy, TimeProvider time, Action<MappedPort, bool> told)
    {
        (_gateway, _order, _wishes, _entropy, _time, _told) = (gateway, order, wishes, entropy, time, told);
        Facts = new RouterFacts(Endpoint.From(gateway.Address, 0), null, MappingFault.None);
        _running = Task.Run(RunAsync);
    }

    /// <summary>How it stands.</summary>
    public RouterFacts Facts { get; private set; }

    /// <summary>The router.</summary>
    public Gateway Gateway => _gateway;

    /// <summary>Wishes changed.</summary>
    public void Look() => _wake.Writer.TryWrite(true);

    /// <summary>The router said that it began anew: everything is asked for again.</summary>
    public void RenewAll()
    {
        Volatile.Write(ref _renewAll, 1);
        Look();
    }

    /// <summary>Gives everything back, within a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var next = await WorkAsync(_stopping.Token);
                await SleepAsync(next);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            await LeaveAsync();
        }
        finally
        {
            _talk?.Dispose();
        }
    }

    private async Task SleepAsync(TimeSpan? next)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var woken = _wake.Reader.WaitToReadAsync(either.Token).AsTask();
        var due = Task.Delay(next ?? Timeout.InfiniteTimeSpan, _time, either.Token);
        await Task.WhenAny(woken, due);
        _stopping.Token.ThrowIfCancellationRequested();
        await either.CancelAsync();
        while (_wake.Reader.TryRead(out _))
        {
        }
    }

    /// <summary>Does what is due; when the next thing will be.</summary>
    private async Task<TimeSpan?> WorkAsync(CancellationToken cancellation)
    {
        var wishes = _wishes();
        if (Interlocked.Exchange(ref _renewAll, 0) == 1)
            RenewNow();
        foreach (var (key, lease) in _leases.Where(one => !wishes.Contains(one.Key)).ToList())
        {
            if (lease.Port is not null)
                await GiveBackAsync(key, lease, cancellation);
            Forget(key, lease);
        }

        foreach (var key in wishes)
        {
            if (!_leases.TryGetValue(key, out var lease))
                _leases.Add(key, lease = new Lease(PcpNonce.New(_entropy)));
            if (_time.GetTimestamp() >= lease.DueAt)
                await RenewAsync(key, lease, cancellation);
        }

        if (_leases.Count == 0)
            return null;
        var (now, next) = (_time.GetTimestamp(), _leases.Values.Min(lease => lease.DueAt));
        return next <= now ? TimeSpan.Zero : _time.GetElapsedTime(now, next);
    }

    private async Task RenewAsync((MappingTransport Transport, ushort Port) key, Lease lease, CancellationToken cancellation)
    {
        var answer = await AskAsync(new RouterWish(key.Transport, key.Port, lease.Port?.External ?? default, Lifetime, lease.Nonce), cancellation);
        if (answer.TableLost)
            RenewNow();
        if (answer.Fault == MappingFault.None && IsAddress(answer.External))
        {
            var lifetime = Math.Clamp(answer.LifetimeSeconds == 0 ? Lifetime : answer.LifetimeSeconds, LeastLifetime, MostLifetime);
            lease.DueAt = After(TimeSpan.FromSeconds(lifetime / 2));
            lease.EndsAt = After(TimeSpan.FromSeconds(lifetime));
            var mapped = new MappedPort(key.Transport, Endpoint.From(_gateway.Local, key.Port), answer.External, _talk!.Protocol);
            if (mapped == lease.Port)
                return;
            if (lease.Port is { } before)
                _told(before, false);
            lease.Port = mapped;
            _told(mapped, true);
            return;
        }

        lease.DueAt = After(answer.Fault == MappingFault.Busy || lease.Port is not null ? _afterBusy : _afterNo);
        if (lease.Port is not null && _time.GetTimestamp() >= lease.EndsAt)
        {
            _told(lease.Port, false);
            lease.Port = null;
        }
    }

    /// <summary>Asks by what the router speaks; what that is, is found out here.</summary>
    private async Task<RouterAnswer> AskAsync(RouterWish wish, CancellationToken cancellation)
    {
        var last = new RouterAnswer(MappingFault.NotSpoken);
        for (; _kind < _order.Count; _kind++)
        {
            _talk ??= await TalkAsync(_order[_kind], cancellation);
            if (_talk is null)
                continue;
            var answer = await _talk.MapAsync(wish, cancellation);
            if (answer.Fault == MappingFault.PortTaken)
                answer = await _talk.MapAsync(wish with { Wanted = default }, cancellation);
            if (answer.Fault is MappingFault.None or MappingFault.Busy)
            {
                Facts = Facts with { Protocol = _talk.Protocol, Fault = answer.Fault };
                return answer;
            }

            // What one way refuses another may do.
            if (answer.Fault != MappingFault.NotSpoken)
                last = answer;
            _talk.Dispose();
            _talk = null;
        }

        _kind = 0;
        Facts = Facts with { Protocol = null, Fault = last.Fault };
        return last;
    }

    private async Task<IRouterTalk?> TalkAsync(MappingProtocol kind, CancellationToken cancellation)
    {
        if (kind == MappingProtocol.Igd)
            return await IgdTalk.FindAsync(_gateway, _entropy, _time, cancellation);
        // RFC 6886 knows IPv4 alone.
        if ((kind == MappingProtocol.NatPmp && _gateway.Address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork) || RouterSocket.TryOpen(_gateway, _time) is not { } socket)
            return null;
        return kind == MappingProtocol.Pcp ? new PcpTalk(_gateway, socket, _time) : new NatPmpTalk(socket, _time);
    }

    private void RenewNow()
    {
        foreach (var lease in _leases.Values)
            lease.DueAt = 0;
    }

    private async Task LeaveAsync()
    {
        using var limit = new CancellationTokenSource(_leavingLimit, _time);
        foreach (var (key, lease) in _leases)
        {
            try
            {
                if (lease.Port is not null)
                    await GiveBackAsync(key, lease, limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The router takes its time; the mapping ends by itself.
            }
        }
    }

    private async Task GiveBackAsync((MappingTransport Transport, ushort Port) key, Lease lease, CancellationToken cancellation)
    {
        if (_talk is not null)
            await _talk.MapAsync(new RouterWish(key.Transport, key.Port, lease.Port!.External, 0, lease.Nonce), cancellation);
    }

    private void Forget((MappingTransport Transport, ushort Port) key, Lease lease)
    {
        _leases.Remove(key);
        if (lease.Port is { } gone)
            _told(gone, false);
    }

    // A router that tells nonsense is not passed on: nothing, loopback, groups, everybody.
    private static bool IsAddress(in Endpoint external) =>
        external.Port != 0 && (external.IsV4 ? external.V4Bits >> 24 is > 0 and not 127 and < 224 : external is { Family: 6, High: not 0 } && external.High >> 56 != 0xFF);

    private long After(TimeSpan wait) => _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);

    private sealed class Lease(PcpNonce nonce)
    {
        public PcpNonce Nonce { get; } = nonce;

        /// <summary>What is told; null: nothing yet.</summary>
        public MappedPort? Port { get; set; }

        /// <summary>When it is to be asked for (again).</summary>
        public long DueAt { get; set; }

        /// <summary>When the router forgets it.</summary>
        public long EndsAt { get; set; }
    }
}
