using System.Net;

namespace Dapari.Server.Cluster;

/// <summary>How this machine takes part in a cluster.</summary>
internal sealed record ClusterServing
{
    /// <summary>The database that all share, as Npgsql takes it; null: this machine is alone, with files of its own.</summary>
    public string? Database { get; init; }

    /// <summary>Where other machines of the cluster reach this one; 0: any free port.</summary>
    public int SiloPort { get; init; } = 11_111;

    /// <summary>Where Orleans' own clients may connect; 0: nowhere, for nothing here needs it.</summary>
    public int GatewayPort { get; init; }

    /// <summary>The address that the others are told; null: the first private one of this machine.</summary>
    public IPAddress? Advertise { get; init; }

    /// <summary>That address may be one of the Internet: the operator answers for who reaches it.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Names the cluster within the database; machines of other names do not see each other.</summary>
    public string Name { get; init; } = "dapari";

    /// <summary>How often the others are asked whether they live; three silent times and a majority's word end a machine.</summary>
    public TimeSpan ProbeEvery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a post waits for a database or a machine that is away before it is refused.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
