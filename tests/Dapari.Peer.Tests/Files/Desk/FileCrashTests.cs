using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>Either side dies after each of its commits: the file arrives, and both ends say the same.</summary>
public sealed class FileCrashTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void A_crash_after_each_commit_costs_nothing(bool sender, bool leave)
    {
        for (var commit = 0; ; commit++)
        {
            var world = new World();
            var (alice, bob) = world.Sending();
            if (leave)
            {
                bob.Stop();
                world.Pass(1_000);
                alice.Files.Chunks = 3;
            }

            var command = alice.Prepare(bob, [("a", alice.Bytes(2 * Chunk)), ("b", alice.Bytes(3 * Chunk + 5))], manifest: true);
            command.Leave = leave;
            Assert.True(TransferId.TryRead(command.TransferId, out var id));
            var victim = sender ? alice : bob;
            if (sender || !leave)
                victim.CrashAfterCommits = commit;
            alice.Say(new Local.Command { SendFiles = command });
            world.Settle();
            world.Pass(20_000);
            var died = sender && alice.IsDown;
            if (leave)
            {
                // The recipient appears, and finds a part at the server.
                bob.Restart(sender ? -1 : commit);
                world.Pass(20_000);
            }

            died |= victim.IsDown;
            victim.CrashAfterCommits = -1;
            if (victim.IsDown)
                victim.Restart();
            alice.Files.Chunks = int.MaxValue;
            world.Pass(5 * 60_000);
            Arrived(alice, bob, id);
            if (!died)
            {
                Assert.True(commit > 5, $"{commit}");
                break;
            }
        }
    }

    [Fact]
    public void Both_die_again_and_again_in_the_middle()
    {
        var world = new World();
        var (alice, bob) = world.Sending();
        world.Line.Pieces = 0;
        var id = alice.Send(bob, alice.Bytes(30 * Chunk), alice.Bytes(100));
        for (var round = 0; round < 12; round++)
        {
            world.Line.Pieces = 10;
            world.Pass(15_000);
            (round % 2 == 0 ? alice : bob).Restart();
        }

        world.Line.Pieces = int.MaxValue;
        world.Pass(60_000);
        Arrived(alice, bob, id);
    }
}
