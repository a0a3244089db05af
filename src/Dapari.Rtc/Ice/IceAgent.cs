using System.Globalization;

namespace Dapari.Rtc.Ice;

/// <summary>
/// One end of ICE (RFC 8445) for one component, with trickling (RFC 8838), consent (RFC 7675) and restarts: candidates, datagrams and time in; datagrams,
/// events and the next deadline out. One owner; not thread-safe. Times are monotonic milliseconds.
/// </summary>
/// <remarks>
/// Step 1: bases ask the servers how they are seen, and the owner tells the other end every candidate found. Step 2: each base is paired with each address of
/// theirs, and pairs are checked, one every Ta, the best first. Step 3: the controlling end nominates a pair that works. Step 4: consent is asked for while
/// data goes by it; if it falls silent, other pairs are tried. Two deliberate departures from RFC 8445, both as the field does them: a better pair that works
/// later is nominated too (§8.1.1 forbids it; it moves a session from a relay to a direct path without a restart), and requests that are not authentic get no
/// answer at all (§7.3 would answer 400 or 401, which tells strangers of the open port).
/// </remarks>
public sealed partial class IceAgent
{
    /// <summary>Pairs in all (RFC 8445 §6.1.2.5 recommends 100).</summary>
    public const int MaxPairs = 100;

    /// <summary>Addresses of the other end, told and learned.</summary>
    public const int MaxRemotes = 64;

    /// <summary>Bases of this end.</summary>
    public const int MaxBases = 16;

    /// <summary>STUN servers that are asked.</summary>
    public const int MaxServers = 4;

    private const int Rto = 500;

    private readonly IceOptions _options;
    private readonly Entropy _entropy;
    private readonly List<IceBase> _bases = [];
    private readonly List<Endpoint> _servers = [];
    private readonly List<IceCandidate> _remotes = [];
    private readonly List<CandidatePair> _pairs = [];
    private readonly List<CandidatePair> _triggered = [];
    private readonly Queue<(IceBase Base, Endpoint Server)> _toGather = [];
    private readonly Dictionary<TransactionId, IceTransaction> _transactions = [];
    private readonly Dictionary<string, string> _foundations = new(StringComparer.Ordinal);
    private readonly Queue<IceDatagram> _datagrams = [];
    private readonly Queue<IceEvent> _events = [];
    private readonly ulong _tieBreaker;

    private IceSession _session;
    private bool _controlling;
    private bool _basesEnded;
    private bool _remotesEnded;
    private bool _gatheringTold;
    private long _nextPace = long.MinValue;
    private long _checkingSince = long.MaxValue;
    private long _firstValidAt = long.MaxValue;
    private CandidatePair? _selected;

    /// <summary>An agent without bases.</summary>
    public IceAgent(IceOptions options, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(entropy);
        _options = options;
        _entropy = entropy;
        _controlling = options.Controlling;
        _tieBreaker = entropy.Next();
        _session = new IceSession(IceCredentials.Random(entropy));
    }

    /// <summary>What the other end must know to check this one.</summary>
    public IceCredentials Local => _session.Local;

    /// <summary>What the other end said of itself; null: nothing yet.</summary>
    public IceCredentials? Remote => _session.Remote;

    /// <summary>Whether this end nominates.</summary>
    public bool IsControlling => _controlling;

    /// <summary>How it stands.</summary>
    public IceState State { get; private set; }

    /// <summary>The pair that data goes by; null: none.</summary>
    public SelectedPair? Selected => _selected?.Facts;

    /// <summary>When <see cref="Tick"/> is wanted; null: never.</summary>
    public long? NextDeadline
    {
        get
        {
            if (State is IceState.Closed)
                return null;
            var next = long.MaxValue;
            foreach (var transaction in _transactions.Values)
                next = Math.Min(next, transaction.NextAt);
            foreach (var pair in _pairs)
                next = Math.Min(next, pair.NextConsent);
            if (HasNext())
                next = Math.Min(next, _nextPace);
            next = Math.Min(next, Math.Min(NominationAt(), SilenceAt()));
            if (State is IceState.Checking && _selected is null && _checkingSince != long.MaxValue)
                next = Math.Min(next, _checkingSince + _options.GiveUpAfterMs);
            return next == long.MaxValue ? null : next;
        }
    }

