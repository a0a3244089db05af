using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sctp;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Stun;

namespace Dapari.Rtc.Peer;

/// <summary>
/// One end of a WebRTC connection for data: ICE finds a pair, DTLS proves who is there, SCTP carries channels. Datagrams, messages and time in; datagrams,
/// messages, events and the next deadline out. One owner; not thread-safe; opens nothing. Times are monotonic microseconds.
/// </summary>
/// <remarks>
/// Step 1: <see cref="AddBase"/> and <see cref="AddServer"/>; <see cref="LocalDescription"/> and every <see cref="RtcEventKind.CandidateFound"/> go to the other
/// end, its own come in by <see cref="SetRemote"/> and <see cref="AddRemoteCandidate"/>. Step 2: when a pair works, the DTLS client begins. Step 3: both ends
/// begin the association, and <see cref="RtcEventKind.Connected"/> is told. After each call: take datagrams until there is none, then events, then wait for
/// <see cref="NextDeadlineUs"/>. In steady state nothing is allocated.
/// </remarks>
public sealed partial class RtcPeer : IDisposable
{
    // RFC 8200 §5: what every link carries.
    private const int SmallestMtu = 1_280;

    private readonly RtcPeerOptions _options;
    private readonly IceAgent _ice;
    private readonly List<Endpoint> _bases = [];
    private readonly List<int> _mtus = [];
    private readonly Dictionary<Endpoint, string> _names = [];
    private readonly Queue<RtcEvent> _events = [];
    private readonly Entropy _entropy;
    private readonly byte[] _plain = new byte[DtlsRecord.LongestFragment];
    private readonly SctpAssociation _sctp;
    private DtlsConnection? _dtls;
    private SessionDescription? _remote;
    private (int Base, Endpoint From) _allowed = (-1, default);
    private long _now;
    private long _iceDueUs = long.MaxValue;
    private int _selectedBase = -1;
    private Endpoint _selectedTo;
    private bool _isConnected;
    private bool _isSilent;
    private bool _closing;

    /// <summary>A peer without bases.</summary>
    public RtcPeer(RtcPeerOptions options, Entropy entropy, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(entropy);
        _options = options;
        _entropy = entropy;
        _now = nowUs;
        _ice = new IceAgent(options.Ice with { Controlling = options.Offerer }, entropy);
        _sctp = new SctpAssociation(options.Sctp, entropy);
    }

    /// <summary>What the other end must be told; changes with <see cref="Restart"/>, and an answerer's with <see cref="SetRemote"/>.</summary>
    public SessionDescription LocalDescription => new(_ice.Local, _options.Certificate.Fingerprint, LocalSetup)
    {
        SctpPort = _options.Sctp.Port,
        MaxMessageSize = _options.Sctp.MaxMessage,
        Mid = _remote?.Mid ?? "0",
    };

    /// <summary>Over: why. None while it lives.</summary>
    public RtcEnd End { get; private set; }

    /// <summary>Whether channels work.</summary>
    public bool IsConnected => _isConnected && End == RtcEnd.None;

    /// <summary>The pair that data goes by; null: none.</summary>
    public SelectedPair? SelectedPair => _ice.Selected;

    /// <summary>How ICE stands.</summary>
    public IceState IceState => _ice.State;

    /// <summary>The smoothed round trip of the association; 0 before the first measurement.</summary>
    public long RoundTripUs => _sctp.RoundTrip;

    /// <summary>When <see cref="Advance"/> is wanted; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadlineUs
    {
        get
        {
            if (End != RtcEnd.None)
                return long.MaxValue;
            var next = Math.Min(_iceDueUs, _dtls?.NextDeadline ?? long.MaxValue);
            // Without a pair the association sleeps: its timers mean nothing while nothing can go.
            return _selectedBase < 0 ? next : Math.Min(next, _sctp.NextDeadline ?? long.MaxValue);
        }
    }

    private SetupRole LocalSetup => _options.Offerer ? SetupRole.ActPass : _remote?.Setup == SetupRole.Active ? SetupRole.Passive : SetupRole.Active;

