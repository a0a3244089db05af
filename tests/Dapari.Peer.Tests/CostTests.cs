using Dapari.Peer.Tests.Harness;

namespace Dapari.Peer.Tests;

/// <summary>Not a benchmark, but a bound: work that grows with what is kept would show here.</summary>
public sealed class CostTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thousand_messages_each_way_cost_about_as_much_as_the_first()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var first = Run(world, alice, bob, 250);
        Run(world, alice, bob, 500);
        var last = Run(world, alice, bob, 250);
        output.WriteLine($"first {first:F3} ms, last {last:F3} ms of both engines' time for a message and its receipt");
        Assert.True(last < (first * 4) + 2, $"first {first} ms, last {last} ms");
    }

    private static double Run(World world, Person alice, Person bob, int count)
    {
        var before = world.InHandle;
        for (var i = 0; i < count; i++)
            alice.Write(bob, "un messaggio di lunghezza media, come se ne scrivono tanti");
        Assert.Equal(0u, alice.See(bob).Queued);
        return (world.InHandle - before).TotalMilliseconds / count;
    }
}
