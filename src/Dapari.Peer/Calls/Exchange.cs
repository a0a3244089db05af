using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>
/// The states that two ends tell each other: each the whole of its own, numbered, said again until seen. The highest number counts.
/// Times are monotonic milliseconds.
/// </summary>
internal sealed class Exchange
{
    /// <summary>Of our state; 0: nothing was told yet.</summary>
    public ulong Revision { get; set; }

    /// <summary>Our state as last told.</summary>
    public CallState? Ours { get; set; }

    public ulong TheirRevision { get; set; }

    public CallState? Theirs { get; set; }

    /// <summary>The highest of our revisions that they have taken in.</summary>
    public ulong TheyHaveSeen { get; set; }

    /// <summary>They wait for a sign.</summary>
    public bool AnswerDue { get; set; }

    public long SentAt { get; set; } = long.MinValue / 2;

    public long HeardAt { get; set; } = long.MinValue / 2;

    /// <summary>How often the present revision was said without being seen.</summary>
    public int Again { get; set; }

    /// <summary>They know our present state.</summary>
    public bool IsSeen => TheyHaveSeen >= Revision;

    /// <summary>Notes what we are about to tell; true: it is news.</summary>
    public bool Tell(CallState state)
    {
        if (state.Equals(Ours))
            return false;
        Ours = state;
        Revision++;
        Again = 0;
        return true;
    }

    /// <summary>Takes what they tell; true: it is news. What leads back is not believed.</summary>
    public bool Hear(CallSignal signal)
    {
        // Of what was never told nothing was seen.
        TheyHaveSeen = Math.Max(TheyHaveSeen, Math.Min(signal.Seen, Revision));
        AnswerDue |= signal.AnswerWanted;
        if (signal.Revision <= TheirRevision || (Theirs is { } former && signal.State.Phase < former.Phase))
            return false;
        TheirRevision = signal.Revision;
        Theirs = signal.State;
        return true;
    }
}
