using Dapari.Relay.Driving;
using Dapari.Relay.Limits;
using Dapari.Relay.State;
using Dapari.Rtc;
using Dapari.Rtc.Stun;

namespace Dapari.Relay;

/// <summary>A STUN and TURN server (RFC 8489, RFC 8656) without sockets: datagrams and time in; datagrams, socket wishes and the next deadline out.</summary>
/// <remarks>
/// <para>
/// One owner: all members are called from one thread. For each worker thread there is one core; they have one <see cref="RelayShared"/>. A batch:
/// <see cref="Advance"/> once, then <see cref="FromClient"/> or <see cref="FromPeer"/> for each datagram, then send what they said.
/// </para>
/// <para>
/// A datagram in gives at most one out, and that one is a slice of the buffer it came in: headers are written in front of the payload where it
/// lies. So a buffer has <see cref="HeadRoom"/> bytes before the datagram and <see cref="TailRoom"/> behind it. Forwarding allocates nothing.
/// </para>
/// <para>Bad input is dropped or answered, and counted; it never throws. What throws is a driver's mistake: an unknown local side, a buffer without room.</para>
/// </remarks>
public sealed partial class RelayCore
{
    /// <summary>Bytes that must be free before each received datagram in its buffer.</summary>
    public const int HeadRoom = 64;

    /// <summary>Bytes that must be free behind it.</summary>
    public const int TailRoom = 4;

    /// <summary>The least length of a buffer for <see cref="FromClient"/>: an answer is written into it.</summary>
    public const int LeastBuffer = 1024;

    private const int LongestAnswer = 512;

    private readonly RelayShared _shared;
    private readonly RelayOptions _options;
    private readonly IRelayPorts _driver;
    private readonly Entropy _entropy;
    private readonly AnswerLimiter _limiter;
    private readonly ClientTable _clients;
    private readonly Dictionary<Endpoint, RelayedSocket> _socketsByLocal = [];
    private readonly SortedSet<Deadline> _deadlines = [];
    private readonly List<RelayedSocket?> _sockets = [];
    private readonly Stack<int> _freePorts = new();
    private readonly List<LocalSide?> _locals = [];
    private readonly Stack<int> _freeLocals = new();
    private readonly long[] _counts;
    private readonly byte[] _realm;
    private readonly byte[] _answer = new byte[LongestAnswer];
    private readonly long _portion;
    private readonly bool _limitsBytes;
    private RelayMoment _now;
    private long _serial;
    private ulong _indications;

    /// <summary>A core.</summary>
    /// <param name="shared">What it has in common with the others.</param>
    /// <param name="ports">Opens and closes its relayed sockets.</param>
    /// <param name="entropy">For ports, tokens and hashes; strong in production: who can guess ports can send to them.</param>
    public RelayCore(RelayShared shared, IRelayPorts ports, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(shared);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(entropy);
        _shared = shared;
        _options = shared.Options;
        _driver = ports;
        _entropy = entropy;
        _counts = shared.NewCounters();
        _realm = _options.RealmBytes;
        _limiter = new AnswerLimiter(_options.UnprovenAnswersPerSecond, entropy.Next());
        _clients = new ClientTable(entropy.Next());
        _indications = entropy.Next();
        _limitsBytes = _options.BytesPerSecond > 0;
        // A portion is a small part of a second's bytes, so that what lies unspent in allocations does not matter.
        _portion = Math.Clamp(_options.BytesPerSecond / 128, 2048, 65_536);
    }

    /// <summary>When <see cref="Advance"/> must be called at the latest, in monotonic milliseconds; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadline => _deadlines.Count == 0 ? long.MaxValue : _deadlines.Min.AtMs;

    /// <summary>Allocations of this core.</summary>
    public int Allocations => _clients.Count;

    /// <summary>Adds a local side: an address that UDP clients reach us at, or one accepted connection.</summary>
    /// <param name="local">The address and port; an unspecified address is allowed when <see cref="RelayOptions.BindV4"/> and the like are given.</param>
    /// <param name="transport">How messages are framed.</param>
    /// <returns>Its number: dense from 0, used again after <see cref="RemoveLocal"/>.</returns>
    public int AddLocal(in Endpoint local, RelayTransport transport)
    {
        if (local.IsNone)
            throw new ArgumentException("A local side has an address.", nameof(local));
        var side = new LocalSide(local.Unmap(), transport);
        if (!IsUnspecified(side.Address))
            _shared.AddOwn(side.Address);
        if (_freeLocals.TryPop(out var number))
        {
            _locals[number] = side;
            return number;
        }

        _locals.Add(side);
        return _locals.Count - 1;
    }

    /// <summary>A connection ended, or an address is no longer ours: what was allocated over it goes.</summary>
    public void RemoveLocal(int local)
    {
        var side = Side(local);
        if (side.Transport == RelayTransport.Stream)
        {
            if (side.Allocation is { } allocation)
                Delete(allocation);
        }
        else
        {
            foreach (var allocation in _sockets.Select(socket => socket?.Owner).OfType<Allocation>().Where(owner => owner.Client.Local == local).Distinct().ToArray())
                Delete(allocation);
        }

        _locals[local] = null;
        _freeLocals.Push(local);
    }

