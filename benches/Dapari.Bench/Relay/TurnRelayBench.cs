namespace Dapari.Bench.Relay;

/// <summary>
/// Our TURN relay beside coturn, in the same run with the same flood: what comes out at the peers, the processor time that it cost, a round trip, and
/// memory for each allocation. Rounds take turns, so that a noisy moment meets both.
/// </summary>
internal sealed class TurnRelayBench : IBench
{
    public string Name => "turn-relay";

    public string Summary => "packets through our TURN relay and through coturn, with 1 and 10 clients; processor time, round trip, memory";

    public async Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var rounds = 5;
        var measure = TimeSpan.FromSeconds(arguments.Quick ? 1 : 4);
        var warmUp = TimeSpan.FromMilliseconds(arguments.Quick ? 300 : 1000);
        using var own = await RelayProcess.StartOwnAsync();
        using var coturn = await RelayProcess.StartCoturnAsync()
            ?? throw new InvalidOperationException("coturn is missing: apt-get install coturn");
        var report = new BenchReport(Name);
        foreach (var clients in (int[])[1, 10])
        {
            var ours = new List<(double Rate, double Cpu)>();
            var theirs = new List<(double Rate, double Cpu)>();
            for (var round = 0; round < rounds; round++)
            {
                ours.Add(RelayFlood.Run(own, clients, warmUp, measure));
                theirs.Add(RelayFlood.Run(coturn, clients, warmUp, measure));
            }

            var name = $"clients_{clients}";
            var (rate, perCore) = Medians(ours);
            var (coturnRate, coturnPerCore) = Medians(theirs);
            report.Figure(name + "_packets_per_s", rate).Figure(name + "_mb_per_s", rate * RelayFlood.PayloadBytes / 1e6, "MB/s").Figure(name + "_packets_per_core_s", perCore)
                .Figure(name + "_coturn_packets_per_s", coturnRate).Figure(name + "_coturn_packets_per_core_s", coturnPerCore)
                .AtLeast(name + "_rate_to_coturn", rate / coturnRate, 1).AtLeast(name + "_per_core_to_coturn", perCore / coturnPerCore, 1);
        }

        var pings = arguments.Quick ? 4000 : 20_000;
        var mine = new List<double>();
        var their = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            mine.Add(Statistics.Median(RelayFlood.RoundTrips(own, pings)));
            their.Add(Statistics.Median(RelayFlood.RoundTrips(coturn, pings)));
        }

        var (p50, coturnP50) = (Statistics.Median([.. mine]), Statistics.Median([.. their]));
        report.Figure("round_trip_p50_us", p50, "µs").Figure("coturn_round_trip_p50_us", coturnP50, "µs").AtMost("round_trip_to_coturn", p50 / coturnP50, 1.2);
        var count = arguments.Quick ? 500 : 2000;
        return report.Figure("bytes_per_allocation", RelayFlood.BytesPerAllocation(own, count)).Figure("coturn_bytes_per_allocation", RelayFlood.BytesPerAllocation(coturn, count));
    }

    private static (double Rate, double PerCore) Medians(List<(double Rate, double Cpu)> rounds) =>
        (Statistics.Median([.. rounds.Select(one => one.Rate)]), Statistics.Median([.. rounds.Select(one => one.Rate / one.Cpu)]));
}
