namespace Dapari.Server.Shares;

/// <summary>A share's place: its sender, if there, and its visitors. Changed under the desk's lock only.</summary>
internal sealed class Meeting
{
    /// <summary>The sender's connection; null: it is away.</summary>
    public RendezvousEnd? Sender { get; set; }

    /// <summary>SHA-256 of the owner token; null: no sender has been here.</summary>
    public byte[]? Owner { get; set; }

    /// <summary>When the sender left, as the clock's timestamp.</summary>
    public long LeftAt { get; set; }

    /// <summary>What the relay's quotas of this sender count by.</summary>
    public string? RelayId { get; set; }

    public uint LastNumber { get; set; }

    public Dictionary<uint, RendezvousEnd> Visitors { get; } = [];
}