    /// <summary>Ends everything: a thread that stops gives back what its clients had. The core must not be used after that.</summary>
    public void End()
    {
        while (_deadlines.Count > 0)
            End(_deadlines.Min);
        _shared.Retire(_counts);
    }

    /// <summary>Says what time it is, and ends what has lived its time. Time does not go back: an earlier moment changes nothing.</summary>
    public void Advance(in RelayMoment now)
    {
        if (now.MonotonicMs >= _now.MonotonicMs)
            _now = now;
        while (_deadlines.Count > 0 && _deadlines.Min is var first && first.AtMs <= _now.MonotonicMs)
            End(first);
    }

    /// <summary>Takes a datagram, or a frame of a stream, from a client.</summary>
    /// <param name="client">The 5-tuple.</param>
    /// <param name="buffer">At least <see cref="LeastBuffer"/> bytes; may be overwritten.</param>
    /// <param name="offset">Where the datagram begins, at least <see cref="HeadRoom"/>.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="packet">What to send, a slice of the buffer.</param>
    public RelayAction FromClient(in ClientKey client, Span<byte> buffer, int offset, int length, out RelayPacket packet)
    {
        Check(buffer, offset, length);
        if (length >= ChannelData.HeaderLength && (buffer[offset] & 0xC0) == 0x40)
            return FromChannel(client, buffer, offset, length, out packet);
        packet = default;
        if (!StunMessage.TryRead(buffer.Slice(offset, length), out var message, out _)
            || (message.HasFingerprint && !Dapari.Rtc.Stun.Attributes.Fingerprint.Check(message)))
            return Drop(RelayCount.DroppedMalformed);
        return message.Class switch
        {
            StunClass.Request => Answer(client, message, buffer, ref packet),
            StunClass.Indication when message.Method == StunMethod.Send => Send(client, message, buffer, out packet),
            // A Binding indication keeps a NAT's mapping alive (RFC 8489 §12.1) and wants nothing.
            StunClass.Indication when message.Method == StunMethod.Binding => RelayAction.Drop,
            _ => Drop(RelayCount.DroppedMalformed),
        };
    }

    private void End(in Deadline deadline)
    {
        if (deadline.What is Allocation allocation)
        {
            Delete(allocation);
            return;
        }

        _deadlines.Remove(deadline);
        var reservation = (Reservation)deadline.What;
        if (_shared.Relayed.Release(reservation))
            _shared.Ledger.Return(reservation.Account, 1);
    }

    private static bool IsUnspecified(in Endpoint address) => address.IsV4 ? address.V4Bits == 0 : address is { High: 0, Low: 0 };

    private static void Check(Span<byte> buffer, int offset, int length)
    {
        if (offset < HeadRoom || length < 0 || buffer.Length - TailRoom - length < offset || buffer.Length < LeastBuffer)
            throw new ArgumentException("The buffer has no room around the datagram.", nameof(buffer));
    }

    private LocalSide Side(int local) => _locals[local] ?? throw new ArgumentException("There is no such local side.", nameof(local));

    private RelayAction Drop(RelayCount why)
    {
        Count(why);
        return RelayAction.Drop;
    }

    private void Count(RelayCount what) => _counts[(int)what]++;

    private void Count(RelayCount packets, RelayCount bytes, int length)
    {
        _counts[(int)packets]++;
        _counts[(int)bytes] += length;
    }

    private Allocation? Find(in ClientKey client) => _clients.Find(client) is { } allocation && allocation.ExpiresMs > _now.MonotonicMs ? allocation : null;

    private void Delete(Allocation allocation)
    {
        _deadlines.Remove(new Deadline(allocation.ExpiresMs, allocation.Serial, allocation));
        _clients.Remove(allocation.Client);
        if (allocation.IsStream)
            Side(allocation.Client.Local).Allocation = null;
        Close(allocation, 4);
        Close(allocation, 6);
        Count(RelayCount.Ended);
    }

    /// <summary>Gives back the relayed socket of one family.</summary>
    private void Close(Allocation allocation, int family)
    {
        if (allocation.For(family) is not { } socket)
            return;
        if (family == 4)
            allocation.V4 = null;
        else
            allocation.V6 = null;
        socket.Owner = null;
        _driver.Close(socket.Port);
        _shared.Relayed.Remove(socket.Advertised, socket.Local);
        _socketsByLocal.Remove(socket.Local);
        _sockets[socket.Port] = null;
        _freePorts.Push(socket.Port);
        _shared.Ledger.Return(allocation.Account, 1);
    }

    /// <summary>A side of ours that clients come by.</summary>
    private sealed class LocalSide(Endpoint address, RelayTransport transport)
    {
        public Endpoint Address { get; } = address;

        public RelayTransport Transport { get; } = transport;

        /// <summary>A connection's only allocation.</summary>
        public Allocation? Allocation { get; set; }
    }
}
