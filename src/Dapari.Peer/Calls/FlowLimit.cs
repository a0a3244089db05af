namespace Dapari.Peer.Calls;

/// <summary>How much one may say: a store of so many, filled again steadily. Time is a monotonic count of milliseconds.</summary>
internal sealed class FlowLimit(int burst, int perSecond)
{
    private long _left = burst * 1000L;
    private long _at = long.MinValue;

    /// <summary>Takes one; false: it was too much.</summary>
    public bool TryTake(long now)
    {
        if (_at != long.MinValue)
            _left = Math.Min(burst * 1000L, _left + (Math.Clamp(now - _at, 0, 60_000) * perSecond));
        _at = now;
        if (_left < 1000)
            return false;
        _left -= 1000;
        return true;
    }
}
