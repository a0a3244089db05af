using System.Net;
using Dapari.Server.Cluster;

namespace Dapari.Server.Options;

/// <summary>The settings of a machine in a cluster.</summary>
internal static class ClusterSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<string>("cluster", "postgres://USER:PASSWORD@HOST/DATABASE", "be one of several machines on this database; better in the variable than on the command line", DatabaseUrl.TryRead, (o, v) => With(o, c => c with { Database = v })),
        Settings.Text("cluster-name", "NAME", "machines of other names on the same database do not see this one (default dapari)", (o, v) => With(o, c => c with { Name = v })),
        Settings.Count("silo-port", "where the other machines reach this one (default 11111; 0: any)", 0, 65_535, (o, v) => With(o, c => c with { SiloPort = v })),
        Settings.Count("gateway-port", "where Orleans' own clients may connect (default: nowhere)", 1, 65_535, (o, v) => With(o, c => c with { GatewayPort = v })),
        Settings.One<IPAddress>("advertise", "ADDRESS", "the address that the other machines are told (default: this machine's first private one)", Address, (o, v) => With(o, c => c with { Advertise = v })),
        Settings.One<bool>("silo-public", "on|off", "that address may be one of the Internet, because a firewall lets only the other machines in (default off)", OnOff, (o, v) => With(o, c => c with { IsPublic = v })),
    ];

    private static ServerOptions With(ServerOptions options, Func<ClusterServing, ClusterServing> change) => options with { Cluster = change(options.Cluster) };

    private static bool OnOff(string text, out bool on)
    {
        on = text == "on";
        return text is "on" or "off";
    }

    private static bool Address(string text, out IPAddress address)
    {
        var ok = IPAddress.TryParse(text, out var parsed);
        address = parsed ?? IPAddress.None;
        return ok;
    }
}
