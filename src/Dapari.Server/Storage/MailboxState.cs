namespace Dapari.Server.Storage;

/// <summary>What the writer knows of a mailbox between batches. Of the writer's thread only.</summary>
internal sealed class MailboxState(long number)
{
    public long Number { get; } = number;

    /// <summary>The next envelope's sequence; from 1, never reused.</summary>
    public long NextSequence { get; set; }

    public long StoredBytes { get; set; }

    public int StoredEnvelopes { get; set; }

    public long HighestAcknowledged { get; set; }

    public long HighestRemoved { get; set; }

    /// <summary>The two marks above have to be written before the commit.</summary>
    public bool Dirty { get; set; }
}
