using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Files;

/// <summary>Files that one person offered another, and what people and faults did to them.</summary>
internal sealed class SentFiles(TransferId id, MessageId message, SimPeer from, SimPeer to, IReadOnlyList<SimFile> items, Policy way)
{
    public TransferId Id { get; } = id;

    public MessageId Message { get; } = message;

    public SimPeer From { get; } = from;

    public SimPeer To { get; } = to;

    /// <summary>The first is the manifest, or empty.</summary>
    public IReadOnlyList<SimFile> Items { get; } = items;

    /// <summary>Chosen for it.</summary>
    public Policy Way { get; } = way;

    /// <summary>Its place among all that the sender's store first kept; 0: never kept.</summary>
    public int Order { get; set; }

    /// <summary>The sender's lineage that first kept it there.</summary>
    public int Lineage { get; set; }

    /// <summary>Somebody took it back or refused it.</summary>
    public bool CalledOff { get; set; }

    /// <summary>Its recipient said that it is wanted.</summary>
    public bool Wanted { get; set; }

    /// <summary>Its sender gave wrong bytes.</summary>
    public bool LiedAbout { get; set; }

    /// <summary>A source was changed or is gone.</summary>
    public bool SourceSpoiled { get; set; }

    /// <summary>Chunks by the route that they came from, once for each time that they came.</summary>
    public Dictionary<Route, int> Carried { get; } = [];

    public ulong Bytes => (ulong)Items.Sum(item => item.Id.Shape.Size);

    public void Carry(Route route, int chunks) => Carried[route] = Carried.GetValueOrDefault(route) + chunks;
}
