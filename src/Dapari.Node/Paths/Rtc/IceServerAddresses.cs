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
    private const ushort DefaultTlsPort = 5349;

    // A name that nobody resolves must not hold up the addresses that need no server.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>No servers.</summary>
    public static IceServerAddresses None { get; } = new([], []);

    /// <summary>Looks the names up; what cannot be read or resolved in time is left out. A TURN server of UDP answers the questions of STUN too (RFC 8656 §4).</summary>
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
                if (!TryParse(url, out var lends, out var host, out var port, out var transport))
                    continue;
                foreach (var address in await LookUpAsync(host, either.Token))
                {
                    var endpoint = Endpoint.From(address, port);
                    if (transport == TurnTransport.Udp && !stun.Contains(endpoint))
                        stun.Add(endpoint);
                    if (lends && turn.TrueForAll(known => known.Address != endpoint || known.Transport != transport))
                        turn.Add(new TurnServer(endpoint, server.Username, server.Credential, transport, host));
                }
            }
        }

        return new IceServerAddresses(stun, turn);
    }

    /// <summary><c>stun:</c>, <c>turn:</c> or <c>turns:</c>, a host, perhaps a port, perhaps <c>?transport=udp</c> or <c>tcp</c>. TLS is of TCP alone here: DTLS to a server is not spoken.</summary>
    internal static bool TryParse(string url, out bool lends, out string host, out ushort port, out TurnTransport transport)
    {
        var scheme = url.IndexOf(':', StringComparison.Ordinal) is var end and >= 0 ? url[..end] : "";
        var tls = scheme == "turns";
        (lends, host, port, transport) = (scheme is "turn" or "turns", "", tls ? DefaultTlsPort : DefaultPort, tls ? TurnTransport.Tls : TurnTransport.Udp);
        if (!lends && scheme != "stun")
            return false;
        var rest = url.AsSpan(scheme.Length + 1);
        var query = rest.IndexOf('?');
        if (query >= 0)
        {
            var tcp = lends && rest[query..].SequenceEqual("?transport=tcp");
            if (!tcp && (tls || !rest[query..].SequenceEqual("?transport=udp")))
                return false;
            if (tcp && !tls)
                transport = TurnTransport.Tcp;
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
