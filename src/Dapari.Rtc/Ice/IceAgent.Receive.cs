using System.Text;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Ice;

/// <summary>What comes in: checks of the other end, and answers.</summary>
public sealed partial class IceAgent
{
    // RFC 8445 §16.1.
    private const int RoleConflict = 487;

    /// <summary>Takes a datagram that came to a base.</summary>
    public IceReceipt Receive(Endpoint local, Endpoint remote, ReadOnlySpan<byte> datagram, long now)
    {
        if (Demultiplexer.Judge(datagram) != FirstByte.Stun)
            return IceReceipt.NotIce;
        if (State is IceState.Closed || !StunMessage.TryRead(datagram, out var message, out _))
            return IceReceipt.Refused;
        if (message.Method != StunMethod.Binding)
            return IceReceipt.NotIce;
        var taken = message.Class switch
        {
            StunClass.Request => Answer(message, local, remote, now),
            StunClass.Success => Succeeded(message, local, remote, now),
            StunClass.Error => Refused(message, local, remote, now),
            // RFC 8445 §11: a keepalive.
            _ => true,
        };
        if (!taken)
            return IceReceipt.Refused;
        Go(now);
        return IceReceipt.Taken;
    }

    private bool Answer(in StunMessage request, Endpoint local, Endpoint remote, long now)
    {
        if (_bases.Find(known => known.Address == local) is not { } from || !IsSendable(remote) || !Fingerprint.Check(request)
            || SessionOf(request) is not { } session || !MessageIntegrity.Check(request, Encoding.UTF8.GetBytes(session.Local.Password)))
            return false;
        if (HasUnknown(request))
        {
            Send(from, remote, Refuse(request, session, 420, "Unknown Attribute"u8));
            return true;
        }

        if (!SettleRoles(request, session, from, remote))
            return true;
        Send(from, remote, Grant(request, session, remote));
        if (session != _session)
        {
            // A check of the time before the restart: consent to the pair that still carries data.
            return true;
        }

        // RFC 8445 §7.3.1.3: an address that was not told.
        var theirs = _remotes.Find(known => known.Address == remote);
        if (theirs is null)
        {
            if (_remotes.Count >= MaxRemotes || !Priority.TryRead(request, out var priority) || priority is 0 or > int.MaxValue)
                return true;
            theirs = new IceCandidate(FoundationOf(CandidateType.PeerReflexive, remote, default), priority, remote, CandidateType.PeerReflexive)
            {
                Tcp = from.Tcp switch { IceTcpType.None => IceTcpType.None, IceTcpType.Active => IceTcpType.Passive, _ => IceTcpType.Active },
            };
            _remotes.Add(theirs);
        }

        var pair = Find(local, remote);
        if (pair is null || pair.Session != _session)
        {
            Pair(from, theirs, now);
            pair = _pairs.Find(one => one.Session == _session && one.Local == from && one.Remote.Address == remote);
        }

        if (pair is null)
            return true;
        pair.Heard = true;
        Trigger(pair);
        if (UseCandidate.IsIn(request) && !_controlling)
            NominatedByThem(pair, now);
        return true;
    }

    // RFC 8445 §7.3.1.4.
    private void Trigger(CandidatePair pair)
    {
        if (pair.State is PairState.Succeeded && pair.IsValid || _triggered.Contains(pair))
            return;
        // What is under way was perhaps sent before the other end's NAT would let it in.
        if (pair.Running is { } running)
            running.Cancelled = true;
        pair.State = PairState.Waiting;
        _triggered.Add(pair);
    }

    private bool Succeeded(in StunMessage answer, Endpoint local, Endpoint remote, long now)
    {
        if (!Fingerprintless(answer) || TransactionOf(answer, local) is not { } transaction)
            return false;
        if (transaction.Errand == IceErrand.Gather)
        {
            if (transaction.To != remote || !XorMappedAddress.TryRead(answer, out var seen))
                return false;
            _transactions.Remove(transaction.Id);
            Gathered(transaction, seen);
            return true;
        }

        var pair = transaction.Pair!;
        if (!MessageIntegrity.Check(answer, Encoding.UTF8.GetBytes(pair.Session.Remote!.Password)) || !XorMappedAddress.TryRead(answer, out var mapped))
            return false;
        _transactions.Remove(transaction.Id);
        if (!transaction.WasRepeated)
            pair.RoundTripMs = Math.Max(0, now - transaction.SentAt);
        // RFC 8445 §7.2.5.2.1: what comes back another way than it went is no path.
        if (transaction.To != remote)
        {
            if (pair.Running == transaction)
            {
                pair.Running = null;
                Fail(pair, now);
            }

            return true;
        }

        if (pair.Running == transaction)
            pair.Running = null;
        pair.LocalType = pair.Local.Type == CandidateType.Relayed || IsBase(mapped, pair.Local) ? pair.Local.Type
            : pair.Local.Mapped.Contains(mapped) ? CandidateType.ServerReflexive : CandidateType.PeerReflexive;
        Works(pair, now);
        if (transaction.Nominates || (pair.NominateOnSuccess && !_controlling))
        {
            (pair.Nominating, pair.NominateOnSuccess) = (false, false);
            Select(pair);
        }

        return true;
    }

    // A connection has a port of its own: the address tells.
    private static bool IsBase(in Endpoint mapped, IceBase local) => local.Tcp == IceTcpType.None ? mapped == local.Address : mapped.HasSameAddress(local.Address);

