namespace Dapari.Peer.Hosting;

/// <summary>How much a driver of files wants under way. A fast one that bounds its memory by itself wants more than a browser.</summary>
/// <param name="ByChannel">Chunks of 256 KiB that are asked for and have not come, by one channel: 8 to <see cref="MostByChannel"/>. Twice as many in all, by all ways.</param>
/// <param name="Serving">Ranges of at most 8 chunks that it is given at once to send by a channel, at least 2.</param>
public sealed record FileCredit(int ByChannel, int Serving)
{
    /// <summary>The most chunks by one channel, 64 MiB: a sender takes that many wishes, and as many again.</summary>
    public const int MostByChannel = 256;

    /// <summary>For browsers: 16 MiB; one range that is sent, and one so that it need not wait.</summary>
    public static FileCredit Default { get; } = new(64, 2);
}
