using System.Net.Sockets;
using Dapari.Rtc;

namespace Dapari.Relay.Driver;

/// <summary>A relay with its hands: threads with their sockets, one <see cref="RelayCore"/> each, and the connections that others accept for it.</summary>
public sealed class RelayDriver : IAsyncDisposable
{
    private readonly RelayDriverOptions _options;
    private readonly RelayShard[] _shards;
    private readonly TimeProvider _time;
    private readonly StreamGate _gate;
    private int _next;
    private bool _disposed;

    private RelayDriver(RelayDriverOptions options, RelayShard[] shards, TimeProvider time, IReadOnlyList<Endpoint> listening, IReadOnlyList<(Endpoint, SocketError)> refused)
    {
        _options = options;
        _shards = shards;
        _time = time;
        _gate = new StreamGate(options);
        Listening = listening;
        Refused = refused;
    }

    /// <summary>The UDP addresses that are listened at, with their ports.</summary>
    public IReadOnlyList<Endpoint> Listening { get; }

    /// <summary>Those that could not be bound, and why.</summary>
    public IReadOnlyList<(Endpoint Address, SocketError Fault)> Refused { get; }

    /// <summary>Datagrams that the machine did not take for sending, and bytes' worth of messages that slow connections did not read, since the start. Any thread.</summary>
    public long Lost => _shards.Sum(shard => shard.Lost);

    /// <summary>Completes when a thread has ended: after <see cref="DisposeAsync"/>, or with the exception of a bug. Then dispose of it: what is left of it serves only some of its clients.</summary>
    public Task Ended => Task.WhenAny(_shards.Select(shard => shard.Ended)).Unwrap();

    /// <summary>Binds and starts the threads.</summary>
    /// <param name="shared">What the relay may and may not.</param>
    /// <param name="options">How it is driven.</param>
    /// <param name="entropy">Strong randomness, safe from any thread.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="RelayListenException">Addresses were given, and none could be bound.</exception>
    public static RelayDriver Start(RelayShared shared, RelayDriverOptions options, Entropy entropy, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(shared);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(entropy);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Shards, 64);
        var shards = new RelayShard[options.Shards];
        for (var i = 0; i < shards.Length; i++)
            shards[i] = new RelayShard(shared, options, entropy, time);
        List<Endpoint> listening = [];
        List<(Endpoint, SocketError)> refused = [];
        foreach (var address in options.Listen)
        {
            // Alone at first: where another program shares its address with whoever asks, half of the clients would be its.
            var fault = shards[0].Try(address, out var bound);
            for (var i = 0; i < shards.Length && fault == SocketError.Success; i++)
                fault = shards[i].Listen(bound, shared: shards.Length > 1);
            if (fault == SocketError.Success)
                listening.Add(bound);
            else
                refused.Add((address, fault));
        }

        if (listening.Count == 0 && refused.Count > 0)
        {
            foreach (var shard in shards)
                shard.Dispose();
            throw new RelayListenException(refused);
        }

        for (var i = 0; i < shards.Length; i++)
            shards[i].Start($"relay {i}");
        return new RelayDriver(options, shards, time, listening, refused);
    }

    /// <summary>Serves one accepted TCP or TLS connection, which it closes at the end. Never throws for what the client or the network does.</summary>
    /// <param name="stream">The connection, after a TLS handshake if there is one.</param>
    /// <param name="remote">The client.</param>
    /// <param name="local">Our side of it.</param>
    /// <param name="isTls">Whether there is TLS around it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task ServeAsync(Stream stream, Endpoint remote, Endpoint local, bool isTls, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await using (stream)
        {
            if (_disposed || !_gate.TryEnter(remote))
                return;
            try
            {
                var shard = _shards[(int)((uint)Interlocked.Increment(ref _next) % (uint)_shards.Length)];
                using var client = new StreamClient(shard, stream, remote.Unmap(), local.Unmap(), isTls, _options, _time);
                await client.ServeAsync(cancellation);
            }
            finally
            {
                _gate.Leave(remote);
            }
        }
    }

    /// <summary>Ends all allocations and threads.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var shard in _shards)
            shard.Stop();
        foreach (var shard in _shards)
        {
            await shard.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Whoever asked Ended knows of the bug.
            shard.Dispose();
        }
    }
}
