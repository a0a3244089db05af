using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Server.Connections;
using Dapari.Server.Limits;
using Dapari.Wire;

namespace Dapari.Server.Shares;

/// <summary>
/// Where both ends of share links meet (docs/protocol/shares.md): carries sealed messages between a sender and its visitors, keeps nothing, and can read nothing.
/// Safe from any thread.
/// </summary>
internal sealed class RendezvousDesk(Hub hub, TimeProvider time)
{
    /// <summary>Shares with somebody at them, or remembered.</summary>
    public const int MostShares = 10_000;

    /// <summary>Visitors of a share at a time.</summary>
    public const int VisitorsPerShare = 32;

    /// <summary>Shares that are served from one address at a time.</summary>
    public const int SharesPerAddress = 256;

    /// <summary>Messages and bytes that a visitor may send in a visit.</summary>
    public const int MessagesPerVisit = 200;

    public const int BytesPerVisit = 128 * 1024;

    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _ownerKept = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _endKept = TimeSpan.FromDays(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Meeting> _meetings = [];
    private readonly Dictionary<UInt128, (ShareEnd End, long At, byte[] Owner)> _ended = [];
    private readonly Dictionary<AddressKey, int> _served = [];

    /// <summary>Shares that somebody is at, or whose sender left a moment ago.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _meetings.Count;
        }
    }

    /// <summary>Serves one connection until it ends.</summary>
    public async Task RunAsync(RendezvousEnd end)
    {
        var sending = end.SendAsync();
        var buffer = new byte[RendezvousLimits.MessageBytes + 1];
        if (await end.ReceiveAsync(buffer, _first, time) is { } first)
        {
            if (first.Length == 1 + RendezvousLimits.IdBytes + RendezvousLimits.TokenBytes && first.Span[0] == (byte)RendezvousKind.Serve)
                await ServeAsync(end, Id(first.Span), SHA256.HashData(first.Span[^RendezvousLimits.TokenBytes..]), buffer);
            else if (first.Length == 1 + RendezvousLimits.IdBytes && first.Span[0] == (byte)RendezvousKind.Visit)
                await VisitAsync(end, Id(first.Span), buffer);
        }

        end.Finish();
        try
        {
            await sending.WaitAsync(_first, time);
        }
        catch (TimeoutException)
        {
            end.Close();
            await sending;
        }
    }

    private static UInt128 Id(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt128BigEndian(message[1..]);

    private async Task ServeAsync(RendezvousEnd end, UInt128 id, byte[] owner, byte[] buffer)
    {
        if (!TryServe(end, id, owner, out var meeting))
            return;
        try
        {
            while (await end.ReceiveAsync(buffer, _silence, time) is { Length: > 0 } message)
            {
                switch ((RendezvousKind)message.Span[0])
                {
                    case RendezvousKind.Beat:
                        end.TrySend(RendezvousKind.Beat);
                        break;
                    case RendezvousKind.Message when message.Length > 5:
                        ToVisitor(meeting, Number(message.Span), message.Span[5..]);
                        break;
                    case RendezvousKind.Gone when message.Length == 5:
                        Dismiss(meeting, Number(message.Span));
                        break;
                    case RendezvousKind.Over when message.Length == 2 && message.Span[1] is >= (byte)ShareEnd.Time and <= (byte)ShareEnd.Stopped:
                        End(meeting, id, (ShareEnd)message.Span[1]);
                        return;
                    default:
                        return;
                }
            }
        }
        finally
        {
            Leave(end, id, meeting);
        }
    }

    private static uint Number(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt32BigEndian(message[1..]);

    private bool TryServe(RendezvousEnd end, UInt128 id, byte[] owner, out Meeting meeting)
    {
        lock (_gate)
        {
            Forget();
            meeting = _meetings.GetValueOrDefault(id) ?? new Meeting();
            var known = meeting.Owner ?? (_ended.TryGetValue(id, out var ended) ? ended.Owner : null);
            if ((known is not null && !CryptographicOperations.FixedTimeEquals(known, owner))
                || (meeting.Sender is null && _served.GetValueOrDefault(end.Address) >= SharesPerAddress)
                || (!_meetings.ContainsKey(id) && _meetings.Count >= MostShares))
                return false;
            _ended.Remove(id); // Its sender began it anew.
            if (meeting.Sender is { } before)
            {
                Uncount(before.Address);
                before.Close();
            }

            (meeting.Sender, meeting.Owner, meeting.RelayId) = (end, owner, hub.Relay.NewId());
            _served[end.Address] = _served.GetValueOrDefault(end.Address) + 1;
            _meetings[id] = meeting;
            end.TrySend(RendezvousKind.Serve);
            foreach (var (number, visitor) in meeting.Visitors)
                Introduce(meeting, number, visitor);
            return true;
        }
    }

    /// <summary>Both ends are there: each is told, and told of the servers that help them to find a way.</summary>
    private void Introduce(Meeting meeting, uint number, RendezvousEnd visitor)
    {
        var sender = meeting.Sender!;
        if (hub.Limits.RelayAccess.TryTake(visitor.Address, out _))
        {
            visitor.TrySend(RendezvousKind.Servers, RendezvousServers.Write(hub, visitor.Host, visitor.HasTls, meeting.RelayId!));
            sender.TrySend(RendezvousKind.Servers, RendezvousServers.Write(hub, sender.Host, sender.HasTls, meeting.RelayId!));
        }

        if (sender.TrySend(RendezvousKind.Came, number))
            visitor.TrySend(RendezvousKind.Serve);
        else
            visitor.Close();
    }

    private void ToVisitor(Meeting meeting, uint number, ReadOnlySpan<byte> sealedBytes)
    {
        lock (_gate)
        {
            if (meeting.Visitors.TryGetValue(number, out var visitor) && !visitor.TrySend(RendezvousKind.Message, sealedBytes))
                visitor.Close();
        }
    }

    private void Dismiss(Meeting meeting, uint number)
    {
        lock (_gate)
        {
            if (meeting.Visitors.Remove(number, out var visitor))
                visitor.Finish();
        }
    }

    private void End(Meeting meeting, UInt128 id, ShareEnd why)
    {
        lock (_gate)
        {
            if (_ended.Count < MostShares)
                _ended[id] = (why, time.GetTimestamp(), meeting.Owner!);
            foreach (var visitor in meeting.Visitors.Values)
            {
                visitor.TrySend(RendezvousKind.Over, [(byte)why]);
                visitor.Finish();
            }

            meeting.Visitors.Clear();
            _meetings.Remove(id);
        }
    }

    private void Leave(RendezvousEnd end, UInt128 id, Meeting meeting)
    {
        lock (_gate)
        {
            if (meeting.Sender != end)
                return; // Another connection of the same sender has taken its place.
            Uncount(end.Address);
            (meeting.Sender, meeting.LeftAt) = (null, time.GetTimestamp());
            foreach (var visitor in meeting.Visitors.Values)
                visitor.TrySend(RendezvousKind.Away);
            Forget();
        }
    }

    private void Uncount(AddressKey address)
    {
        if (--_served[address] == 0)
            _served.Remove(address);
    }

    private async Task VisitAsync(RendezvousEnd end, UInt128 id, byte[] buffer)
    {
        if (!TryVisit(end, id, out var meeting, out var number))
            return;
        try
        {
            var (messages, bytes) = (0, 0);
            while (await end.ReceiveAsync(buffer, _silence, time) is { Length: > 0 } message)
            {
                if ((RendezvousKind)message.Span[0] == RendezvousKind.Beat)
                {
                    end.TrySend(RendezvousKind.Beat);
                    continue;
                }

                if ((RendezvousKind)message.Span[0] != RendezvousKind.Message || ++messages > MessagesPerVisit || (bytes += message.Length) > BytesPerVisit
                    || !ToSender(meeting, number, message.Span[1..]))
                    return;
            }
        }
        finally
        {
            lock (_gate)
            {
                if (meeting.Visitors.Remove(number))
                    meeting.Sender?.TrySend(RendezvousKind.Gone, number);
                if (meeting is { Sender: null, Owner: null, Visitors.Count: 0 })
                    _meetings.Remove(id);
            }
        }
    }

    private bool TryVisit(RendezvousEnd end, UInt128 id, out Meeting meeting, out uint number)
    {
        lock (_gate)
        {
            Forget();
            number = 0;
            meeting = _meetings.GetValueOrDefault(id) ?? new Meeting();
            if (meeting.Sender is null && _ended.TryGetValue(id, out var ended))
            {
                end.TrySend(RendezvousKind.Over, [(byte)ended.End]);
                return false;
            }

            if (meeting.Visitors.Count >= VisitorsPerShare || (!_meetings.ContainsKey(id) && _meetings.Count >= MostShares))
                return false;
            _meetings[id] = meeting;
            number = ++meeting.LastNumber;
            meeting.Visitors[number] = end;
            if (meeting.Sender is null)
                end.TrySend(RendezvousKind.Away);
            else
                Introduce(meeting, number, end);
            return true;
        }
    }

    private bool ToSender(Meeting meeting, uint number, ReadOnlySpan<byte> sealedBytes)
    {
        lock (_gate)
        {
            // What was meant for a sender that has left meanwhile is lost; the visitor is told that it left, and begins anew when it is back.
            return meeting.Sender is not { } sender || sender.TrySend(RendezvousKind.Message, number, sealedBytes);
        }
    }

    /// <summary>Lets go of senders that left long ago, and of ends that are old.</summary>
    private void Forget()
    {
        foreach (var (id, meeting) in _meetings)
        {
            if (meeting is { Sender: null, Visitors.Count: 0 } && (meeting.Owner is null || time.GetElapsedTime(meeting.LeftAt) > _ownerKept))
                _meetings.Remove(id);
        }

        foreach (var (id, ended) in _ended)
        {
            if (time.GetElapsedTime(ended.At) > _endKept)
                _ended.Remove(id);
        }
    }
}
