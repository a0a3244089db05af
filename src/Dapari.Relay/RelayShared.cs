using Dapari.Relay.Credentials;
using Dapari.Relay.Limits;
using Dapari.Relay.Peers;
using Dapari.Relay.State;
using Dapari.Rtc;

namespace Dapari.Relay;

/// <summary>What all cores of one relay have in common. May be used from any thread.</summary>
public sealed class RelayShared
{
    private static readonly int Counts = Enum.GetValues<RelayCount>().Length;

    private readonly Lock _lock = new();
    private long[][] _counters = [];
    private long[] _retired = new long[Counts + 16];
    private RelaySecrets _secrets;
    private PeerAddressPolicy _policy;

    /// <summary>A relay.</summary>
    /// <param name="options">What was chosen.</param>
    /// <param name="secrets">The keys of credentials.</param>
    /// <param name="entropy">Where the nonces' key comes from.</param>
    /// <exception cref="ArgumentException">The options cannot be; says which.</exception>
    public RelayShared(RelayOptions options, RelaySecrets secrets, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(entropy);
        if (options.Validate() is { } wrong)
            throw new ArgumentException(wrong, nameof(options));
        Options = options;
        _secrets = secrets;
        _policy = new PeerAddressPolicy(options.AllowedPeers, options.RefusedPeers, [.. options.OwnAddresses, .. Given(options.ExternalV4), .. Given(options.ExternalV6)]);
        Nonces = new NonceMint(entropy, options.NonceLifetime);
        Ledger = new Ledger(options);
    }

    /// <summary>What was chosen.</summary>
    public RelayOptions Options { get; }

    /// <summary>The keys of credentials; may be replaced at any time. Allocations that are there live on with the keys they were made with.</summary>
    public RelaySecrets Secrets
    {
        get => Volatile.Read(ref _secrets);
        set => Volatile.Write(ref _secrets, value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>Allocations and kept ports at present.</summary>
    public int Live => Ledger.Total;

    internal NonceMint Nonces { get; }

    internal Ledger Ledger { get; }

    internal RelayedPorts Relayed { get; } = new();

    internal PeerAddressPolicy Policy => Volatile.Read(ref _policy);

    /// <summary>A count over all cores since the start; may lag behind by a moment.</summary>
    public long Read(RelayCount count)
    {
        var sum = 0L;
        foreach (var counters in Volatile.Read(ref _counters))
            sum += Volatile.Read(ref counters[(int)count]);
        return sum;
    }

    internal long[] NewCounters()
    {
        // A core's counters are written by one thread: room around them keeps others' out of their cache lines.
        var counters = new long[Counts + 16];
        lock (_lock)
            _counters = [.. _counters, counters];
        return counters;
    }

    /// <summary>Keeps what an ended core counted.</summary>
    internal void Retire(long[] counters)
    {
        lock (_lock)
        {
            if (!_counters.Contains(counters))
                return;
            var kept = _retired.ToArray();
            for (var i = 0; i < kept.Length; i++)
                kept[i] += counters[i];
            _counters = [kept, .. _counters.Where(other => other != counters && other != _retired)];
            _retired = kept;
        }
    }

    private static IEnumerable<Endpoint> Given(Endpoint? address) => address is { } given ? [given] : [];

    internal void AddOwn(in Endpoint address)
    {
        lock (_lock)
            Volatile.Write(ref _policy, _policy.WithOwn(address));
    }
}
