using System.Text;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Ice;

/// <summary>Pairs, and the checks that go out for them.</summary>
public sealed partial class IceAgent
{
    private const int LongestRequest = 640;

    /// <summary>Does what is due.</summary>
    public void Tick(long now)
    {
        if (State is IceState.Closed)
            return;
        foreach (var transaction in _transactions.Values.Where(transaction => transaction.NextAt <= now).ToList())
        {
            if (transaction.Again(now))
                _datagrams.Enqueue(new IceDatagram(transaction.From.Address, transaction.To, transaction.Bytes));
            else
                TimedOut(transaction, now);
        }

        Go(now);
    }

    /// <summary>All that follows from what happened.</summary>
    private void Go(long now)
    {
        if (State is IceState.Closed)
            return;
        if (State is IceState.New && _session.Remote is not null && _pairs.Count > 0)
            Become(IceState.Checking);
        if (_checkingSince == long.MaxValue && _session.Remote is not null && _pairs.Count > 0)
            _checkingSince = now;
        while (_nextPace <= now && HasNext())
        {
            StartNext(now);
            _nextPace = now + _options.PaceMs;
        }

        Consent(now);
        Nominate(now);
        Judge(now);
        if (!_gatheringTold && _basesEnded && _toGather.Count == 0 && !_transactions.Values.Any(one => one.Errand == IceErrand.Gather))
        {
            _gatheringTold = true;
            _events.Enqueue(new IceEvent.GatheringDone());
        }
    }

    private bool HasNext() => _toGather.Count > 0 || (_session.Remote is not null && (_triggered.Count > 0 || NextOrdinary() is not null));

    private void StartNext(long now)
    {
        if (_toGather.TryDequeue(out var asked))
        {
            Start(IceErrand.Gather, asked.Base, asked.Server, null, now);
            return;
        }

        CandidatePair? pair;
        if (_triggered.Count > 0)
        {
            pair = _triggered[0];
            _triggered.RemoveAt(0);
        }
        else
        {
            pair = NextOrdinary();
        }

        if (pair is null)
            return;
        pair.State = PairState.InProgress;
        pair.Running = Start(IceErrand.Check, pair.Local, pair.Remote.Address, pair, now);
    }

    // RFC 8445 §6.1.4.2: the best that waits; else the best frozen one whose foundation is not being checked.
    private CandidatePair? NextOrdinary()
    {
        CandidatePair? best = null;
        foreach (var pair in _pairs)
        {
            if (pair.Session == _session && pair.State == PairState.Waiting && (best is null || pair.Priority > best.Priority))
                best = pair;
        }

        if (best is not null)
            return best;
        foreach (var pair in _pairs)
        {
            if (pair.Session == _session && pair.State == PairState.Frozen && (best is null || pair.Priority > best.Priority)
                && !_pairs.Exists(other => other.State == PairState.InProgress && other.Foundation == pair.Foundation))
                best = pair;
        }

        return best;
    }

    private void Pair(IceBase local, IceCandidate remote, long now)
    {
        if (local.Address.Family != remote.Address.Family || !Fit(local.Tcp, remote.Tcp) || IsLinkLocal(local.Address) != IsLinkLocal(remote.Address)
            || (IsLoopback(remote.Address) && !IsLoopback(local.Address))
            || _pairs.Exists(known => known.Session == _session && known.Local == local && known.Remote.Address == remote.Address))
            return;
        if (_pairs.Count >= MaxPairs)
        {
            // RFC 8445 §6.1.2.5: those of the lowest priority go.
            var worst = _pairs.Where(pair => pair.State is PairState.Frozen or PairState.Waiting or PairState.Failed && pair != _selected).MinBy(pair => pair.Priority);
            if (worst is null || worst.Priority >= PriorityOf(local, remote))
                return;
            Drop(worst);
        }

        var made = new CandidatePair(_session, local, remote) { Priority = PriorityOf(local, remote) };
        // RFC 8838 §12: the first of its foundation waits, and so does one whose foundation was seen to work.
        var alike = _pairs.Where(pair => pair.Session == _session && pair.Foundation == made.Foundation).ToList();
        made.State = alike.Count == 0 || alike.Exists(pair => pair.State == PairState.Succeeded) ? PairState.Waiting : PairState.Frozen;
        _pairs.Add(made);
        if (_nextPace < now)
            _nextPace = now;
    }