    /// <summary>
    /// Takes the other end's description: the first one, or one of a restart (other ICE credentials), which restarts this end too unless it did so itself.
    /// </summary>
    /// <returns>False: the certificate is another one than before, both ends would begin DTLS, or the peer is over.</returns>
    public bool SetRemote(SessionDescription remote, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(remote);
        _now = nowUs;
        if (End != RtcEnd.None || (_remote is not null && !_remote.Fingerprint.Equals(remote.Fingerprint)) || (_options.Offerer && remote.Setup == SetupRole.ActPass))
            return false;
        if (_ice.Remote is { } known && known != remote.Ice)
            _ice.Restart(Ms(nowUs));
        _remote = remote;
        _dtls ??= new DtlsConnection(
            new DtlsOptions
            {
                Role = LocalSetup == SetupRole.Active || remote.Setup == SetupRole.Passive ? DtlsRole.Client : DtlsRole.Server,
                Certificate = _options.Certificate,
                Remote = remote.Fingerprint,
            },
            _entropy);
        _ice.SetRemote(remote.Ice, Ms(nowUs));
        foreach (var candidate in remote.Candidates)
            AddRemoteCandidate(candidate, nowUs);
        if (remote.EndOfCandidates)
            _ice.EndOfRemotes(Ms(nowUs));
        AfterIce();
        return true;
    }

    /// <summary>Adds what can be sent from: a bound socket's address or a relayed one.</summary>
    /// <param name="address">The address with its port.</param>
    /// <param name="type">Host or relayed.</param>
    /// <param name="preference">Among the bases of its type: 65535 is the best (RFC 8421 §4 tells how to mix families).</param>
    /// <param name="nowUs">The time.</param>
    /// <param name="related">Of a relayed one: the address that its server sees, or none to hide it.</param>
    /// <param name="mtu">The largest IP packet that its interface sends whole (loopback: 65,536): up to that larger packets are tried (RFC 8899). 1,280: none are.</param>
    /// <param name="name">Of a host: told instead of the address (<see cref="Mdns.MdnsAgent.NewName"/>, published by the caller); null: the address is told.</param>
    /// <param name="tcp">Of TCP: whether it listens there (passive), or connects from the address (active, port 9). Its owner carries each datagram as a frame of RFC 4571.</param>
    /// <returns>Its number, for <see cref="Receive"/> and <see cref="TryTakeDatagram"/>; -1: there are too many, or only relayed ones are wanted.</returns>
    /// <exception cref="ArgumentException">Another type, no address, or no port.</exception>
    public int AddBase(Endpoint address, CandidateType type, ushort preference, long nowUs, Endpoint related = default, int mtu = SmallestMtu, string? name = null, IceTcpType tcp = IceTcpType.None)
    {
        _now = nowUs;
        if (_bases.Count(known => !known.IsNone) >= IceAgent.MaxBases || (_options.Ice.RelayOnly && type == CandidateType.Host))
            return -1;
        var id = _bases.IndexOf(address);
        if (id < 0)
        {
            id = _bases.IndexOf(default);
            if (id < 0)
            {
                id = _bases.Count;
                _bases.Add(default);
                _mtus.Add(0);
            }

            (_bases[id], _mtus[id]) = (address, mtu);
        }

        if (name is not null)
            _names[address] = name;
        _ice.AddBase(address, type, preference, Ms(nowUs), related, tcp);
        AfterIce();
        return id;
    }

    /// <summary>An interface or a relay went away.</summary>
    public void RemoveBase(int baseId, long nowUs)
    {
        _now = nowUs;
        if ((uint)baseId >= (uint)_bases.Count || _bases[baseId].IsNone)
            return;
        _ice.RemoveBase(_bases[baseId], Ms(nowUs));
        _names.Remove(_bases[baseId]);
        _bases[baseId] = default;
        AfterIce();
    }

    /// <summary>Adds a STUN server to ask how the bases are seen.</summary>
    public void AddServer(Endpoint server, long nowUs)
    {
        _now = nowUs;
        _ice.AddServer(server, Ms(nowUs));
        AfterIce();
    }

    /// <summary>There will be no more bases for now.</summary>
    public void EndOfBases(long nowUs)
    {
        _now = nowUs;
        _ice.EndOfBases(Ms(nowUs));
        AfterIce();
    }

    /// <summary>An address of theirs. A name is given back as <see cref="RtcEventKind.NameToResolve"/>. False: refused.</summary>
    public bool AddRemoteCandidate(IceCandidate candidate, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        _now = nowUs;
        if (candidate is { Name: not null, Tcp: not IceTcpType.Active })
        {
            _events.Enqueue(new RtcEvent(RtcEventKind.NameToResolve, Candidate: candidate));
            return true;
        }

        var taken = _ice.AddRemote(candidate, Ms(nowUs));
        AfterIce();
        return taken;
    }

    /// <summary>The other end has told all its candidates.</summary>
    public void EndOfRemoteCandidates(long nowUs)
    {
        _now = nowUs;
        _ice.EndOfRemotes(Ms(nowUs));
        AfterIce();
    }

    /// <summary>A connection of TCP between a base and an address of theirs broke, or did not come about.</summary>
    public void Broke(int baseId, Endpoint remote, long nowUs)
    {
        _now = nowUs;
        if ((uint)baseId >= (uint)_bases.Count || _bases[baseId].IsNone)
            return;
        _ice.Broke(_bases[baseId], remote, Ms(nowUs));
        AfterIce();
    }

