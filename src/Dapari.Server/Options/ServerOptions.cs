using System.Net;
using Dapari.Server.Blobs;
using Dapari.Server.Cluster;
using Dapari.Server.Limits;
using Dapari.Server.Push;
using Dapari.Server.Relays;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Dapari.Wire.V1;

namespace Dapari.Server.Options;

/// <summary>All settings, checked. Made by <see cref="OptionsReader"/> or, in tests, directly.</summary>
internal sealed record ServerOptions
{
    /// <summary>The folder that holds everything the server keeps.</summary>
    public required string Data { get; init; }

    /// <summary>Where the messenger is served; port 0 picks a free one.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [];

    /// <summary>With <see cref="Https"/>: where the page that explains the certificate is served over plain HTTP.</summary>
    public IPEndPoint? TrustListen { get; init; }

    /// <summary>Where /metrics is served, over plain HTTP and apart from all else; null: nowhere.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>What leaves for an OpenTelemetry collector.</summary>
    public OtlpServing Otlp { get; init; } = new();

    /// <summary>The folder of the published web app; none is served when it does not exist.</summary>
    public string? Web { get; init; }

    /// <summary>Serve HTTPS with a certificate of the local authority in the data folder.</summary>
    public bool Https { get; init; }

    /// <summary>A real certificate: PEM, or PFX.</summary>
    public string? Certificate { get; init; }

    public string? CertificateKey { get; init; }

    public string? CertificatePassword { get; init; }

    /// <summary>The origin under which people reach the server, if it is behind something.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Host names beside the machine's own under which connections are taken.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Proxies whose forwarded headers are honoured.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    /// <summary>Origins of other servers that the web app may connect to.</summary>
    public IReadOnlyList<Uri> OtherServers { get; init; } = [];

    public IReadOnlyList<IceServer> IceServers { get; init; } = [];

    /// <summary>Who may create mailboxes and prekeys here; connections that proved some they own may create more in any case.</summary>
    public Registration Registration { get; init; } = Registration.Open;

    public MailboxQuota Quota { get; init; } = new(64L * 1024 * 1024, 10_000);

    public int RetentionDays { get; init; } = 30;

    public int InviteDays { get; init; } = 365;

    /// <summary>The database's largest size in bytes; 0: as large as the disk.</summary>
    public long MaxDataBytes { get; init; }

    public int MaxConnections { get; init; } = 10_000;

    public int ConnectionsPerAddress { get; init; } = 256;

    /// <summary>Own mailboxes, and separately mailboxes to write to, on one connection.</summary>
    public int MailboxesPerConnection { get; init; } = 1024;

    public TimeSpan HelloDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan IdleDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one frame may take to leave towards a slow reader.</summary>
    public TimeSpan SendDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Envelopes delivered and not yet acknowledged on one connection.</summary>
    public int WindowEnvelopes { get; init; } = 256;

    /// <summary>The same in bytes; one envelope is always allowed.</summary>
    public int WindowBytes { get; init; } = 512 * 1024;

    /// <summary>Frames waiting to be sent on one connection, in bytes; more closes it.</summary>
    public int SendQueueBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>The same for all connections together; more closes those that hold much.</summary>
    public long AllSendQueuesBytes { get; init; } = 512L * 1024 * 1024;

    public RateOptions Rates { get; init; } = new();

    /// <summary>Files that are left here for who is away.</summary>
    public BlobServing Blobs { get; init; } = new();

    /// <summary>The gatehouse.</summary>
    public RelayServing Relay { get; init; } = new();

    /// <summary>Several machines together.</summary>
    public ClusterServing Cluster { get; init; } = new();

    /// <summary>How devices are woken whose app is closed.</summary>
    public PushServing Push { get; init; } = new();

    /// <summary>Print more; ids and addresses appear at this level only.</summary>
    public bool Verbose { get; init; }
}
