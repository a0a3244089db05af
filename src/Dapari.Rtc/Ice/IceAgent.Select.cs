namespace Dapari.Rtc.Ice;

/// <summary>Which pair data goes by, and whether it may go on.</summary>
public sealed partial class IceAgent
{
    // With aggressive nominators each check nominates: among those the priority decides. A nomination that comes later is the other end's new choice.
    private const int ChoiceSettledMs = 2_000;

    // A pair that may replace the selected one is asked for now and then, which also keeps its NAT bindings.
    private const int SpareEveryMs = 12_000;

    private long _selectedAt = long.MinValue;

    /// <summary>A check, or a question for consent, was answered.</summary>
    private void Works(CandidatePair pair, long now)
    {
        pair.State = PairState.Succeeded;
        pair.IsValid = true;
        pair.AnsweredAt = now;
        pair.NextConsent = now + Spread(pair == _selected ? _options.ConsentEveryMs : SpareEveryMs);
        if (_firstValidAt == long.MaxValue && pair.Session == _session)
            _firstValidAt = now;
        // RFC 8445 §7.2.5.3.3: what has the same foundation will go alike.
        foreach (var alike in _pairs)
        {
            if (alike.State == PairState.Frozen && alike.Session == pair.Session && alike.Foundation == pair.Foundation)
                alike.State = PairState.Waiting;
        }

        if (pair == _selected && State is IceState.Disconnected)
            Become(IceState.Connected);
    }

    private void Consent(long now)
    {
        foreach (var pair in _pairs.Where(pair => pair.NextConsent <= now).ToList())
        {
            // RFC 7675 §5.1: between 0.8 and 1.2 times the interval.
            pair.NextConsent = now + Spread(pair == _selected ? _options.ConsentEveryMs : SpareEveryMs);
            if (!pair.IsValid || pair.Session.Remote is null)
                continue;
            if (now - pair.AnsweredAt >= _options.ConsentLastsMs)
                Fail(pair, now);
            else if (pair == _selected && pair.Running is null && now - pair.AnsweredAt > _options.ConsentEveryMs * 3 / 2)
                // The last question had no answer: a check is sent again until it has one, so that one lost datagram is not taken for a dead path.
                pair.Running = Start(IceErrand.Check, pair.Local, pair.Remote.Address, pair, now);
            else
                Start(IceErrand.Consent, pair.Local, pair.Remote.Address, pair, now);
        }
    }

    private long Spread(int every) => (long)(every * (0.8 + (0.4 * (_entropy.Next() >> 11) / (1L << 53))));

    private CandidatePair? BestValid() =>
        _pairs.Where(pair => pair.IsValid && pair.Session == _session).MaxBy(pair => (IsFresh(pair), pair.Priority));

    // Answered since the selected one fell silent.
    private bool IsFresh(CandidatePair pair) => State is not IceState.Disconnected || pair.AnsweredAt > (_selected?.AnsweredAt ?? long.MinValue);

    private long NominationAt()
    {
        if (!_controlling || _session.Remote is null || _pairs.Exists(pair => pair.Nominating) || BestValid() is not { } best || !IsBetter(best))
            return long.MaxValue;
        // Nothing better can come, or it is as good as any: at once.
        var isBest = best is { LocalType: CandidateType.Host, Remote.Type: CandidateType.Host, Local.Tcp: IceTcpType.None }
            || !_pairs.Exists(pair => pair.Session == _session && pair.Priority > best.Priority && pair.State is PairState.Frozen or PairState.Waiting or PairState.InProgress);
        return isBest && (_remotesEnded || best is { LocalType: CandidateType.Host, Local.Tcp: IceTcpType.None }) || _selected is not null ? long.MinValue : _firstValidAt + _options.PatienceMs;
    }

    private bool IsBetter(CandidatePair best) =>
        _selected is null || _selected.Session != _session || (best != _selected && (State is IceState.Disconnected ? IsFresh(best) : best.Priority > _selected.Priority));

    private void Nominate(long now)
    {
        if (NominationAt() > now || BestValid() is not { } best)
            return;
        best.Nominating = true;
        if (best.Running is { } running)
            running.Cancelled = true;
        best.State = PairState.Waiting;
        if (!_triggered.Contains(best))
            _triggered.Insert(0, best);
        if (_nextPace <= now)
        {
            StartNext(now);
            _nextPace = now + _options.PaceMs;
        }
    }

    // RFC 8445 §7.3.1.5.
    private void NominatedByThem(CandidatePair pair, long now)
    {
        if (!pair.IsValid)
            pair.NominateOnSuccess = true;
        else if (_selected is null || _selected.Session != _session || pair.Priority > _selected.Priority || now - _selectedAt >= ChoiceSettledMs)
            Select(pair, now);
    }

    private void Select(CandidatePair pair) => Select(pair, pair.AnsweredAt);

    private void Select(CandidatePair pair, long now)
    {
        if (_selected == pair)
            return;
        var former = _selected;
        _selected = pair;
        _selectedAt = now;
        pair.NextConsent = now + Spread(_options.ConsentEveryMs);
        // What belongs to the time before a restart has done its service.
        if (former is not null && former.Session != _session)
            Drop(former);
        _events.Enqueue(new IceEvent.Selected(pair.Facts));
        Become(IceState.Connected);
    }

    // When the selected pair counts as silent.
    private long SilenceAt() => State is IceState.Connected && _selected is { } selected ? selected.AnsweredAt + _options.SilentAfterMs : long.MaxValue;

    private void Judge(long now)
    {
        if (SilenceAt() <= now)
        {
            Become(IceState.Disconnected);
            SearchAgain(now);
        }

        if (State is IceState.Checking && _selected is null)
        {
            var over = _remotesEnded && _basesEnded && _gatheringTold && !HasNext() && _pairs.TrueForAll(pair => pair.State == PairState.Failed);
            if (over || now - _checkingSince >= _options.GiveUpAfterMs)
                Become(IceState.Failed);
        }
    }

    // Every pair is tried again; the first that answers is nominated.
    private void SearchAgain(long now)
    {
        foreach (var pair in _pairs.Where(pair => pair.Session == _session && pair.State is PairState.Succeeded or PairState.Failed))
        {
            pair.State = PairState.Waiting;
            pair.Nominating = false;
        }

        if (_nextPace < now)
            _nextPace = now;
    }

    private bool HasValid => _pairs.Exists(pair => pair.IsValid && pair.Session == _session);

    // The selected pair is of no use any more. A restart that is under way may find another, and takes as long as a first search.
    private void Lose(long now, bool isSearching = false)
    {
        _selected = null;
        _firstValidAt = HasValid ? now : long.MaxValue;
        if (_firstValidAt != long.MaxValue)
            Become(IceState.Disconnected);
        else if (!isSearching)
            Become(IceState.Failed);
        else
        {
            _checkingSince = now;
            Become(IceState.Checking);
        }
    }
}
