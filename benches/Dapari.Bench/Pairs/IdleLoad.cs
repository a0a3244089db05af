using System.Globalization;
using System.Net;

namespace Dapari.Bench.Pairs;

/// <summary>Connections that say what they must and then nothing. A process of its own; it ends when its input does.</summary>
internal static class IdleLoad
{
    public const string Command = "--idle-load";
    public const string Ready = "ready";

    /// <summary>Connections from one source address: fewer than there are ports.</summary>
    private const int PerAddress = 10_000;

    /// <summary>Arguments: protocol, server. Each line read is a number of connections to add; each is answered by <see cref="Ready"/>.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var server = IPEndPoint.Parse(arguments[1]);
        var links = new List<PairLink>();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var (from, count) = (links.Count, int.Parse(line, CultureInfo.InvariantCulture));
            var added = new PairLink[count];
            await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
            {
                PairLink link = arguments[0] == "dapari" ? new DapariLink() : new BareLink();
                link.Bind(new IPAddress(new byte[] { 127, 0, 1, (byte)(1 + (from + i) / PerAddress) }));
                await link.ConnectAsync(server, from + i, isSender: false);
                added[i] = link;
            });
            links.AddRange(added);
            Console.WriteLine(Ready);
        }

        return 0;
    }
}