    /// <summary>Whether a check went through between a base and an address of theirs: whoever is there knows this session's password.</summary>
    public bool Knows(int baseId, Endpoint from) => (uint)baseId < (uint)_bases.Count && _ice.MayReceive(_bases[baseId], from);

    /// <summary>Looks for the way anew: <see cref="LocalDescription"/> is to be told again. Data goes on by the former pair until there is another.</summary>
    public void Restart(long nowUs)
    {
        _now = nowUs;
        _ice.Restart(Ms(nowUs));
        AfterIce();
    }

    /// <summary>Bytes of DTLS that came by proved ways so far, and with them all of this connection's content.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Bytes of DTLS that went out so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Takes a datagram that came to a base.</summary>
    public void Receive(int baseId, Endpoint from, ReadOnlySpan<byte> datagram, long nowUs)
    {
        _now = nowUs;
        if ((uint)baseId >= (uint)_bases.Count || End != RtcEnd.None)
            return;
        switch (Demultiplexer.Judge(datagram))
        {
            case FirstByte.Stun:
                _ice.Receive(_bases[baseId], from, datagram, Ms(nowUs));
                AfterIce();
                break;
            // Nothing is listened to but what comes by a way that a check has proved: neither a forged hello nor forged data is looked at.
            case FirstByte.Dtls when _dtls is not null && Allows(baseId, from):
                ReceivedBytes += datagram.Length;
                TakeDtls(datagram);
                break;
        }
    }

    /// <summary>Does what is due.</summary>
    public void Advance(long nowUs)
    {
        _now = nowUs;
        if (End != RtcEnd.None)
            return;
        if (_iceDueUs <= nowUs)
        {
            _ice.Tick(Ms(nowUs));
            AfterIce();
        }

        if (_dtls is not null && _dtls.NextDeadline <= nowUs)
        {
            _dtls.Advance(nowUs);
            Judge();
        }

        if (_selectedBase >= 0 && _sctp.NextDeadline <= nowUs)
        {
            _sctp.Tick(nowUs);
            Pump();
        }
    }

    /// <summary>Writes the next datagram that wants to go; to be called until it says false. What goes to one address comes in a row.</summary>
    /// <param name="buffer">At least 2,048 bytes; 17,000 when a base has a larger MTU than 1,500.</param>
    /// <param name="length">How long it is.</param>
    /// <param name="baseId">From where.</param>
    /// <param name="to">Where to.</param>
    public bool TryTakeDatagram(Span<byte> buffer, out int length, out int baseId, out Endpoint to)
    {
        while (_ice.TryTake(out IceDatagram datagram))
        {
            baseId = _bases.IndexOf(datagram.Local);
            if (baseId < 0 || datagram.Bytes.Length > buffer.Length)
                continue;
            datagram.Bytes.CopyTo(buffer);
            (length, to) = (datagram.Bytes.Length, datagram.Remote);
            return true;
        }

        (length, baseId, to) = (0, _selectedBase, _selectedTo);
        if (baseId < 0 || _dtls is null)
            return false;
        if (_dtls.TryTakeDatagram(buffer, out length))
            return true;
        if (_dtls.State is DtlsState.Connected
            && _sctp.TryTakePacket(buffer[DtlsCipher.PlaintextOffset..^DtlsCipher.TagLength], out var packet, _now))
        {
            length = _dtls.Seal(buffer, packet);
            SentBytes += length;
            return length > 0;
        }

        if (!_closing)
            return false;
        // The last word: what SCTP said went before it.
        _dtls.Close();
        if (_dtls.TryTakeDatagram(buffer, out length))
            return true;
        _closing = false;
        _ice.Close();
        _selectedBase = -1;
        return false;
    }

    /// <summary>The next event.</summary>
    public bool TryTakeEvent(out RtcEvent told) => _events.TryDequeue(out told);

    /// <summary>Ends it; the other end is told by what <see cref="TryTakeDatagram"/> then gives.</summary>
    public void Close(long nowUs)
    {
        _now = nowUs;
        Finish(RtcEnd.Closed);
    }

    /// <summary>Frees keys; the other end is not told unless <see cref="Close"/> was called and its datagrams sent.</summary>
    public void Dispose()
    {
        Finish(RtcEnd.Closed);
        _closing = false;
        _dtls?.Dispose();
        _dtls = null;
        _ice.Close();
        if (_hasWaiting)
            _waiting.Dispose();
        _hasWaiting = false;
    }

    private static long Ms(long us) => us / 1_000;
}