    private bool Refused(in StunMessage answer, Endpoint local, Endpoint remote, long now)
    {
        if (!Fingerprintless(answer) || TransactionOf(answer, local) is not { } transaction || transaction.To != remote)
            return false;
        if (transaction.Errand == IceErrand.Gather)
        {
            _transactions.Remove(transaction.Id);
            return true;
        }

        var pair = transaction.Pair!;
        if (!ErrorCode.TryRead(answer, out var code, out _) || !MessageIntegrity.Check(answer, Encoding.UTF8.GetBytes(pair.Session.Remote!.Password)))
            return false;
        _transactions.Remove(transaction.Id);
        if (pair.Running == transaction)
            pair.Running = null;
        if (code == RoleConflict)
        {
            // RFC 8445 §7.2.5.1: the role that this request did not have, and once more.
            SetRole(!transaction.Controlling);
            pair.State = PairState.Waiting;
            if (!_triggered.Contains(pair))
                _triggered.Add(pair);
            return true;
        }

        if (transaction.Errand == IceErrand.Check)
            Fail(pair, now);
        return true;
    }

    private void Gathered(IceTransaction transaction, Endpoint seen)
    {
        var local = transaction.From;
        if (seen.Family != local.Address.Family || local.Mapped.Contains(seen))
            return;
        local.Mapped.Add(seen);
        TellMapped(local, seen, transaction.To);
    }

    // RFC 8445 §7.3.1.1; false: the request was refused.
    private bool SettleRoles(in StunMessage request, IceSession session, IceBase from, Endpoint remote)
    {
        if (_controlling && IceControlling.TryRead(request, out var theirs))
        {
            if (_tieBreaker >= theirs)
            {
                Send(from, remote, Refuse(request, session, RoleConflict, "Role Conflict"u8));
                return false;
            }

            SetRole(false);
        }
        else if (!_controlling && IceControlled.TryRead(request, out theirs))
        {
            if (_tieBreaker < theirs)
            {
                Send(from, remote, Refuse(request, session, RoleConflict, "Role Conflict"u8));
                return false;
            }

            SetRole(true);
        }

        return true;
    }

    private void SetRole(bool controlling)
    {
        if (_controlling == controlling)
            return;
        _controlling = controlling;
        foreach (var pair in _pairs)
        {
            pair.Priority = PriorityOf(pair);
            pair.Nominating = false;
        }
    }

    private IceSession? SessionOf(in StunMessage request)
    {
        if (!Username.TryRead(request, out var name) || name.IndexOf((byte)':') is not (> 0 and var colon))
            return null;
        var ours = name[..colon];
        if (IsNamed(ours, _session))
            return _session;
        return _selected is { } selected && IsNamed(ours, selected.Session) ? selected.Session : null;
    }

    private static bool IsNamed(ReadOnlySpan<byte> fragment, IceSession session) => fragment.SequenceEqual(Encoding.UTF8.GetBytes(session.Local.Fragment));

    private IceTransaction? TransactionOf(in StunMessage answer, Endpoint local) =>
        _transactions.TryGetValue(TransactionId.Read(answer.TransactionId), out var transaction) && transaction.From.Address == local ? transaction : null;

    // Optional in answers, and then right.
    private static bool Fingerprintless(in StunMessage answer) => !answer.HasFingerprint || Fingerprint.Check(answer);

    // RFC 8489 §6.3.1: who does not understand it must say so. All that ICE sends is below 0x0030 or above 0x8000.
    private static bool HasUnknown(in StunMessage request)
    {
        foreach (var attribute in request.Attributes)
        {
            if (attribute.MustBeUnderstood && attribute.Type is not (Username.Type or Priority.Type or UseCandidate.Type))
                return true;
        }

        return false;
    }

    private static byte[] Grant(in StunMessage request, IceSession session, Endpoint seen)
    {
        Span<byte> bytes = stackalloc byte[128];
        var writer = new StunWriter(bytes, StunClass.Success, StunMethod.Binding, request.TransactionId);
        XorMappedAddress.Write(ref writer, seen);
        MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(session.Local.Password));
        Fingerprint.Write(ref writer);
        return Finish(writer);
    }

    private static byte[] Refuse(in StunMessage request, IceSession session, int code, ReadOnlySpan<byte> reason)
    {
        Span<byte> bytes = stackalloc byte[128];
        var writer = new StunWriter(bytes, StunClass.Error, StunMethod.Binding, request.TransactionId);
        ErrorCode.Write(ref writer, code, reason);
        MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(session.Local.Password));
        Fingerprint.Write(ref writer);
        return Finish(writer);
    }

    /// <summary>A connection of TCP broke, or did not come about: what goes by it goes nowhere, until a check opens another.</summary>
    public void Broke(Endpoint local, Endpoint remote, long now)
    {
        foreach (var pair in _pairs.Where(pair => pair.Local.Address == local && pair.Remote.Address == remote && pair.State is not PairState.Failed).ToList())
        {
            if (pair.Running is { } running)
                _transactions.Remove(running.Id);
            pair.Running = null;
            _triggered.Remove(pair);
            Fail(pair, now);
            // Who connected to this end comes back from another port.
            if (pair.Remote.Tcp == IceTcpType.Active)
                Drop(pair);
        }

        _remotes.RemoveAll(known => known.Tcp == IceTcpType.Active && known.Address == remote);
        Go(now);
    }

    private void Send(IceBase from, Endpoint to, byte[] bytes) => _datagrams.Enqueue(new IceDatagram(from.Address, to, bytes));
}
