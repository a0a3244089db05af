using Dapari.Peer.Local;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;
using Kind = Dapari.Wire.V1.ClientFrame.KindOneofCase;

namespace Dapari.Peer.Tests;

/// <summary>The home server learns how to wake a device, and is told only where it does not know.</summary>
public sealed class WakeTests
{
    private static readonly ByteString Key = ByteString.CopyFrom([4, .. new byte[64]]);
    private static readonly WakeSubscription First = Subscription("first"), Second = Subscription("second");

    [Fact]
    public void Every_mailbox_gets_it_and_new_ones_too_and_it_goes_again()
    {
        var world = new World();
        world.Server.PushKey = Key;
        var (alice, bob) = world.Acquainted();
        Assert.Equal(Key, alice.Snapshot.Servers.Single(s => s.Home).PushKey);
        Set(alice, First);
        Assert.Equal(1, Count(world, First));
        World.Acquaint(alice, world.Join("Carol"));
        Assert.Equal(2, Count(world, First));
        Assert.Equal(2, world.Server.Wakes.Count(w => w is null)); // Bob's and Carol's.
        Set(alice, Second);
        Assert.Equal((0, 2), (Count(world, First), Count(world, Second)));
        Set(alice, null);
        Assert.All(world.Server.Wakes, Assert.Null);
        Assert.NotNull(bob);
    }

    [Fact]
    public void What_the_server_knows_is_not_said_again_and_what_it_forgot_is()
    {
        var world = new World();
        world.Server.PushKey = Key;
        var (alice, _) = world.Acquainted();
        Set(alice, First);
        var said = world.Server.Said[Kind.SetWake];
        Set(alice, First.Clone());
        alice.Restart();
        Assert.Equal(said, world.Server.Said[Kind.SetWake]);
        Assert.Equal(1, Count(world, First)); // A device that has not said anything yet leaves it as it is.
        Set(alice, First);
        Assert.Equal(said, world.Server.Said[Kind.SetWake]);
        alice.Restart();
        Set(alice, Second);
        Assert.Equal(said + 1, world.Server.Said[Kind.SetWake]);
        Assert.Equal(1, Count(world, Second));
    }

    [Fact]
    public void A_server_that_wakes_nobody_is_not_asked_to()
    {
        var world = new World();
        var (alice, _) = world.Acquainted();
        Set(alice, First);
        Assert.False(world.Server.Said.ContainsKey(Kind.SetWake));
        Assert.True(alice.Snapshot.Servers.Single(s => s.Home).PushKey.IsEmpty);
        // It learns to with its next version; it is told at the next connection.
        world.Server.PushKey = Key;
        alice.Restart();
        Set(alice, First);
        Assert.Equal(1, Count(world, First));
    }

    [Fact]
    public void A_server_without_time_is_told_again_and_one_that_does_not_want_to_is_left_alone()
    {
        var world = new World();
        world.Server.PushKey = Key;
        var (alice, _) = world.Acquainted();
        world.Server.WakeRefusals.Enqueue(Refusal.Storage);
        Set(alice, First);
        Assert.Equal(0, Count(world, First));
        world.Pass(5_000);
        Assert.Equal(1, Count(world, First));
        world.Server.WakeRefusals.Enqueue(Refusal.NoPush);
        Set(alice, Second);
        var said = world.Server.Said[Kind.SetWake];
        world.Pass(60_000);
        Assert.Equal(said, world.Server.Said[Kind.SetWake]);
        Assert.Equal(1, Count(world, First));
    }

    private static WakeSubscription Subscription(string name) =>
        new() { Endpoint = "https://push.example/" + name, Key = Key, Secret = ByteString.CopyFrom(new byte[16]) };

    private static int Count(World world, WakeSubscription subscription) => world.Server.Wakes.Count(w => w is not null && w.Equals(subscription));

    private static void Set(Person person, WakeSubscription? subscription) =>
        Assert.Equal(CommandRefusal.Unspecified, person.Do(new Command { SetWakeUp = new SetWakeUp { Subscription = subscription } }).Refusal);
}
