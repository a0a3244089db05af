using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths.Rtc;

/// <summary>Servers of ICE as addresses: what others write as URLs (RFC 7064, RFC 7065).</summary>
/// <param name="Stun">They tell how this machine is seen.</param>
/// <param name="Turn">They lend addresses.</param>
internal sealed record IceServerAddresses(IReadOnlyList<Endpoint> Stun, IReadOnlyList<TurnServer> Turn)
{
    private const ushort DefaultPort = 3478; // RFC 7064 §3.2, RFC 7065 §3.2

    // A name that nobody resolves must not hold up the addresses that need no server.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>No servers.</summary>
    public static IceServerAddresses None { get; } = new([], []);

    /// <summary>Looks the names up; what cannot be read, resolved in time, or carried by UDP is left out. A TURN server answers the questions of STUN too (RFC 8656 §4).</summary>
    public static async Task<IceServerAddresses> ResolveAsync(IReadOnlyList<IceServer> servers, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var stun = new List<Endpoint>();
        var turn = new List<TurnServer>();
        foreach (var server in servers.Take(WireLimits.IceServers))
        {
            foreach (var url in server.Urls.Take(WireLimits.UrlsPerIceServer))
            {
                if (!TryParse(url, out var lends, out var host, out var port))
                    continue;
                foreach (var address in await LookUpAsync(host, either.Token))
                {
                    var endpoint = Endpoint.From(address, port);
                    if (!stun.Contains(endpoint))
                        stun.Add(endpoint);
                    if (lends && turn.TrueForAll(known => known.Address != endpoint))
                        turn.Add(new TurnServer(endpoint, server.Username, server.Credential));
                }
            }
        }

        return new IceServerAddresses(stun, turn);
    }

    /// <summary><c>stun:</c> or <c>turn:</c>, a host, perhaps a port, perhaps <c>?transport=udp</c>.</summary>
    internal static bool TryParse(string url, out bool lends, out string host, out ushort port)
    {
        (lends, host, port) = (url.StartsWith("turn:", StringComparison.Ordinal), "", DefaultPort);
        if (!lends && !url.StartsWith("stun:", StringComparison.Ordinal))
            return false;
        var rest = url.AsSpan("turn:".Length);
        var query = rest.IndexOf('?');
        if (query >= 0)
        {
            if (!rest[query..].SequenceEqual("?transport=udp"))
                return false;
            rest = rest[..query];
        }

        // IPv6 stands in brackets; else the last colon is the port's.
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf(']'))
        {
            if (!ushort.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port == 0)
                return false;
            rest = rest[..colon];
        }

        host = rest.Trim("[]").ToString();
        return Uri.CheckHostName(host) is not UriHostNameType.Unknown;
    }

    private static async Task<IEnumerable<IPAddress>> LookUpAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var address))
            return [address];
        try
        {
            // One of each family is enough: more would be the same server asked again.
            return (await Dns.GetHostAddressesAsync(host, cancellation)).GroupBy(one => one.AddressFamily).Select(family => family.First());
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ArgumentException)
        {
            return [];
        }
    }
}
