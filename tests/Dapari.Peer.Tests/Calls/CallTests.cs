using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls;

public sealed class CallTests
{
    [Fact]
    public void A_call_rings_is_answered_connects_and_is_hung_up()
    {
        var world = new World();
        var (alice, bob) = world.Verified();
        var id = alice.Call(bob);
        Assert.Equal(CallStage.Ringing, alice.OnlyCall().Stage);
        Assert.Equal(CallStage.Ringing, bob.OnlyCall().Stage);
        Assert.True(alice.OnlyCall().Outgoing);
        Assert.Empty(world.Media.LegsOf(alice));
        Assert.Empty(world.Media.LegsOf(bob));

        bob.Answer(id);
        Assert.Equal(CallStage.Connected, alice.OnlyCall().Stage);
        Assert.Equal(CallStage.Connected, bob.OnlyCall().Stage);
        var leg = alice.OnlyCall().Legs.Single();
        Assert.Equal(Route.Direct, leg.Route);
        Assert.Equal(Network.Same, leg.Network);
        Assert.Equal(Reason.DirectPathOpen, leg.Reason);
        Assert.True(leg.Media.Microphone);

        world.Pass(5_000);
        alice.HangUp(id);
        foreach (var person in new[] { alice, bob })
        {
            var entry = person.Entry(person == alice ? bob : alice);
            Assert.Equal(id, entry.Id);
            Assert.Equal(CallOutcome.Answered, entry.Call.Outcome);
            Assert.Equal(5_000u, entry.Call.TalkedMs);
            Assert.Equal(Route.Direct, entry.Call.Way.Route);
            Assert.Equal(person == alice, entry.Outgoing);
            Assert.Empty(world.Media.LegsOf(person));
        }

        Assert.Equal(alice.Entry(bob).OrderKey, bob.Entry(alice).OrderKey);
        Assert.Equal(alice.Entry(bob).Call, bob.Entry(alice).Call);
        world.Pass(10_000);
        Assert.Empty(alice.Snapshot.Calls);
        Assert.Empty(bob.Snapshot.Calls);
    }
}
