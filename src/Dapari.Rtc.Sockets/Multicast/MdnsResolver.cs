using System.Net;
using Dapari.Rtc.Mdns;

namespace Dapari.Rtc.Sockets.Multicast;

/// <summary>
/// Names of candidates on the networks of this machine: asks for others' and answers for this end's (docs/protocol/rtc.md). An <see cref="MdnsAgent"/> for each
/// network, so that an address is told only on the network that it belongs to. Safe for threads.
/// </summary>
public sealed class MdnsResolver : IDisposable
{
    private readonly MulticastPort _port;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, MdnsAgent> _agents = [];
    private readonly Dictionary<string, IPAddress> _own = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, TaskCompletionSource<Endpoint>> _asked = new(StringComparer.OrdinalIgnoreCase);
    private bool _over;

    /// <param name="port">What it speaks by; stays its owner's.</param>
    /// <param name="time">For repeating questions.</param>
    public MdnsResolver(MulticastPort port, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(time);
        (_port, _time, _began) = (port, time, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Advance(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        port.Received += OnReceived;
        port.Changed += OnChanged;
        OnChanged();
    }

    private long NowUs => (long)_time.GetElapsedTime(_began).TotalMicroseconds;

    /// <summary>Finds a name's address, with port 0 (<see cref="Ice.IceCandidate.Resolved"/> puts the candidate's). Of several, the first that is told.</summary>
    /// <param name="name">36 letters and <c>.local</c> as in a candidate.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>None: nobody answered (8 s), it is no such name, or too many are asked for.</returns>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    public Task<Endpoint> ResolveAsync(string name, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        TaskCompletionSource<Endpoint>? asked;
        lock (_lock)
        {
            if (_over)
                return Task.FromResult(default(Endpoint));
            if (!_asked.TryGetValue(name, out asked))
            {
                var asks = false;
                foreach (var agent in _agents.Values)
                    asks |= agent.Resolve(name, NowUs);
                if (!asks)
                    return Task.FromResult(default(Endpoint));
                asked = new TaskCompletionSource<Endpoint>(TaskCreationOptions.RunContinuationsAsynchronously);
                _asked.Add(name, asked);
                Settle();
            }
        }

        return asked.Task.WaitAsync(cancellation);
    }

    /// <summary>An address of this machine has a name from now on, until what is returned is disposed. It is told on the network of the address only.</summary>
    /// <param name="name">From <see cref="MdnsAgent.NewName"/>.</param>
    /// <param name="address">Of this machine.</param>
    /// <returns>Null: no such name, taken, or there are too many (<see cref="MdnsAgent.MaxNames"/>).</returns>
    public IDisposable? Publish(string name, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(address);
        lock (_lock)
        {
            if (_over || !MdnsAgent.IsLocal(name) || _own.Count >= MdnsAgent.MaxNames || !_own.TryAdd(name, address))
                return null;
            foreach (var link in _port.Links)
                Publish(link, name, address);
        }

        return new Published(this, name);
    }

    /// <summary>Answers and asks no more; what is asked for is answered with none.</summary>
    public void Dispose()
    {
        _port.Received -= OnReceived;
        _port.Changed -= OnChanged;
        lock (_lock)
        {
            if (_over)
                return;
            _over = true;
            foreach (var asked in _asked.Values)
                asked.TrySetResult(default);
            _asked.Clear();
        }

        _timer.Dispose();
    }

    private void Publish(MulticastLink link, string name, IPAddress address)
    {
        if (link.Addresses.Contains(address) && _agents.TryGetValue(link.Index, out var agent))
            agent.Publish(name, Endpoint.From(address, 0));
    }

    private void Withdraw(string name)
    {
        lock (_lock)
        {
            _own.Remove(name);
            foreach (var agent in _agents.Values)
                agent.Withdraw(name);
        }
    }

    private void OnReceived(MulticastLink link, ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            if (_over || !_agents.TryGetValue(link.Index, out var agent))
                return;
            agent.Receive(message.Span, NowUs);
            Settle();
        }
    }

    private void OnChanged()
    {
        lock (_lock)
        {
            if (_over)
                return;
            var links = _port.Links;
            foreach (var gone in _agents.Keys.Where(index => !links.Any(link => link.Index == index)).ToList())
                _agents.Remove(gone);
            foreach (var link in links)
            {
                if (!_agents.TryGetValue(link.Index, out var agent))
                {
                    _agents.Add(link.Index, agent = new MdnsAgent());
                    foreach (var name in _asked.Keys)
                        agent.Resolve(name, NowUs);
                }

                foreach (var (name, address) in _own)
                {
                    agent.Withdraw(name);
                    Publish(link, name, address);
                }
            }

            Settle();
        }
    }

    private void Advance()
    {
        lock (_lock)
        {
            if (_over)
                return;
            foreach (var agent in _agents.Values)
                agent.Advance(NowUs);
            Settle();
        }
    }

    /// <summary>Sends what agents have, tells what they found, gives up what none of them asks for any more, and sets the timer.</summary>
    private void Settle()
    {
        var next = long.MaxValue;
        foreach (var link in _port.Links)
        {
            if (!_agents.TryGetValue(link.Index, out var agent))
                continue;
            while (agent.TryTake(out var message))
                _port.Send(link, message);
            while (agent.TryTakeFound(out var name, out var address))
            {
                if (_asked.Remove(name, out var asked))
                    asked.TrySetResult(address);
            }

            next = Math.Min(next, agent.NextDeadlineUs);
        }

        foreach (var name in _asked.Keys.Where(name => !_agents.Values.Any(agent => agent.IsAsking(name))).ToList())
        {
            if (_asked.Remove(name, out var nobody))
                nobody.TrySetResult(default);
        }

        _timer.Change(next == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMicroseconds(Math.Max(0, next - NowUs) + 1_000), Timeout.InfiniteTimeSpan);
    }

    private sealed class Published(MdnsResolver resolver, string name) : IDisposable
    {
        public void Dispose() => resolver.Withdraw(name);
    }
}
