namespace Dapari.Rtc.Ice;

/// <summary>How an agent works. Times are in milliseconds.</summary>
public sealed record IceOptions
{
    /// <summary>Whether this end nominates (RFC 8445 §6.1.1); corrected by a role conflict.</summary>
    public bool Controlling { get; init; }

    /// <summary>Ta (RFC 8445 §14.2): the pace of new transactions.</summary>
    public int PaceMs { get; init; } = 50;

    /// <summary>
    /// How long the controlling end waits for a better pair after the first one works: a direct path takes a few checks longer than a relay's.
    /// A pair of two hosts is taken at once.
    /// </summary>
    public int PatienceMs { get; init; } = 400;

    /// <summary>RFC 7675 §5.1: consent is asked for about every 5 s and ends 30 s after the last answer.</summary>
    public int ConsentEveryMs { get; init; } = 5_000;

    /// <inheritdoc cref="ConsentEveryMs"/>
    public int ConsentLastsMs { get; init; } = 30_000;

    /// <summary>Without an answer for so long the selected pair is held for broken, and others are tried; consent still lasts.</summary>
    public int SilentAfterMs { get; init; } = 9_000;

    /// <summary>How long to look for a first pair before the agent fails; the other end's candidates may come late.</summary>
    public int GiveUpAfterMs { get; init; } = 40_000;

    /// <summary>Nothing but relayed addresses is told or used: hides this end's address.</summary>
    public bool RelayOnly { get; init; }
}
