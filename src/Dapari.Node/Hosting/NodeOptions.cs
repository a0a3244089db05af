using System.Net;

namespace Dapari.Node.Hosting;

/// <summary>How a node runs.</summary>
internal sealed record NodeOptions
{
    /// <summary>The folder, a full path.</summary>
    public required string Home { get; init; }

    /// <summary>Whether direct paths are made at all. Without, no address of this machine is told to any contact.</summary>
    public bool Direct { get; init; } = true;

    /// <summary>Addresses to tell contacts instead of this machine's own; empty: its own.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>Where to listen for direct connections; 0: the system chooses.</summary>
    public int Port { get; init; }

    /// <summary>Whether routers are asked to let others reach this machine's ports, unless the folder says no (<see cref="Home.NodeHome.MapsPorts"/>).</summary>
    public bool MapPorts { get; init; }

    /// <summary>Whether contacts are looked for on the networks that this machine is on, and may find it there, unless the folder says no (<see cref="Home.NodeHome.IsNearby"/>).</summary>
    public bool Nearby { get; init; }

    /// <summary>The networks for that; null: all.</summary>
    public Func<IReadOnlyList<Rtc.Sockets.Multicast.MulticastLink>>? Networks { get; init; }

    /// <summary>Where browsers reach this node over HTTPS, for files; null: nowhere. Only with <see cref="Direct"/>.</summary>
    public Files.Https.HttpsOptions? Https { get; init; }
}
