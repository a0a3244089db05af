using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Wire;

namespace Dapari.Simulation.Files;

/// <summary>By which ways a transfer may go, as its sender's store has it.</summary>
internal static class FileWays
{
    /// <summary>In effect for a transfer of a person's.</summary>
    public static Policy Of(SimPeer from, TransferRecord transfer)
    {
        if (transfer.Way != Policy.Unspecified)
            return transfer.Way;
        var contact = from.View.Contacts.Values.FirstOrDefault(one => one.Id == transfer.ContactId);
        return contact is null ? Policy.ServerOnly : from.View.PolicyTowards(contact);
    }

    /// <summary>Whether anything lets it go on in a healed world: its source is there, and some way is.</summary>
    public static bool CanGo(World world, SimPeer from, TransferRecord transfer)
    {
        if (!TransferId.TryRead(transfer.Id, out var id) || !from.Files.Sources.ContainsKey(id))
            return false;
        var contact = from.View.Contacts.Values.FirstOrDefault(one => one.Id == transfer.ContactId);
        if (contact is null || world.PeerOf(contact.IdentityKey) is not { } to)
            return false;
        var hidden = contact.TheyHideAddress || from.View.PolicyTowards(contact) == Policy.ServerOnly
            || (to.View.ContactOf(from.Identity) is { } back && to.View.PolicyTowards(back) == Policy.ServerOnly);
        return Of(from, transfer) != Policy.DirectOnly || !hidden;
    }
}
