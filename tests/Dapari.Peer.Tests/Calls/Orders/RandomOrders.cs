using Dapari.Testing;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>Longer stories than every order can be tried of: many calls, many losses, clocks that run apart. A failing seed is named.</summary>
public sealed class RandomOrders
{
    private const int Acts = 12;

    [Theory]
    [InlineData(1, 4_000)]
    [InlineData(10_000, 4_000)]
    public void Agree(int firstSeed, int seeds)
    {
        for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            try
            {
                Play(seed);
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"seed {seed}: {fault.Message}", fault);
            }
        }
    }

    private static void Play(int seed)
    {
        var random = new SeededRandom((ulong)seed);
        var line = new Line(seed % 7);
        for (var steps = 0; steps < 60; steps++)
        {
            var dice = random.Bytes(3);
            var flying = line.Flying > 0 ? dice[1] % line.Flying : -1;
            switch (dice[0] % 16)
            {
                case < 4:
                    AllOrders.Act(line, dice[2] % Acts);
                    break;
                case < 12 when flying >= 0:
                    line.Deliver(flying, keep: dice[0] % 16 == 11);
                    break;
                case < 14 when flying >= 0:
                    line.Lose(flying);
                    break;
                default:
                    // A while passes for one of them only: clocks run apart.
                    line.Peers[dice[1] % 2].Time += dice[2] * 20;
                    line.Peers[dice[1] % 2].Tick();
                    line.Settle();
                    break;
            }
        }

        AllOrders.ComeToAgree(line);
    }
}
