using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>The channel "dapari-files" to one contact, while it is open.</summary>
internal sealed class FileChannel(Route route)
{
    /// <summary>Direct, or through a relay.</summary>
    public Route Route { get; } = route;

    /// <summary>What the driver was told to send and has not.</summary>
    public List<(Transfer Transfer, ChunkRange Range, long Since)> Serving { get; } = [];

    /// <summary>Transfers whose end was said once more since it opened.</summary>
    public HashSet<TransferId> Repeated { get; } = [];

    /// <summary>Not before this is more sent; the least value: at once.</summary>
    public long ServeFrom { get; set; } = long.MinValue;

    /// <summary>Not before this is more asked for; the least value: at once.</summary>
    public long WantFrom { get; set; } = long.MinValue;
}
