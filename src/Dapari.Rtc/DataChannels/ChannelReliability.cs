namespace Dapari.Rtc.DataChannels;

/// <summary>When a message of a channel is given up; at most one of the two is set.</summary>
/// <param name="MaxRetransmits">After so many repeats; 0 to 65535.</param>
/// <param name="LifetimeMs">So many milliseconds after it was given to be sent; 1 to 65535.</param>
public readonly record struct ChannelReliability(int? MaxRetransmits = null, int? LifetimeMs = null)
{
    /// <summary>Never.</summary>
    public static ChannelReliability Reliable => default;
}
