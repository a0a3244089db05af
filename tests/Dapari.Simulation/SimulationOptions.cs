namespace Dapari.Simulation;

/// <summary>What a world plays.</summary>
public enum Scenario
{
    /// <summary>Everything, by seed: peers, servers, faults, adversary, backups.</summary>
    Storm,

    /// <summary>Two people: invite, accept, a few messages each way, read marks. Nothing fails but what the options ask.</summary>
    CoreWalk,

    /// <summary>Two people: files straight to the other, through the server, and both. Nothing fails but what the options ask.</summary>
    FileWalk,
}

/// <summary>Where in a commit the app dies.</summary>
public enum CrashMoment
{
    /// <summary>The batch is lost.</summary>
    BeforeCommit,

    /// <summary>The batch is kept, no effect happened.</summary>
    AfterCommit,

    /// <summary>The batch is kept, the first effect happened, the rest did not.</summary>
    BetweenEffects,

    /// <summary>The store refuses the batch; the app goes on from what was kept.</summary>
    Refused,
}

/// <summary>The app of the peer that makes this commit dies there; commits are counted over all peers of a world, from 1.</summary>
public readonly record struct CrashPoint(int Commit, CrashMoment Moment);

/// <summary>A server dies at this group commit (counted over all servers, from 1), before or after it was durable, always before answering.</summary>
public readonly record struct ServerCrashPoint(int Group, bool Kept);

/// <summary>A world that is broken on purpose: the invariants must notice.</summary>
public enum Sabotage
{
    /// <summary>An honest world.</summary>
    None,

    /// <summary>A store says that a batch is kept, and forgets it at the next start.</summary>
    StoreLosesBatch,

    /// <summary>A store keeps only the state rows of a batch and not its messages.</summary>
    StoreTearsBatch,

    /// <summary>A server says Posted for an envelope that it did not keep.</summary>
    ServerDropsPosted,

    /// <summary>A store goes back to older session rows by itself, and to nothing else: the next seal uses a key again.</summary>
    ReusesKeys,

    /// <summary>An app's notices claim that a message arrived once more.</summary>
    AnnouncesTwice,

    /// <summary>The kept route record of an incoming message is changed.</summary>
    RewritesRoute,

    /// <summary>An outgoing message is kept as delivered before it was.</summary>
    LiesDelivered,

    /// <summary>The order key of a kept message is changed at one end.</summary>
    ShufflesOrder,

    /// <summary>A driver puts a chunk in place that is not the one that was offered.</summary>
    SpoilsFile,

    /// <summary>A driver tells of chunks that it never verified.</summary>
    TellsUnverified,

    /// <summary>A server keeps drop-offs that it was told to remove.</summary>
    KeepsDropOffs,
}

/// <summary>How a world is run.</summary>
public sealed record SimulationOptions
{
    /// <summary>What is played.</summary>
    public Scenario Scenario { get; init; } = Scenario.Storm;

    /// <summary>Where an app dies, if at one chosen place.</summary>
    public CrashPoint? Crash { get; init; }

    /// <summary>Where a server dies, if at one chosen place.</summary>
    public ServerCrashPoint? ServerCrash { get; init; }

    /// <summary>What is broken on purpose.</summary>
    public Sabotage Sabotage { get; init; }

    /// <summary>Events kept in words.</summary>
    public int TraceLength { get; init; } = 160;

    /// <summary>Whether frames and path messages are in the words too. They are always in the hash.</summary>
    public bool Detailed { get; init; }

    /// <summary>Whether old backups are put back during the storm.</summary>
    public bool Backups { get; init; } = true;

    /// <summary>Whether people send files, in the worlds whose seed says so.</summary>
    public bool Files { get; init; } = true;

    /// <summary>Whether the adversary plays.</summary>
    public bool Adversary { get; init; } = true;
}
