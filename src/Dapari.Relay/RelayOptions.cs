using System.Text;
using Dapari.Relay.Peers;
using Dapari.Rtc;

namespace Dapari.Relay;

/// <summary>Everything about the relay that can be chosen; the caps bound its memory.</summary>
public sealed record RelayOptions
{
    /// <summary>The name of the place that credentials belong to; printable ASCII without colon and quote, 1 to 127 characters.</summary>
    public string Realm { get; init; } = "dapari";

    /// <summary>The first port that is lent (RFC 8656 §7.2 recommends 49152).</summary>
    public int PortLow { get; init; } = 49_152;

    /// <summary>The last port that is lent.</summary>
    public int PortHigh { get; init; } = 65_535;

    /// <summary>The IPv4 address that is told to clients as the relay's, when a NAT stands before this machine; none: the one that is bound.</summary>
    public Endpoint? ExternalV4 { get; init; }

    /// <summary>The same for IPv6.</summary>
    public Endpoint? ExternalV6 { get; init; }

    /// <summary>What IPv4 relayed sockets are bound to when the client reached us by IPv6 or by a wildcard; none: such allocations are refused.</summary>
    public Endpoint? BindV4 { get; init; }

    /// <summary>What IPv6 relayed sockets are bound to when the client reached us by IPv4 or by a wildcard; none: such allocations are refused.</summary>
    public Endpoint? BindV6 { get; init; }

    /// <summary>All addresses of this machine: never peers. The local sides' addresses are added by themselves.</summary>
    public IReadOnlyList<Endpoint> OwnAddresses { get; init; } = [];

    /// <summary>Peers that are allowed although they are not global unicast or are this machine's own.</summary>
    public IReadOnlyList<IpRange> AllowedPeers { get; init; } = [];

    /// <summary>Peers that are refused whatever else is said.</summary>
    public IReadOnlyList<IpRange> RefusedPeers { get; init; } = [];

    /// <summary>Most allocations and kept ports, over all cores; 1 to 65,536.</summary>
    public int Allocations { get; init; } = 4_096;

    /// <summary>Most allocations and kept ports of one credential; at least 1.</summary>
    public int AllocationsPerCredential { get; init; } = 64;

    /// <summary>Most live permissions of one allocation; 1 to 256.</summary>
    public int PermissionsPerAllocation { get; init; } = 64;

    /// <summary>Most live channels of one allocation; 1 to 256.</summary>
    public int ChannelsPerAllocation { get; init; } = 64;

    /// <summary>Payload bytes a second that one credential may send, and as many that it may receive; 0: any.</summary>
    public long BytesPerSecond { get; init; } = 8L * 1024 * 1024;

    /// <summary>Answers a second to one source of requests without valid credentials over UDP (IPv6: one /64); 1 to 100,000. Twice as many may come at once.</summary>
    public int UnprovenAnswersPerSecond { get; init; } = 50;

    /// <summary>The lifetime of an allocation that asks for none; 60 s to <see cref="LongestLifetime"/>.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest lifetime that is granted; at most a day.</summary>
    public TimeSpan LongestLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a nonce is good; 30 s to a day.</summary>
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many relayed sockets one core may have at most; the numbers of <see cref="Driving.IRelayPorts"/> are below it.</summary>
    public int Ports => checked(2 * Allocations);

    /// <summary>What is wrong with the options, in a sentence; null: nothing.</summary>
    public string? Validate()
    {
        if (Realm.Length is 0 or > 127 || Realm.Any(c => c is < ' ' or > '~' or ':' or '"' or '\\'))
            return "The realm has 1 to 127 printable ASCII characters, without colon, quote and backslash.";
        if (PortLow is < 1024 or > 65_535 || PortHigh < PortLow || PortHigh > 65_535)
            return "The ports that are lent lie between 1024 and 65535, the low one first.";
        if (IsOtherThan(ExternalV4, 4) || IsOtherThan(BindV4, 4))
            return "An IPv4 address is wanted for the relay's IPv4 side.";
        if (IsOtherThan(ExternalV6, 6) || IsOtherThan(BindV6, 6))
            return "An IPv6 address is wanted for the relay's IPv6 side.";
        if (Allocations is < 1 or > 65_536)
            return "Allocations are 1 to 65536.";
        if (AllocationsPerCredential < 1)
            return "A credential has at least one allocation.";
        if (PermissionsPerAllocation is < 1 or > 256 || ChannelsPerAllocation is < 1 or > 256)
            return "An allocation has 1 to 256 permissions and 1 to 256 channels.";
        if (BytesPerSecond is < 0 or (> 0 and < 2048))
            return "A credential has at least 2048 bytes a second, or 0 for any.";
        if (UnprovenAnswersPerSecond is < 1 or > 100_000)
            return "Answers without credentials are 1 to 100000 a second.";
        if (LongestLifetime > TimeSpan.FromDays(1) || Lifetime < TimeSpan.FromMinutes(1) || Lifetime > LongestLifetime)
            return "An allocation lives a minute to a day, the usual lifetime not longer than the longest.";
        return NonceLifetime < TimeSpan.FromSeconds(30) || NonceLifetime > TimeSpan.FromDays(1) ? "A nonce is good for 30 seconds to a day." : null;
    }

    internal byte[] RealmBytes => Encoding.ASCII.GetBytes(Realm);

    private static bool IsOtherThan(Endpoint? endpoint, int family) => endpoint is { } given && given.Family != family;
}
