using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Peers;

namespace Dapari.Simulation.Scenarios;

/// <summary>After the storm: everything works again, and the world must come to rest by itself.</summary>
internal static class Healing
{
    // A path that died unnoticed is found out by its next probe, and what it swallowed goes again: rest is only what lasts longer than that.
    private const int Calm = 16;
    private const long Patience = 10 * 60_000;

    public static void Heal(World world)
    {
        world.Note("healing", "begins");
        world.CrashChance = 0;
        world.HealNetworks();
        var clocksSetRight = world.Random.Chance(0.5);
        foreach (var server in world.Servers)
        {
            (server.Reachable, server.DiskFull, server.Quota, server.RateRefusals, server.LiveLoss) = (true, false, 10_000, 0, 0);
            (server.TakesBlobs, server.BlobQuota) = (true, 2UL << 30);
            if (!server.Up)
                server.Restart();
        }

        foreach (var peer in world.Peers)
        {
            peer.StoreFull = false;
            (peer.Files.Full, peer.Files.Lies) = (false, 0);
            peer.GoOnline();
            if (clocksSetRight)
                peer.Clock.SetRight();
            peer.Restart(world.Random.Between(0, 1_000));
        }

        // Whoever still talks may do so for a while, and then puts the receiver down.
        world.Run(world.Random.Between(2_000, 20_000));
        foreach (var peer in world.Peers)
            peer.HangUpAll();

        if (world.Random.Chance(0.4))
        {
            world.Run(3_000);
            foreach (var peer in world.Peers)
                Automatic(peer);
        }

        if (!Rest(world))
            return;
        if (world.Random.Chance(0.6))
        {
            foreach (var reader in world.Peers)
            {
                foreach (var author in world.Peers)
                {
                    if (author != reader)
                        Contacts.Read(reader, author);
                }
            }
        }

        Rest(world);
    }

    private static void Automatic(SimPeer peer)
    {
        foreach (var contact in peer.View.Contacts.Values.Where(contact => contact.Policy != Policy.Unspecified).ToArray())
            peer.Say(new Command { SetPolicy = new SetPolicy { ContactId = contact.Id, Policy = Policy.Automatic } });
        if (peer.View.Self?.DefaultPolicy is Policy.DirectOnly or Policy.ServerOnly)
            peer.Say(new Command { SetPolicy = new SetPolicy { Policy = Policy.Automatic } });
    }

    private static bool Rest(World world)
    {
        var calm = 0;
        var begun = world.Now;
        var settled = 0;
        for (var end = begun + Patience; world.Now < end && !world.Over;)
        {
            world.Run(2_000);
            if (world.PlaysFiles && world.Now - begun >= 20_000L * settled)
            {
                settled++;
                foreach (var peer in world.Peers)
                    peer.SettleFiles(patient: settled < 4);
            }

            calm = Unrest.Of(world) is null ? calm + 1 : 0;
            if (calm == Calm)
                return true;
        }

        if (!world.Over)
            world.Broken($"no rest within {Patience / 1000} s: {Unrest.Of(world)}");
        return false;
    }
}
