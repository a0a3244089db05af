using System.Net;
using Dapari.Server.Options;

namespace Dapari.Server.Web;

/// <summary>
/// Under which names this server is itself. A proof is a signature over the host that the client connected to; if any Host header were
/// taken, somebody in the middle could pass a challenge on under his own name and use the answer here.
/// </summary>
internal sealed class HostNames
{
    private readonly HashSet<string> _names;

    public HostNames(ServerOptions options)
    {
        var machine = Dns.GetHostName();
        _names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "localhost", machine, machine.Split('.')[0] + ".local" };
        foreach (var host in options.Hosts)
            _names.Add(host);
        if (options.PublicUrl is not null)
            _names.Add(options.PublicUrl.Host);
    }

    /// <summary>Whether the request names this server: a known name, or the address that it came in at.</summary>
    public bool Contains(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (_names.Contains(host))
            return true;
        if (!IPAddress.TryParse(host, out var address))
            return false;
        var local = context.Connection.LocalIpAddress;
        if (local is { IsIPv4MappedToIPv6: true })
            local = local.MapToIPv4();
        return IPAddress.IsLoopback(address) || address.Equals(local);
    }
}
