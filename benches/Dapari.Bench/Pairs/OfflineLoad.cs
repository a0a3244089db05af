using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Dapari.Bench.Pairs;

/// <summary>What the generator saw in one round.</summary>
internal sealed record OfflineResult(double PostsPerSecond, double DrainedPerSecond, double PostP50Ms, double PostP99Ms);

/// <summary>
/// The generator, in a process of its own: each pair's sender writes to a receiver that is away, with so many messages on their way; when all are answered the receivers log in,
/// say at the same moment that they are there, and take what waits. Posting is timed to the last answer; draining to the last message and the last answer to an acknowledgement.
/// </summary>
internal sealed class OfflineLoad
{
    public const string Command = "--offline-load";
    public const string Ready = "ready";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = null };

    /// <summary>Arguments: protocol, server, pairs. Each line read is a round: messages of each pair, window.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (protocol, server) = (arguments[0], IPEndPoint.Parse(arguments[1]));
        var (senders, receivers) = (new PairLink[int.Parse(arguments[2], CultureInfo.InvariantCulture)], new PairLink[int.Parse(arguments[2], CultureInfo.InvariantCulture)]);
        // ejabberd's queue of new connections is five long.
        await Each(senders.Length, async i =>
        {
            (senders[i], receivers[i]) = (Link(protocol, null), Link(protocol, null));
            await receivers[i].ConnectAsync(server, i, isSender: false);
            await senders[i].ConnectAsync(server, i, isSender: true);
            await senders[i].PairAsync(receivers[i]);
            receivers[i].Dispose();
        });
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var numbers = line.Split(' ').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            var latencies = new List<double>[senders.Length];
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(senders.Select((s, i) => Task.Run(async () => latencies[i] = await PostAsync(s, numbers[0], numbers[1]))));
            var posting = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await Each(receivers.Length, async i =>
            {
                receivers[i] = Link(protocol, receivers[i]);
                await receivers[i].ConnectAsync(server, i, isSender: false);
            });
            start = Stopwatch.GetTimestamp();
            await Task.WhenAll(receivers.Select(r => Task.Run(() => DrainAsync(r, numbers[0]))));
            var draining = Stopwatch.GetElapsedTime(start).TotalSeconds;
            foreach (var receiver in receivers)
                receiver.Dispose();
            var all = numbers[0] * (double)senders.Length;
            var times = latencies.SelectMany(l => l).ToList();
            Console.WriteLine(JsonSerializer.Serialize(
                new OfflineResult(all / posting, all / draining, Statistics.Percentile(times, 50), Statistics.Percentile(times, 99)), Json));
        }

        return 0;
    }

    private static Task Each(int count, Func<int, Task> act) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => await act(i));

    private static PairLink Link(string protocol, PairLink? before) => protocol switch
    {
        "dapari" => new DapariLink((DapariLink?)before),
        "xmpp" => new OfflineXmppLink(before is null),
        _ => throw new ArgumentException($"no protocol {protocol}"),
    };

    /// <summary>How long each message waited for its answer, in milliseconds.</summary>
    private static async Task<List<double>> PostAsync(PairLink sender, int count, int window)
    {
        var link = (IOfflineLink)sender;
        var (first, sent) = (link.Answered, 0);
        var times = new long[count];
        var latencies = new List<double>(count);
        var none = new List<long>();
        while (latencies.Count < count)
        {
            for (; sent < count && sent - latencies.Count < window; sent++)
                sender.Write(times[sent] = Stopwatch.GetTimestamp());
            await sender.FlushAsync();
            if (!await sender.ReceiveAsync(none))
                throw new InvalidOperationException("The server closed a sender.");
            for (var answered = link.Answered - first; latencies.Count < answered;)
                latencies.Add(Stopwatch.GetElapsedTime(times[latencies.Count]).TotalMilliseconds);
        }

        return latencies;
    }

    private static async Task DrainAsync(PairLink receiver, int count)
    {
        var link = (IOfflineLink)receiver;
        var stamps = new List<long>();
        var last = 0L;
        await link.BeginAsync();
        while (stamps.Count < count || link.Answered < link.Asked)
        {
            var seen = stamps.Count;
            if (!await receiver.ReceiveAsync(stamps))
                throw new InvalidOperationException($"The server closed a receiver after {stamps.Count} of {count}.");
            await receiver.FlushAsync();
            for (; seen < stamps.Count; seen++)
            {
                if (stamps[seen] < last)
                    throw new InvalidOperationException("A message overtook another one.");
                last = stamps[seen];
            }
        }

        if (stamps.Count != count)
            throw new InvalidOperationException($"{stamps.Count} messages came, and {count} were sent.");
    }
}
