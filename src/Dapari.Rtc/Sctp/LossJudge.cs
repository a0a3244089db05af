namespace Dapari.Rtc.Sctp;

/// <summary>
/// Whether a loss says that a queue was full, or only that the path loses packets by itself, as radio does: then sending less would help nobody. Sizes in
/// bytes, times in microseconds.
/// </summary>
/// <remarks>
/// A queue that overflows was long before: the round trip is well above the shortest one. A queue too short for that to show still loses much once it is
/// full, so that a share of losses above a bound counts as congestion whatever the round trip (both as BBR has them: draft-ietf-ccwg-bbr §5.5.10, loss threshold 2 %).
/// </remarks>
internal sealed class LossJudge
{
    private const double TooMuch = 0.02;

    // A share of few packets is chance.
    private const long LeastBytes = 400_000;
    private const long SpanRoundTrips = 16;

    // After this the shortest round trip is looked for anew: the path may have become a longer one.
    private const long ShortestLasts = 30_000_000;

    private readonly (long Delivered, long Lost)[] _spans = new (long, long)[2];
    private long _spanEnds;
    private long _shortest = long.MaxValue;
    private long _shortestLately = long.MaxValue;
    private long _shortestEnds;

    // The shortest of the last half round trip and of the one before it: a delayed acknowledgement is no queue.
    private long _recent = long.MaxValue;
    private long _recentBefore = long.MaxValue;
    private long _recentEnds;

    public void Restart()
    {
        Array.Clear(_spans);
        (_spanEnds, _shortest, _shortestLately, _shortestEnds) = (0, long.MaxValue, long.MaxValue, 0);
        (_recent, _recentBefore, _recentEnds) = (long.MaxValue, long.MaxValue, 0);
    }

    /// <summary>A round trip was measured.</summary>
    public void Measured(long roundTrip, long now)
    {
        if (now >= _shortestEnds)
        {
            (_shortest, _shortestLately) = (_shortestLately, long.MaxValue);
            _shortestEnds = now + ShortestLasts;
        }

        _shortestLately = Math.Min(_shortestLately, roundTrip);
        _shortest = Math.Min(_shortest, roundTrip);
        if (now >= _recentEnds)
            (_recentBefore, _recent, _recentEnds) = (_recent, long.MaxValue, now + (roundTrip / 2));
        _recent = Math.Min(_recent, roundTrip);
    }

    /// <summary>So many bytes arrived, so many were found lost.</summary>
    public void Count(long delivered, long lost, long roundTrip, long now)
    {
        if (now >= _spanEnds && _spans[0].Delivered + _spans[0].Lost >= LeastBytes)
        {
            (_spans[1], _spans[0]) = (_spans[0], default);
            _spanEnds = now + (SpanRoundTrips * roundTrip);
        }

        _spans[0].Delivered += delivered;
        _spans[0].Lost += lost;
    }

    /// <summary>The shortest round trip of late; 0: none was measured.</summary>
    public long Shortest => _shortest == long.MaxValue ? 0 : _shortest;

    /// <summary>The round trip is well above the shortest one.</summary>
    public bool IsQueueing
    {
        get
        {
            var roundTrip = Math.Min(_recent, _recentBefore);
            return roundTrip != long.MaxValue && roundTrip - _shortest > Math.Max(_shortest / 4, 5_000);
        }
    }

    /// <summary>What to make of a loss that was just counted.</summary>
    public bool IsCongestion()
    {
        var (delivered, lost) = (_spans[0].Delivered + _spans[1].Delivered, _spans[0].Lost + _spans[1].Lost);
        if (_shortest != long.MaxValue && !IsQueueing && lost <= TooMuch * Math.Max(delivered + lost, LeastBytes))
            return false;
        // What was lost before the window shrank says nothing of the smaller one.
        Array.Clear(_spans);
        return true;
    }
}