    // RFC 6544 §6.2: one connects, the other is connected to.
    private static bool Fit(IceTcpType local, IceTcpType remote) => local switch
    {
        IceTcpType.None => remote is IceTcpType.None,
        IceTcpType.Active => remote is IceTcpType.Passive,
        _ => remote is IceTcpType.Active,
    };

    private void Drop(CandidatePair pair)
    {
        _pairs.Remove(pair);
        _triggered.Remove(pair);
        foreach (var id in _transactions.Values.Where(transaction => transaction.Pair == pair).Select(transaction => transaction.Id).ToList())
            _transactions.Remove(id);
    }

    private ulong PriorityOf(IceBase local, IceCandidate remote) =>
        _controlling ? CandidatePriority.OfPair(local.Priority, remote.Priority) : CandidatePriority.OfPair(remote.Priority, local.Priority);

    private ulong PriorityOf(CandidatePair pair) => PriorityOf(pair.Local, pair.Remote);

    private IceTransaction Start(IceErrand errand, IceBase from, Endpoint to, CandidatePair? pair, long now)
    {
        var id = NextId();
        var nominates = errand == IceErrand.Check && pair is { Nominating: true } && _controlling;
        // RFC 8445 §14.3: with many under way each waits longer.
        var rto = errand == IceErrand.Gather
            ? Math.Max(Rto, _options.PaceMs * (_toGather.Count + _transactions.Count))
            : Math.Max(Rto, _options.PaceMs * _pairs.Count(one => one.State is PairState.Waiting or PairState.InProgress));
        var bytes = errand == IceErrand.Gather ? Ask(id) : Check(id, pair!, nominates);
        var transaction = new IceTransaction(errand, id, from, to, bytes, now, rto) { Pair = pair, Nominates = nominates, Controlling = _controlling };
        _transactions.Add(id, transaction);
        _datagrams.Enqueue(new IceDatagram(from.Address, to, bytes));
        return transaction;
    }

    private TransactionId NextId() => new(_entropy.Next(), unchecked((uint)_entropy.Next()));

    private static byte[] Ask(TransactionId id)
    {
        Span<byte> key = stackalloc byte[StunMessage.TransactionIdLength];
        id.Write(key);
        Span<byte> bytes = stackalloc byte[StunMessage.HeaderLength + 8];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Binding, key);
        Fingerprint.Write(ref writer);
        return Finish(writer);
    }

    // RFC 8445 §7.1: what a check carries.
    private byte[] Check(TransactionId id, CandidatePair pair, bool nominates)
    {
        Span<byte> key = stackalloc byte[StunMessage.TransactionIdLength];
        id.Write(key);
        Span<byte> bytes = stackalloc byte[LongestRequest];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Binding, key);
        Username.Write(ref writer, Encoding.UTF8.GetBytes(pair.Session.Username));
        Priority.Write(ref writer, pair.Local.ReflexivePriority);
        if (_controlling)
            IceControlling.Write(ref writer, _tieBreaker);
        else
            IceControlled.Write(ref writer, _tieBreaker);
        if (nominates)
            UseCandidate.Write(ref writer);
        MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(pair.Session.Remote!.Password));
        Fingerprint.Write(ref writer);
        return Finish(writer);
    }

    private static byte[] Finish(in StunWriter writer) =>
        writer.TryFinish(out _) ? writer.Written.ToArray() : throw new InvalidOperationException("Names and passwords have capped lengths.");

    private void TimedOut(IceTransaction transaction, long now)
    {
        _transactions.Remove(transaction.Id);
        if (transaction.Pair is not { } pair || transaction.Errand != IceErrand.Check || pair.Running != transaction)
            return;
        pair.Running = null;
        Fail(pair, now);
    }

    private void Fail(CandidatePair pair, long now)
    {
        pair.State = PairState.Failed;
        (pair.IsValid, pair.Nominating, pair.NominateOnSuccess) = (false, false, false);
        pair.NextConsent = long.MaxValue;
        if (pair == _selected)
            Lose(now);
        // The last that could have taken the selected one's place.
        else if (_selected is null && State is IceState.Disconnected && !HasValid)
            Become(IceState.Failed);
    }

    private static bool IsLinkLocal(Endpoint endpoint) => endpoint.Family == 6 && endpoint.High >> 54 == 0x3FA;

    private static bool IsLoopback(Endpoint endpoint) =>
        endpoint.IsV4 ? endpoint.V4Bits >> 24 == 127 : endpoint is { Family: 6, High: 0, Low: 1 };
}