    /// <summary>Adds what can be sent from: a bound socket's address or a relayed one.</summary>
    /// <param name="address">The address with its port.</param>
    /// <param name="type">Host or relayed.</param>
    /// <param name="preference">Among the bases of its type: 65535 is the best (RFC 8421 §4 tells how to mix families).</param>
    /// <param name="now">The time.</param>
    /// <param name="related">Of a relayed one: the address that its server sees, or none to hide it.</param>
    /// <param name="tcp">Of TCP: whether it listens there (passive), or connects from the address (active, port 9).</param>
    /// <exception cref="ArgumentException">Another type, no address, no port, or a TCP end of an address that is not TCP's.</exception>
    public void AddBase(Endpoint address, CandidateType type, ushort preference, long now, Endpoint related = default, IceTcpType tcp = IceTcpType.None)
    {
        if (type is not (CandidateType.Host or CandidateType.Relayed) || address.IsNone || address.Port == 0 || address.IsTcp != (tcp != IceTcpType.None)
            || (type == CandidateType.Relayed && address.IsTcp))
            throw new ArgumentException("A base is a socket's address or a relayed one.", nameof(address));
        if (State is IceState.Closed || _bases.Count >= MaxBases || _bases.Exists(known => known.Address == address) || (_options.RelayOnly && type == CandidateType.Host))
            return;
        var found = new IceBase(address, type, preference, FoundationOf(type, address, default), tcp);
        _bases.Add(found);
        _gatheringTold = false;
        _events.Enqueue(new IceEvent.CandidateFound(new IceCandidate(found.Foundation, found.Priority, address, type) { Related = related, Fragment = Local.Fragment, Tcp = tcp }));
        if (type == CandidateType.Host && !address.IsTcp)
        {
            foreach (var server in _servers.Where(server => server.Family == address.Family))
                _toGather.Enqueue((found, server));
        }

        foreach (var remote in _remotes)
            Pair(found, remote, now);
        Go(now);
    }

    /// <summary>An interface went away: nothing is sent from there any more.</summary>
    public void RemoveBase(Endpoint address, long now)
    {
        if (_bases.RemoveAll(known => known.Address == address) == 0)
            return;
        foreach (var pair in _pairs.Where(pair => pair.Local.Address == address).ToList())
            Drop(pair);
        foreach (var transaction in _transactions.Values.Where(transaction => transaction.From.Address == address).ToList())
            _transactions.Remove(transaction.Id);
        if (_selected is { } selected && selected.Local.Address == address)
            Lose(now, isSearching: selected.Session != _session);
        Go(now);
    }

    /// <summary>Adds a STUN server to ask how the bases of its family are seen.</summary>
    public void AddServer(Endpoint server, long now)
    {
        if (_servers.Count >= MaxServers || _servers.Contains(server) || !IsSendable(server))
            return;
        _servers.Add(server);
        foreach (var known in _bases.Where(known => known is { Type: CandidateType.Host, Tcp: IceTcpType.None } && known.Address.Family == server.Family))
            _toGather.Enqueue((known, server));
        Go(now);
    }

    /// <summary>There will be no more bases for now: gathering ends when the servers have answered.</summary>
    public void EndOfBases(long now)
    {
        _basesEnded = true;
        Go(now);
    }

