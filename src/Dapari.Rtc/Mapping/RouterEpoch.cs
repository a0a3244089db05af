namespace Dapari.Rtc.Mapping;

/// <summary>
/// Whether a router has lost its table: each answer tells for how long it has it, and that must grow as time does. One owner; times are monotonic microseconds.
/// </summary>
public sealed class RouterEpoch
{
    private const long Second = 1_000_000;
    private long _at = -1;
    private uint _told;

    /// <summary>Takes what an answer told; true: what the router kept before is gone.</summary>
    public bool IsLost(uint epochSeconds, long nowUs)
    {
        var (before, at) = (_told, _at);
        (_told, _at) = (epochSeconds, nowUs);
        if (at < 0)
            return false;
        // RFC 6887 §8.5: it may stand still for a second, and go by a sixteenth and two seconds faster or slower. (RFC 6886 §3.6 leaves it an eighth, only slower.)
        if (epochSeconds < before)
            return before - epochSeconds > 1;
        var (ours, theirs) = ((nowUs - at) / Second, (long)(epochSeconds - before));
        return ours + 2 < theirs - (theirs / 16) || theirs + 2 < ours - (ours / 8);
    }
}
