using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Turn;

/// <summary>
/// A TURN client (RFC 8656): borrows one relayed address from one server and keeps it. The server's bytes, datagrams and time in; bytes for the server,
/// peers' datagrams and the next deadline out. One owner; not thread-safe. Times are monotonic microseconds.
/// </summary>
/// <remarks>
/// Step 1: an Allocate without credentials is refused with realm and nonce; the signed one lends the address. Step 2: the first datagram to a peer binds a
/// channel to it, which also permits it; until that is answered datagrams go as indications, right behind the request. Step 3: the address is refreshed a
/// minute before it ends, each channel every four minutes. Where the server has no channel to give, or does not answer, datagrams go on as indications by a
/// permission, and the channel is asked for again after a minute; only a peer that may not be reached (403) is refused for good. The owner sends and receives: one datagram each over UDP, framed as <see cref="StreamFraming"/>
/// has it over TCP and TLS, and only what came from the server is given to <see cref="Receive"/>.
/// </remarks>
public sealed partial class TurnClient
{
    /// <summary>Bytes that <see cref="TryWrap"/> may need in front of a payload.</summary>
    public const int HeadRoom = DataIndication.LongestHeader;

    /// <summary>Peers at a time; as many as ICE has addresses of the other end.</summary>
    public const int MaxPeers = IceAgent.MaxRemotes;

    private const int LongestRequest = 2_048;
    private const int StaleNonce = 438;
    private const int AllocationMismatch = 437;
    private const int Unauthorized = 401;
    private const int Forbidden = 403;
    private const int OtherFamily = 443;

    // RFC 8656 §9, §12: a permission lives 5 minutes, a channel 10; binding again renews both.
    private const long BindEvery = 240_000_000;
    private const long ChannelLife = 600_000_000;
    private const long BindAgain = 60_000_000;
    private const uint WantedSeconds = 600;

    private readonly TurnClientOptions _options;
    private readonly Entropy _entropy;
    private readonly List<Request> _requests = [];
    private readonly Queue<byte[]> _outgoing = [];
    private readonly Dictionary<Endpoint, Peer> _peers = [];
    private readonly Dictionary<ushort, Peer> _channels = [];
    private byte[] _realm = [];
    private byte[] _nonce = [];
    private byte[] _key = [];
    private long _refreshAt = long.MaxValue;

    /// <summary>A client that has not asked yet.</summary>
    public TurnClient(TurnClientOptions options, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(entropy);
        _options = options;
        _entropy = entropy;
    }

    /// <summary>How it stands.</summary>
    public TurnState State { get; private set; }

    /// <summary>The lent address.</summary>
    public Endpoint Relayed { get; private set; }

    /// <summary>As the server sees this end: a server-reflexive candidate.</summary>
    public Endpoint Mapped { get; private set; }

    /// <summary>The server's refusal (RFC 8656 §19), 300 to 699; 0: none, or no answer.</summary>
    public int Code { get; private set; }

    /// <summary>When <see cref="Advance"/> is wanted; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadlineUs
    {
        get
        {
            var next = State is TurnState.Lent ? _refreshAt : long.MaxValue;
            foreach (var request in _requests)
                next = Math.Min(next, request.NextAt);
            if (State is TurnState.Lent)
            {
                foreach (var peer in _peers.Values)
                    next = Math.Min(next, peer.BindAt);
            }

            return next;
        }
    }

    /// <summary>Asks for an address.</summary>
    public void Start(long nowUs)
    {
        if (State is not TurnState.Idle)
            return;
        State = TurnState.Asking;
        Ask(StunMethod.Allocate, null, WantedSeconds, nowUs);
    }

    /// <summary>Does what is due.</summary>
    public void Advance(long nowUs)
    {
        for (var i = _requests.Count - 1; i >= 0; i--)
        {
            var request = _requests[i];
            if (request.NextAt > nowUs)
                continue;
            if (request.Again(nowUs))
            {
                _outgoing.Enqueue(request.Bytes);
                continue;
            }

            _requests.RemoveAt(i);
            Unanswered(request, nowUs);
            // With the address all requests are gone.
            if (State is TurnState.Failed)
                return;
        }

        if (State is not TurnState.Lent)
            return;
        if (_refreshAt <= nowUs)
        {
            _refreshAt = long.MaxValue;
            Ask(StunMethod.Refresh, null, WantedSeconds, nowUs);
        }

        foreach (var peer in _peers.Values)
        {
            if (peer.BindAt <= nowUs)
                Bind(peer, nowUs);
        }
    }

    /// <summary>The next bytes for the server: to be sent before anything that <see cref="TryWrap"/> made afterwards.</summary>
    public bool TryTake([NotNullWhen(true)] out byte[]? bytes) => _outgoing.TryDequeue(out bytes);

