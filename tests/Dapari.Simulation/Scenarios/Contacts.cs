using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Peers;

namespace Dapari.Simulation.Scenarios;

/// <summary>What people commonly do with a contact.</summary>
internal static class Contacts
{
    public static bool AreAccepted(SimPeer one, SimPeer other) =>
        one.View.ContactOf(other.Identity)?.State == ContactState.Accepted && other.View.ContactOf(one.Identity)?.State == ContactState.Accepted;

    /// <summary>Reads everything of theirs that is there.</summary>
    public static void Read(SimPeer reader, SimPeer author)
    {
        if (reader.View.ContactOf(author.Identity) is not { } contact)
            return;
        var newest = reader.Store.Messages.Values.Where(message => !message.Outgoing && message.ContactId == contact.Id)
            .Select(message => message.Clock).DefaultIfEmpty().Max();
        if (newest > contact.ReadThrough)
            reader.Say(new Command { MarkRead = new MarkRead { ContactId = contact.Id, ThroughClock = newest } });
    }
}
