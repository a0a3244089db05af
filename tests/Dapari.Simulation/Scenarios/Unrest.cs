using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Checks;
using Dapari.Simulation.Files;
using Dapari.Simulation.Peers;
using Dapari.Wire;

namespace Dapari.Simulation.Scenarios;

/// <summary>What is still under way in a healed world, and what may stay so for good.</summary>
internal static class Unrest
{
    /// <summary>A word on something unfinished; null: the world is at rest.</summary>
    public static string? Of(World world)
    {
        foreach (var peer in world.Peers.Where(peer => !peer.Deleted))
        {
            if (!peer.IsIdle)
                return $"{peer.Name} is busy";
            if (peer.View.Self is null || peer.OnlineConnections == 0)
                return $"{peer.Name} is not connected";
            if (peer.InCall)
                return $"{peer.Name} is in a call";
            if (peer.Unconfirmed > 0)
                return $"{peer.Name} never confirmed a text";
            foreach (var record in peer.View.Outbox.Values)
            {
                if (!MayStay(world, peer, record))
                    return $"{peer.Name}'s outbox holds {Describe(world, peer, record)}";
            }

            foreach (var one in peer.Acquaintances)
            {
                if (Unmet(world, one) is { } why)
                    return why;
            }
        }

        foreach (var sent in world.Ledger.Sent.Values.Where(sent => sent.Order > 0 && FileChecks.IsOwed(world, sent)))
        {
            if (Open(sent.From, sent) is { } there)
                return $"{sent.From.Name}'s files {sent.Id} are not there: {there}, at {sent.To.Name}: {Open(sent.To, sent) ?? "no transfer"}";
        }

        foreach (var server in world.Servers)
        {
            if (!server.IsIdle)
                return $"{server.Name} holds envelopes: " + string.Join(", ", server.Mailboxes.Values
                    .Where(mailbox => mailbox.Envelopes.Count > 0 && world.HasOwner(mailbox.Id))
                    .Select(mailbox => $"{mailbox.Envelopes.Count} in {mailbox.Id.ToString()[..8]}{(mailbox.Listener is null ? " (nobody listens)" : "")}"));
        }

        return null;
    }

    /// <summary>Whether the two cannot go on: by will, or because one's backup does not know the other as accepted.</summary>
    public static bool IsLive(World world, SimPeer one, SimPeer other) =>
        Contacts.AreAccepted(one, other) && !world.Ledger.Disturbed(one, other);

    /// <summary>One wants only direct paths and the other never shows an address: what is written waits for good, as both asked.</summary>
    public static bool Stuck(SimPeer from, SimPeer to) =>
        from.View.ContactOf(to.Identity) is { } contact && from.View.PolicyTowards(contact) == Policy.DirectOnly
        && (contact.TheyHideAddress || (to.View.ContactOf(from.Identity) is { } back && to.View.PolicyTowards(back) == Policy.ServerOnly));

    private static bool MayStay(World world, SimPeer peer, OutboxRecord record)
    {
        var contact = peer.View.Contacts.Values.FirstOrDefault(one => one.Id == record.ContactId);
        if (contact is null || world.PeerOf(contact.IdentityKey) is not { } other)
            return false;
        if (!IsLive(world, peer, other))
            return world.Ledger.Disturbed(peer, other) || world.Ledger.HaveParted(peer, other) || contact.State != ContactState.Accepted;
        if (Stuck(peer, other) || Stuck(other, peer))
            return true;
        // Delivered to a life of the other's device that a backup replaced, and the receipt with it.
        return (world.Ledger.WasRestored(other) || peer.Unnoticed.ContainsKey(other)) && record.Message is not null && MessageId.TryRead(record.Message.Id, out var id)
            && world.Ledger.EverArrived(other, id);
    }

    private static string? Open(SimPeer peer, SentFiles sent) =>
        peer.View.Transfers.GetValueOrDefault("transfer/" + sent.Id) is { State: not TransferState.Ended } open
            ? $"{open.State}, {open.Trouble}, paused {open.Paused}, leave {open.Leave}, way {open.Way}, {open.DropOffs.Count} drop-offs, {sent.Bytes} bytes" : null;

    private static string? Unmet(World world, Acquaintance one)
    {
        if (one.Revoked || world.Ledger.WasRestored(one.Maker) || world.Ledger.WasRestored(one.Opener)
            || world.Ledger.Disturbed(one.Maker, one.Opener) || world.Ledger.HaveParted(one.Maker, one.Opener))
            return null;
        var opener = one.Opener.View.ContactOf(one.Maker.Identity)?.State;
        var maker = one.Maker.View.ContactOf(one.Opener.Identity)?.State;
        var met = one.Decision switch
        {
            RequestAnswer.Accept => opener == ContactState.Accepted && maker == ContactState.Accepted,
            RequestAnswer.Refuse => opener == ContactState.Declined && maker is null or ContactState.Declined,
            _ => maker == ContactState.Blocked,
        };
        return met ? null : $"{one.Opener.Name} asked {one.Maker.Name} ({one.Decision}): {opener} and {maker}, link {(one.Link is null ? "not made" : "made")}";
    }

    private static string Describe(World world, SimPeer peer, OutboxRecord record)
    {
        var contact = peer.View.Contacts.Values.FirstOrDefault(one => one.Id == record.ContactId);
        var to = contact is null ? "nobody" : world.PeerOf(contact.IdentityKey)?.Name;
        var kind = record.Message is not null ? $"message {Convert.ToHexStringLower(record.Message.Id.Span)[..8]}"
            : Wire.V1.Content.Parser.ParseFrom(record.Content).KindCase.ToString();
        return $"{kind} to {to}, envelope {Convert.ToHexStringLower(record.EnvelopeId.Span)[..8]}, sealed {record.Envelope.Length > 0}, on server {record.OnServer}";
    }
}
