using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>What one input of the transfers leads to.</summary>
internal sealed class FileStep(Moment now)
{
    public Moment Now { get; } = now;

    /// <summary>Monotonic milliseconds.</summary>
    public long At => Now.MonotonicMs;

    public ulong WallMs { get; } = (ulong)Math.Max(0, now.WallMs);

    /// <summary>Rows to keep before anything else happens; null: gone.</summary>
    public Dictionary<string, byte[]?> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>What is sealed and kept in the outbox with the same commit.</summary>
    public List<(ContactId Contact, FileUpdate Update)> Letters { get; } = [];

    public List<FileEffect> Effects { get; } = [];

    /// <summary>Transfers whose view may have changed.</summary>
    public HashSet<TransferId> Seen { get; } = [];

    public void Do(FileEffect effect) => Effects.Add(effect);
}
