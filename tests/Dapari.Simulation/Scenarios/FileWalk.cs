using Dapari.Peer.Local;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Servers;

namespace Dapari.Simulation.Scenarios;

/// <summary>
/// Two people and their files: one straight to the other, one left at the server while the other is away, and one that begins there and goes on directly.
/// By itself nothing fails; the options say where something does.
/// </summary>
internal static class FileWalk
{
    public static void Play(World world)
    {
        world.Servers.Add(new SimServer(world, 1, world.Random.Fork(11)));
        var alice = new SimPeer(world, 0, world.Random.Fork(12), world.Servers[0].Origin);
        var bob = new SimPeer(world, 1, world.Random.Fork(13), world.Servers[0].Origin);
        world.Peers.AddRange([alice, bob]);
        var acquaintance = new Acquaintance(alice, bob, reusable: false, RequestAnswer.Accept);
        alice.Acquaintances.Add(acquaintance);
        bob.Acquaintances.Add(acquaintance);
        alice.Start();
        bob.Start();
        Until(world, 60_000, () => Contacts.AreAccepted(alice, bob));
        Send(world, alice, bob, leave: false, chunks: 20);
        world.Run(8_000);
        world.SetPunch(alice, bob, false);
        foreach (var pair in world.Pairs.ToArray())
            pair.Die(silently: false);
        Send(world, bob, alice, leave: true, chunks: 12);
        world.Run(15_000);
        world.SetPunch(alice, bob, true);
        world.Run(10_000);
    }

    private static void Send(World world, SimPeer from, SimPeer to, bool leave, int chunks)
    {
        Until(world, 30_000, () => from.Running && from.View.ContactOf(to.Identity) is not null);
        if (from.View.ContactOf(to.Identity) is { } contact)
            from.SendFiles(contact, leave: leave, chunks: chunks);
    }

    private static void Until(World world, long atMost, Func<bool> holds)
    {
        for (var end = world.Now + atMost; world.Now < end && !world.Over && !holds();)
            world.Run(100);
    }
}
