using Dapari.Peer.Local;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Servers;

namespace Dapari.Simulation.Scenarios;

/// <summary>
/// The first walk of two people: one makes an invite, the other uses it, is accepted, and each writes, reads and answers.
/// By itself nothing fails; the options say where something does.
/// </summary>
internal static class CoreWalk
{
    public static void Play(World world)
    {
        world.Servers.Add(new SimServer(world, 1, world.Random.Fork(11)));
        var alice = new SimPeer(world, 0, world.Random.Fork(12), world.Servers[0].Origin);
        var bob = new SimPeer(world, 1, world.Random.Fork(13), world.Servers[0].Origin);
        world.Peers.AddRange([alice, bob]);
        if (world.Random.Chance(0.3))
            world.SetPunch(alice, bob, false);
        var acquaintance = new Acquaintance(alice, bob, reusable: world.Random.Chance(0.5), RequestAnswer.Accept);
        alice.Acquaintances.Add(acquaintance);
        bob.Acquaintances.Add(acquaintance);
        alice.Start();
        bob.Start();
        Until(world, 60_000, () => Contacts.AreAccepted(alice, bob));

        // By mailbox at first; the path opens behind.
        Write(world, alice, bob, 2);
        world.Run(1_500);
        Write(world, bob, alice, 2);
        world.Run(4_000);
        Contacts.Read(alice, bob);
        Contacts.Read(bob, alice);
        Write(world, alice, bob, 1);
        Write(world, bob, alice, 1);
        world.Run(3_000);
        Contacts.Read(bob, alice);
        world.Run(1_000);
    }

    private static void Write(World world, SimPeer from, SimPeer to, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Until(world, 30_000, () => from.Running && from.View.ContactOf(to.Identity) is not null);
            if (from.View.ContactOf(to.Identity) is { } contact)
                from.Write(contact);
        }
    }

    private static void Until(World world, long atMost, Func<bool> holds)
    {
        for (var end = world.Now + atMost; world.Now < end && !world.Over && !holds();)
            world.Run(100);
    }
}
