using System.Net;
using Dapari.Relay.Peers;

namespace Dapari.Server.Relays;

/// <summary>What was chosen about the relay.</summary>
internal sealed record RelayServing
{
    /// <summary>The port of STUN and TURN (RFC 8489 §12, RFC 8656 §6).</summary>
    public const int DefaultPort = 3478;

    /// <summary>The port of TURN over TLS where no HTTPS port is there to share (RFC 8656 §6).</summary>
    public const int DefaultTlsPort = 5349;

    /// <summary>False: this process relays nothing.</summary>
    public bool On { get; init; } = true;

    /// <summary>UDP and TCP; 0 picks one that is free for both.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>For the relay that runs alone, with a certificate.</summary>
    public int TlsPort { get; init; } = DefaultTlsPort;

    /// <summary>Where to listen; none: every address of this machine, also those that come later.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>What a NAT in front of this machine turns its addresses into; at most one of each family.</summary>
    public IReadOnlyList<IPAddress> External { get; init; } = [];

    /// <summary>The ports that are lent, both ends included.</summary>
    public (int Low, int High) Ports { get; init; } = (49_152, 65_535);

    public IReadOnlyList<IpRange> Allowed { get; init; } = [];

    public IReadOnlyList<IpRange> Refused { get; init; } = [];

    /// <summary>For each device and direction; 0: any.</summary>
    public long BytesPerSecond { get; init; } = 8L * 1024 * 1024;

    public int Allocations { get; init; } = 4096;

    /// <summary>The keys of credentials, shared with a relay on another machine; null: a file of the data folder.</summary>
    public string? SecretFile { get; init; }

    /// <summary>Another machine's relay with the same keys: what devices are told instead of this one.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>How long credentials are good.</summary>
    public TimeSpan CredentialLife { get; init; } = TimeSpan.FromHours(12);
}