    /// <summary>Wraps a datagram for a peer, in place.</summary>
    /// <param name="peer">Whom it is for.</param>
    /// <param name="buffer">Has <see cref="HeadRoom"/> bytes in front of the payload and 3 behind it.</param>
    /// <param name="offset">Where the payload begins.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="start">Where what is to be sent begins.</param>
    /// <param name="whole">Its bytes.</param>
    /// <param name="nowUs">The time.</param>
    /// <returns>False: nothing is lent, the server refused this peer, there are too many, or it is of the other family.</returns>
    public bool TryWrap(in Endpoint peer, Span<byte> buffer, int offset, int length, out int start, out int whole, long nowUs)
    {
        (start, whole) = (0, 0);
        if (State is not TurnState.Lent || peer.Family != Relayed.Family || length > 65_000)
            return false;
        if (!_peers.TryGetValue(peer, out var known))
        {
            if (_peers.Count >= MaxPeers)
                return false;
            // RFC 8656 §12: 0x4000 to 0x4FFF.
            known = new Peer(peer, (ushort)(0x4000 + _peers.Count));
            _peers.Add(peer, known);
            _channels.Add(known.Channel, known);
            Bind(known, nowUs);
        }

        if (known.IsRefused)
            return false;
        if (known.IsBound)
        {
            start = offset - ChannelData.HeaderLength;
            ChannelData.WriteHeader(buffer[start..], known.Channel, length);
            // RFC 8656 §12.5: padded over a stream only.
            var padded = _options.IsReliable ? StunMessage.Padded(length) : length;
            buffer[(offset + length)..(offset + padded)].Clear();
            whole = ChannelData.HeaderLength + padded;
            return true;
        }

        Span<byte> id = stackalloc byte[StunMessage.TransactionIdLength];
        _entropy.Fill(id);
        start = DataIndication.Write(buffer, offset, length, peer, id, out whole);
        // The same form, under the other name (RFC 8656 §11.1).
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(buffer[start..], StunMessage.TypeOf(StunClass.Indication, StunMethod.Send));
        return true;
    }

    /// <summary>Takes one whole message or datagram of the server's. What is refused may be an answer to a Binding request of ICE's.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="peer">Of data: whose it is.</param>
    /// <param name="data">Of data: the payload, within <paramref name="bytes"/>.</param>
    /// <param name="nowUs">The time.</param>
    public TurnReceipt Receive(ReadOnlySpan<byte> bytes, out Endpoint peer, out ReadOnlySpan<byte> data, long nowUs)
    {
        peer = default;
        data = default;
        if (Demultiplexer.Judge(bytes) == FirstByte.ChannelData)
        {
            if (State is not TurnState.Lent || !ChannelData.TryRead(bytes, out var channel, out var length) || !_channels.TryGetValue(channel, out var sender))
                return TurnReceipt.Refused;
            peer = sender.Address;
            data = bytes.Slice(ChannelData.HeaderLength, length);
            return TurnReceipt.Data;
        }

        if (!StunMessage.TryRead(bytes, out var message, out _))
            return TurnReceipt.Refused;
        if (message.Class == StunClass.Indication)
        {
            return State is TurnState.Lent && message.Method == StunMethod.Data && XorPeerAddress.TryRead(message, out peer) && message.TryFind(Data.Type, out data)
                ? TurnReceipt.Data : TurnReceipt.Refused;
        }

        if (message.Class == StunClass.Request)
            return TurnReceipt.Refused;
        var id = TransactionId.Read(message.TransactionId);
        var at = _requests.FindIndex(request => request.Id == id);
        if (at < 0 || _requests[at].Method != message.Method)
            return TurnReceipt.Refused;
        var asked = _requests[at];
        if (message.Class == StunClass.Error)
        {
            // What is signed is signed rightly; the two that ask for another signature are not (RFC 8489 §9.2.4).
            if (!ErrorCode.TryRead(message, out var code, out _) || (message.HasIntegrity ? !MessageIntegrity.Check(message, _key) : code is not (Unauthorized or StaleNonce) && asked.IsSigned))
                return TurnReceipt.Refused;
            _requests.RemoveAt(at);
            Refused(asked, code, message, nowUs);
            return TurnReceipt.Taken;
        }

        if (!asked.IsSigned || !MessageIntegrity.Check(message, _key))
            return TurnReceipt.Refused;
        _requests.RemoveAt(at);
        Granted(asked, message, nowUs);
        return TurnReceipt.Taken;
    }

    /// <summary>Asks whether what was lent still is, for nothing comes by it any more: by a refresh that is given up after 7.5 s.</summary>
    public void Probe(long nowUs)
    {
        if (State is not TurnState.Lent || _requests.Exists(request => request.Probes))
            return;
        _refreshAt = long.MaxValue;
        Ask(StunMethod.Refresh, null, WantedSeconds, nowUs, probes: true);
    }

    /// <summary>The connection to the server is gone, and with it what was lent (RFC 8656 §5: an allocation is of one connection).</summary>
    public void Broke()
    {
        if (State is TurnState.Asking or TurnState.Lent)
            Fail(0);
    }

    /// <summary>Gives the address back: once what <see cref="TryTake"/> gives was sent.</summary>
    public void Close(long nowUs)
    {
        var lent = State is TurnState.Lent;
        _requests.Clear();
        _outgoing.Clear();
        if (lent)
            Ask(StunMethod.Refresh, null, 0, nowUs);
        _requests.Clear();
        State = TurnState.Closed;
        CryptographicOperations.ZeroMemory(_key);
    }
}
