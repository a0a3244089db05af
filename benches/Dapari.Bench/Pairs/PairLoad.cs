using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Dapari.Bench.Pairs;

/// <summary>What the generator saw in one round.</summary>
internal sealed record PairResult(double MessagesPerSecond, double P50Ms, double P99Ms);

/// <summary>
/// The generator, in a process of its own: pairs of connections, one of which writes to the other. At full load each pair has a window of messages that
/// were sent and have not arrived; at a rate each pair sends at its times, whatever has arrived. A message's time is from its writing to its arrival.
/// </summary>
internal sealed class PairLoad
{
    public const string Command = "--pair-load";
    public const string Ready = "ready";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = null };
    private readonly Pair[] _pairs;
    private volatile bool _measuring;
    private volatile bool _stop;

    private PairLoad(Pair[] pairs) => _pairs = pairs;

    /// <summary>Arguments: protocol, server, pairs, and where the senders connect if it is elsewhere. Each line read is a round: warm-up ms, measured ms, window, messages a second in all (0: as many as go).</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var server = IPEndPoint.Parse(arguments[1]);
        var senders = arguments.Length > 3 ? IPEndPoint.Parse(arguments[3]) : server;
        var pairs = new Pair[int.Parse(arguments[2], CultureInfo.InvariantCulture)];
        // ejabberd's queue of new connections is five long.
        await Parallel.ForEachAsync(Enumerable.Range(0, pairs.Length), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => pairs[i] = await ConnectAsync(arguments[0], server, senders, i));
        var load = new PairLoad(pairs);
        Console.WriteLine(Ready);
        foreach (var pair in pairs)
            _ = EndOnFaultAsync(load.TakeAsync(pair));
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var numbers = line.Split(' ').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            Console.WriteLine(JsonSerializer.Serialize(await load.RoundAsync(numbers[0], numbers[1], numbers[2], numbers[3]), Json));
        }

        return 0;
    }

    private static async Task<Pair> ConnectAsync(string protocol, IPEndPoint server, IPEndPoint senders, int index)
    {
        PairLink Link() => protocol switch
        {
            "dapari" => new DapariLink(),
            "bare" => new BareLink(),
            "xmpp" => new XmppLink(),
            _ => throw new ArgumentException($"no protocol {protocol}"),
        };
        var pair = new Pair(Link(), Link());
        await pair.Receiver.ConnectAsync(server, index, isSender: false);
        await pair.Sender.ConnectAsync(senders, index, isSender: true);
        await pair.Sender.PairAsync(pair.Receiver);
        return pair;
    }

    private async Task<PairResult> RoundAsync(int warmUpMs, int measureMs, int window, int rate)
    {
        _stop = false;
        foreach (var pair in _pairs)
        {
            lock (pair.Latencies)
                pair.Latencies.Clear();
        }

        var senders = _pairs.Select((pair, i) => Task.Run(() => rate == 0 ? SendAllAsync(pair, window) : SendPacedAsync(pair, i, rate))).ToArray();
        await Task.Delay(warmUpMs);
        var start = Stopwatch.GetTimestamp();
        _measuring = true;
        await Task.Delay(measureMs);
        _measuring = false;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _stop = true;
        foreach (var pair in _pairs)
            pair.Arrived.Release();
        await Task.WhenAll(senders);
        await Task.WhenAll(_pairs.Select(p => p.EmptyAsync()));
        var latencies = new List<double>();
        foreach (var pair in _pairs)
        {
            lock (pair.Latencies)
                latencies.AddRange(pair.Latencies);
        }

        return new PairResult(latencies.Count / seconds, Statistics.Percentile(latencies, 50), Statistics.Percentile(latencies, 99));
    }

    private async Task SendAllAsync(Pair pair, int window)
    {
        while (!_stop)
        {
            var free = window - (int)(pair.Sent - Volatile.Read(ref pair.Received));
            if (free <= 0)
            {
                await pair.Arrived.WaitAsync();
                continue;
            }

            for (; free > 0; free--)
            {
                pair.Sender.Write(Stopwatch.GetTimestamp());
                pair.Sent++;
            }

            await pair.Sender.FlushAsync();
        }
    }

    private async Task SendPacedAsync(Pair pair, int index, int rate)
    {
        var between = Stopwatch.Frequency * (double)_pairs.Length / rate;
        var next = Stopwatch.GetTimestamp() + between * index / _pairs.Length;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!_stop && await timer.WaitForNextTickAsync())
        {
            for (; next <= Stopwatch.GetTimestamp(); next += between)
            {
                pair.Sender.Write(Stopwatch.GetTimestamp());
                pair.Sent++;
            }

            await pair.Sender.FlushAsync();
        }
    }

    private static async Task EndOnFaultAsync(Task loop)
    {
        try
        {
            await loop;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(e.ToString());
            Environment.Exit(1);
        }
    }

    private async Task TakeAsync(Pair pair)
    {
        _ = EndOnFaultAsync(DrainAsync(pair.Sender));
        var stamps = new List<long>();
        while (await pair.Receiver.ReceiveAsync(stamps))
        {
            await pair.Receiver.FlushAsync();
            var (now, measuring) = (Stopwatch.GetTimestamp(), _measuring);
            if (measuring)
            {
                lock (pair.Latencies)
                {
                    foreach (var stamp in stamps)
                        pair.Latencies.Add(Stopwatch.GetElapsedTime(stamp, now).TotalMilliseconds);
                }
            }

            Volatile.Write(ref pair.Received, pair.Received + stamps.Count);
            if (stamps.Count > 0 && pair.Arrived.CurrentCount == 0)
                pair.Arrived.Release();
            stamps.Clear();
        }

        await Console.Error.WriteLineAsync("the server closed a receiver");
        Environment.Exit(1);
    }

    /// <summary>Answers to the sender are read, so that they cost what they cost.</summary>
    private static async Task DrainAsync(PairLink sender)
    {
        var none = new List<long>();
        while (await sender.ReceiveAsync(none))
        {
        }
    }

    private sealed class Pair(PairLink sender, PairLink receiver)
    {
        public long Received;

        public PairLink Sender { get; } = sender;

        public PairLink Receiver { get; } = receiver;

        public long Sent { get; set; }

        public List<double> Latencies { get; } = new(1 << 16);

        public SemaphoreSlim Arrived { get; } = new(0);

        /// <summary>What is on its way arrives before the next round.</summary>
        public async Task EmptyAsync()
        {
            while (Sent > Volatile.Read(ref Received))
                await Arrived.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }
}