    /// <summary>The other end's name and password; others than before without a restart of ours are its restart, and this end must restart too.</summary>
    /// <exception cref="InvalidOperationException">This session has other ones.</exception>
    public void SetRemote(IceCredentials remote, long now)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (_session.Remote is not null && _session.Remote != remote)
            throw new InvalidOperationException("Another user name or password is a restart.");
        if (_session.Remote is not null)
            return;
        _session.Remote = remote;
        Go(now);
    }

    /// <summary>An address of theirs. False: of another session, not sendable, a name that is not resolved, or too many.</summary>
    public bool AddRemote(IceCandidate candidate, long now)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        // RFC 6544 §6.2: who connects is known when it does, by the address that it then has.
        if (candidate.Tcp == IceTcpType.Active)
            return State is not IceState.Closed;
        if (State is IceState.Closed || candidate.Name is not null || !IsSendable(candidate.Address)
            || (candidate.Fragment is not null && _session.Remote is not null && candidate.Fragment != _session.Remote.Fragment))
            return false;
        var known = _remotes.FindIndex(one => one.Address == candidate.Address);
        if (known >= 0)
        {
            // Learned by a check before it was told: what is told counts (RFC 8838 §11.4 leaves it; the type is for the screen).
            if (_remotes[known].Type != CandidateType.PeerReflexive)
                return true;
            _remotes[known] = candidate;
            foreach (var pair in _pairs.Where(pair => pair.Remote.Address == candidate.Address))
            {
                pair.Remote = candidate;
                pair.Priority = PriorityOf(pair);
            }

            return true;
        }

        if (_remotes.Count >= MaxRemotes)
            return false;
        _remotes.Add(candidate);
        foreach (var local in _bases)
            Pair(local, candidate, now);
        Go(now);
        return true;
    }

    /// <summary>The other end has told all its candidates.</summary>
    public void EndOfRemotes(long now)
    {
        _remotesEnded = true;
        Go(now);
    }

    /// <summary>Looks for the way anew under new names (RFC 8445 §9); data goes by the former pair until another is nominated.</summary>
    public void Restart(long now)
    {
        if (State is IceState.Closed)
            return;
        foreach (var pair in _pairs.Where(pair => pair != _selected).ToList())
            Drop(pair);
        _remotes.Clear();
        _session = new IceSession(IceCredentials.Random(_entropy));
        (_remotesEnded, _gatheringTold, _checkingSince, _firstValidAt) = (false, false, State is IceState.Checking ? now : long.MaxValue, long.MaxValue);
        _toGather.Clear();
        foreach (var known in _bases)
        {
            known.Mapped.Clear();
            _events.Enqueue(new IceEvent.CandidateFound(new IceCandidate(known.Foundation, known.Priority, known.Address, known.Type) { Fragment = Local.Fragment, Tcp = known.Tcp }));
            TellRouted(known);
            foreach (var server in _servers.Where(server => known is { Type: CandidateType.Host, Tcp: IceTcpType.None } && server.Family == known.Address.Family))
                _toGather.Enqueue((known, server));
        }

        if (State is IceState.Failed)
            Become(IceState.New);
        Go(now);
    }

    /// <summary>Nothing more is sent or told.</summary>
    public void Close()
    {
        _pairs.Clear();
        _triggered.Clear();
        _transactions.Clear();
        _datagrams.Clear();
        _toGather.Clear();
        _selected = null;
        Become(IceState.Closed);
    }

    /// <summary>The next datagram to send.</summary>
    public bool TryTake(out IceDatagram datagram) => _datagrams.TryDequeue(out datagram);

    /// <summary>The next event.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IceEvent? told) => _events.TryDequeue(out told);

    /// <summary>Whether data from there may be listened to: a check went through between the two ends, in either direction.</summary>
    public bool MayReceive(Endpoint local, Endpoint remote) =>
        _pairs.Exists(pair => (pair.IsValid || pair.Heard) && pair.Local.Address == local && pair.Remote.Address == remote);

    private static bool IsSendable(Endpoint endpoint)
    {
        if (endpoint.IsNone || endpoint.Port == 0)
            return false;
        if (endpoint.IsV4)
            return endpoint.V4Bits >> 24 is > 0 and < 224;
        // Neither unspecified nor multicast; mapped addresses are IPv4's business.
        return endpoint.High >> 56 != 0xFF && (endpoint.High != 0 || endpoint.Low != 0) && endpoint.Unmap().Family == 6;
    }

    private string FoundationOf(CandidateType type, Endpoint address, Endpoint server)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{type}|{address.WithPort(0)}|{server}");
        if (_foundations.TryGetValue(key, out var known))
            return known;
        var foundation = (_foundations.Count + 1).ToString(CultureInfo.InvariantCulture);
        _foundations.Add(key, foundation);
        return foundation;
    }

    /// <summary>For tests: each pair and how it stands.</summary>
    internal string Describe() => string.Join("; ", _pairs.Select(pair => $"{pair.Local.Type} {pair.Local.Address} > {pair.Remote.Type} {pair.Remote.Address} {pair.State} valid={pair.IsValid} nominating={pair.Nominating}{(pair == _selected ? " SELECTED" : "")}"));

    private CandidatePair? Find(Endpoint local, Endpoint remote) =>
        _pairs.Find(pair => pair.Session == _session && pair.Local.Address == local && pair.Remote.Address == remote)
        ?? _pairs.Find(pair => pair.Local.Address == local && pair.Remote.Address == remote);

    private void Become(IceState state)
    {
        if (State == state)
            return;
        State = state;
        _events.Enqueue(new IceEvent.StateChanged(state));
    }
}
