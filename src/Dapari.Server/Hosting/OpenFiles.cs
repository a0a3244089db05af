using System.Globalization;
using Dapari.Server.Options;

namespace Dapari.Server.Hosting;

/// <summary>
/// Each connection and each relayed address is an open file to Linux, and a process may open only so many. Without a single one left not even the runtime can go on: collecting garbage, it
/// reads what memory the machine has from a file, and ends the process where it cannot. So no more is taken than there are files for.
/// </summary>
internal static class OpenFiles
{
    /// <summary>What is open besides connections: programs and libraries, the database, drop-offs under way, the relay's doors.</summary>
    private const int Others = 500;

    /// <summary>Connections besides those of peers: pages being loaded, drop-offs, the relay's TCP and TLS.</summary>
    private const int Visits = 1000;

    /// <summary>How many files this process may open; null where the system does not say or sets no limit.</summary>
    public static long? Limit() => File.Exists("/proc/self/limits") ? Limit(File.ReadLines("/proc/self/limits")) : null;

    /// <summary>The limit in force in proc(5)'s table. .NET raises it to the hard limit when it starts.</summary>
    internal static long? Limit(IEnumerable<string> table)
    {
        const string Title = "Max open files";
        var line = table.FirstOrDefault(one => one.StartsWith(Title, StringComparison.Ordinal));
        return line?[Title.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    /// <summary>Connections of any kind that are open at most.</summary>
    public static long Connections(ServerOptions options) => (long)options.MaxConnections + Math.Min(Visits, options.MaxConnections);

    /// <summary>Files that these options take at most.</summary>
    public static long Needed(ServerOptions options) => Connections(options) + Relayed(options) + Others;

    /// <summary>The same options, or where they need more files than there are, with fewer connections and relayed addresses: at least one of each.</summary>
    public static ServerOptions Fit(ServerOptions options, long? limit)
    {
        if (limit is not { } files || Needed(options) <= files)
            return options;
        var room = Math.Max(4, files - Math.Min(Others, files / 2));
        var relayed = Math.Min(Relayed(options), room / 4);
        var peers = room - relayed;
        peers = peers >= 2 * Visits ? peers - Visits : peers / 2;
        return options with
        {
            MaxConnections = (int)Math.Min(options.MaxConnections, peers),
            Relay = options.Relay with { Allocations = (int)Math.Clamp(relayed / 2, 1, options.Relay.Allocations) },
        };
    }

    /// <summary>What to tell the operator who asked for one and got the other; null: all can be held.</summary>
    public static string? Advice(ServerOptions asked, ServerOptions fitted) => fitted == asked
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{fitted.MaxConnections} connections at most, not {asked.MaxConnections}{(asked.Relay.On ? $", and {fitted.Relay.Allocations} relayed addresses" : "")}. For all of them the server must be allowed to open {Needed(asked)} files (systemd: LimitNOFILE; Compose: nofile; a shell: ulimit -n)");

    // One socket, and one more where the next port was asked for with it (RFC 8656 §18.9).
    private static long Relayed(ServerOptions options) => options.Relay.On ? 2L * options.Relay.Allocations : 0;
}
