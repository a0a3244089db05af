namespace Dapari.Peer.Calls;

/// <summary>The clocks of a call, in milliseconds. docs/protocol/calls.md tells why.</summary>
internal static class CallTimes
{
    /// <summary>It rings so long, each end by its own clock.</summary>
    public const long Ring = 60_000;

    /// <summary>An unanswered ring is repeated.</summary>
    public const long RingEvery = 2_000;

    /// <summary>In a call each end says so.</summary>
    public const long HeartbeatEvery = 3_000;

    /// <summary>What was not seen is said again, the first time and then up to <see cref="HeartbeatEvery"/>.</summary>
    public const long FirstAgain = 1_000;

    /// <summary>From acceptance to media.</summary>
    public const long Connecting = 30_000;

    /// <summary>From the loss of media to the end; and within it a restarted device may come back.</summary>
    public const long Rejoin = 30_000;

    /// <summary>Interrupted media: the connection's maker looks for another pair, and then ever more slowly.</summary>
    public const long RestartAfter = 2_000;

    /// <summary>The other end does, a little later, if it did not.</summary>
    public const long RestartByOther = 5_000;

    /// <summary>Legs begin anew at most so often.</summary>
    public const long LegEvery = 500;

    /// <summary>A restarted device looks whether it can go on.</summary>
    public const long ReadyEvery = 200;

    /// <summary>An end that nobody acknowledged goes as a note.</summary>
    public const long NoteAfter = 10_000;

    /// <summary>An ended call answers those who missed its end.</summary>
    public const long Remembered = 120_000;

    /// <summary>An ended call is shown.</summary>
    public const long ShownEnded = 5_000;

    /// <summary>A call between two whom another brought together answers by itself, or not at all.</summary>
    public const long FellowRing = 30_000;

    /// <summary>A fellow who is a contact and does not hear us is spoken to through who began: we may be none of theirs.</summary>
    public const long FellowUnheard = 4_000;

    /// <summary>After a call to a fellow came to nothing, another is tried: the first time, and then twice as long each time.</summary>
    public const long FellowAgain = 2_000;

    /// <summary>From the loss of media that nobody can negotiate anew to the end.</summary>
    public const long Adrift = 10_000;

    /// <summary>Signals that somebody carries for us are signed one by one: what is said within this time goes together.</summary>
    public const long CarryEvery = 150;
}
