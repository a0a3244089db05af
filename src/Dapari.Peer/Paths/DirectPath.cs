using Dapari.Peer.Hosting;
using Dapari.Peer.Routes;
using Dapari.Wire.V1;

namespace Dapari.Peer.Paths;

/// <summary>The direct path to one contact, and what is known of the other being there. Times are monotonic milliseconds.</summary>
internal sealed class DirectPath
{
    public PathStanding Standing { get; set; }

    /// <summary>The attempt's id, as the driver knows it.</summary>
    public ulong Id { get; set; }

    public byte[] Attempt { get; set; } = [];

    /// <summary>Whether this end made the first offer.</summary>
    public bool IsOfferer { get; set; }

    public PathFacts Facts { get; set; }

    public PathFacts Told { get; set; }

    public long ToldAt { get; set; } = long.MinValue / 2;

    public PathReport? Theirs { get; set; }

    /// <summary>When this standing began.</summary>
    public long Since { get; set; }

    public ulong SinceWallMs { get; set; }

    public long LastHeard { get; set; }

    public long? ProbedAt { get; set; }

    public long LastProbeAt { get; set; }

    public ulong ProbeNumber { get; set; }

    /// <summary>When other ways within the path were last looked for, because it may have gone with a network; null: something was heard since.</summary>
    public long? RestartedAt { get; set; }

    /// <summary>An attempt that stood and is gone, of which the other end has not been told; empty: none.</summary>
    public byte[] LostAttempt { get; set; } = [];

    public int Failures { get; set; }

    public long RetryAt { get; set; } = long.MinValue;

    public Reason ClosedReason { get; set; }

    /// <summary>Used lately, by either: worth a path until then.</summary>
    public long ActiveUntil { get; set; } = long.MinValue;

    public bool IsWanted { get; set; }

    public PeerPresence Presence { get; set; }

    /// <summary>They are connected on the same network, and said what they have heard: signals go that way, whatever servers do.</summary>
    public bool IsNear { get; set; }

    /// <summary>That connection may be gone, at this end or the other: as long as a server carries, it does.</summary>
    public bool NearDoubted { get; set; }

    public long AskedAt { get; set; } = long.MinValue / 2;

    public long AnsweredAt { get; set; } = long.MinValue / 2;

    /// <summary>When they were last told once more that we hide our address.</summary>
    public long HidingToldAt { get; set; } = long.MinValue / 2;

    public byte[] TheirRun { get; set; } = [];

    public bool NoPath => Failures >= 2;

    public bool IsLive => Standing is PathStanding.Open or PathStanding.Suspect;

    /// <summary>Both ends take the farther of what they see; before both said it, nothing is stated.</summary>
    public Network Network => Theirs is null || Theirs.Network == Network.Unspecified || Facts.Network == Network.Unspecified
        ? Network.Unspecified
        : (Network)Math.Max((int)Theirs.Network, (int)Facts.Network);

    public bool IsRelayed => Facts.Network == Network.Relayed || Theirs?.Network == Network.Relayed;

    public Route Route => IsRelayed ? Route.Relay : Route.Direct;

    public void Turn(PathStanding standing, long now, ulong wallMs)
    {
        Standing = standing;
        Since = now;
        SinceWallMs = wallMs;
        ProbedAt = null;
        if (!IsLive)
            RestartedAt = null;
    }
}
