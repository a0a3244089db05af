using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Scenarios;
using Dapari.Wire;

namespace Dapari.Simulation.Checks;

/// <summary>The promises that hold once a healed world is at rest.</summary>
internal sealed class FinalChecks(World world)
{
    public void Check()
    {
        FileChecks.Check(world);
        foreach (var one in world.Peers)
        {
            if (one.Deleted)
            {
                if (one.Store.RowCount + one.Store.Messages.Count > 0)
                    world.Broken($"{one.Name} deleted its identity, and something is kept");
                continue;
            }

            Growth(one);
            foreach (var other in world.Peers)
            {
                if (one == other || other.Deleted || one.View.ContactOf(other.Identity) is not { } contact || !ContactId.TryRead(contact.Id, out var id))
                    continue;
                var conversation = one.Store.Conversation(id).ToArray();
                if (world.Ledger.WasAttacked(one, other))
                {
                    OwnOrder(one, conversation);
                    continue;
                }

                Sums(one, other, contact, conversation);
                Sent(one, other, conversation);
                if (other.View.ContactOf(one.Identity) is { } back && ContactId.TryRead(back.Id, out var backId) && world.Peers.IndexOf(one) < world.Peers.IndexOf(other))
                {
                    var there = other.Store.Conversation(backId).ToArray();
                    SameOrder(one, conversation, other, there);
                    CallChecks.Check(world, one, other, conversation, there);
                }
            }

            foreach (var twice in one.Store.Messages.Values.Where(message => message.Kind == MessageKind.Text && !world.IsHostile(one, message.ContactId))
                .GroupBy(message => message.Text).Where(group => group.Count() > 1))
                world.Broken($"{one.Name} has a text {twice.Count()} times: {twice.Key[..Math.Min(12, twice.Key.Length)]}");
        }
    }

    /// <summary>Exactly once, states that do not lie, records that agree.</summary>
    private void Sent(SimPeer from, SimPeer to, MessageRecord[] conversation)
    {
        var live = Unrest.IsLive(world, from, to) && !Unrest.Stuck(from, to) && !Unrest.Stuck(to, from);
        var restored = world.Ledger.WasRestored(from) || world.Ledger.WasRestored(to);
        OwnOrder(from, conversation);
        foreach (var message in conversation.Where(message => message is { Outgoing: true, Kind: MessageKind.Text }))
        {
            MessageId.TryRead(message.Id, out var id);
            // Removed with its conversation, its id may stand in another one.
            var arrived = to.Store.Find(id) is { } there && there.ContactId == to.View.ContactOf(from.Identity)?.Id ? there : null;
            if (arrived is null)
            {
                if (live && !(world.Ledger.WasRestored(to) && world.Ledger.EverArrived(to, id)) && !world.Ledger.IsOfBefore(world.Ledger.Texts[id]))
                    world.Broken($"{from.Name}'s {StepChecks.Short(id)} ({message.State}) never arrived at {to.Name}");
                else if (message.State >= MessageState.Delivered && !restored && !world.Ledger.Disturbed(from, to) && !world.Ledger.HaveParted(from, to))
                    world.Broken($"{from.Name}'s {StepChecks.Short(id)} is {message.State}, and {to.Name} does not have it");
                continue;
            }

            if (live && world.Ledger.HaveParted(from, to) && !world.Ledger.IsOfBefore(world.Ledger.Texts[id]))
                world.Figures.MetAgain++;
            if (arrived.OrderKey != message.OrderKey)
                world.Broken($"{StepChecks.Short(id)} stands at different places at {from.Name} and {to.Name}");
            if (message.State is MessageState.Delivered or MessageState.Read)
            {
                // A life of the recipient's device that a backup replaced may have seen it come another way.
                if (!Equals(arrived.Route, message.Route) && !restored)
                    world.Broken($"{StepChecks.Short(id)}: {from.Name} records {message.Route}, {to.Name} {arrived.Route}");
            }
            else if (live && !restored)
            {
                world.Broken($"{StepChecks.Short(id)} arrived at {to.Name}, {from.Name} says {message.State}");
            }
        }
    }

    /// <summary>What a person wrote stands in the order of writing, whatever the other sends in between.</summary>
    private void OwnOrder(SimPeer from, MessageRecord[] conversation)
    {
        var lastOrder = 0;
        foreach (var message in conversation.Where(message => message is { Outgoing: true, Kind: MessageKind.Text or MessageKind.Files }))
        {
            MessageId.TryRead(message.Id, out var id);
            var order = world.Ledger.OrderOf(id);
            if (order < lastOrder)
                world.Broken($"{from.Name}'s {StepChecks.Short(id)} stands after what was composed later");
            lastOrder = order;
        }
    }

    private void SameOrder(SimPeer one, MessageRecord[] here, SimPeer other, MessageRecord[] there)
    {
        var atOther = there.Where(message => message.Kind is MessageKind.Text or MessageKind.Files).Select(message => message.Id).ToArray();
        var atOne = here.Where(message => message.Kind is MessageKind.Text or MessageKind.Files).Select(message => message.Id).ToHashSet();
        var common = atOther.ToHashSet();
        if (!here.Select(message => message.Id).Where(common.Contains).SequenceEqual(atOther.Where(atOne.Contains)))
            world.Broken($"{one.Name} and {other.Name} see their conversation in different orders");
    }

    /// <summary>What a contact's record says of its conversation.</summary>
    private void Sums(SimPeer peer, SimPeer other, ContactRecord contact, MessageRecord[] conversation)
    {
        var unread = conversation.Count(message => message is { Outgoing: false, Kind: MessageKind.Text or MessageKind.Files or MessageKind.Unknown }
            && message.Clock > contact.ReadThrough)
            + conversation.Count(message => message is { Outgoing: false, Call.Outcome: CallOutcome.Missed or CallOutcome.Busy } && message.Clock > contact.ReadThrough);
        if (unread != contact.Unread)
            world.Broken($"{peer.Name} counts {contact.Unread} unread of {other.Name}; there are {unread}");
        if (conversation.Length > 0 && contact.LastMessage is { } last && last.Id != conversation[^1].Id)
            world.Broken($"{peer.Name}'s last message with {other.Name} is not the last");
        if (contact.LastMessage is { Outgoing: true } shown && conversation.Length > 0 && shown.Id == conversation[^1].Id
            && shown.State < conversation[^1].State)
            world.Broken($"{peer.Name}'s last message with {other.Name} shows {shown.State}, kept is {conversation[^1].State}");
        if (peer.ReceiptsToggled || other.ReceiptsToggled || world.Ledger.LostReadMark(peer, other) || world.Ledger.WasRestored(peer) || world.Ledger.WasRestored(other)
            // Whoever removed the other forgot how far that one has read.
            || world.Ledger.HaveParted(peer, other) || !Unrest.IsLive(world, peer, other) || Unrest.Stuck(peer, other) || Unrest.Stuck(other, peer))
            return;
        var theirs = other.View.ContactOf(peer.Identity)!.ReadThrough;
        var owed = conversation.Where(message => message.Outgoing && message.Clock <= theirs).Select(message => message.Clock).DefaultIfEmpty().Max();
        if (contact.TheyReadThrough < owed)
            world.Broken($"{other.Name} read {peer.Name}'s messages through {owed}; {peer.Name} knows of {contact.TheyReadThrough}");
    }

    /// <summary>Nothing grows without bound: rows are counted against what there is to keep.</summary>
    private void Growth(SimPeer peer)
    {
        var kinds = peer.Store.Rows.GroupBy(row => row.Key.Split('/')[0]).ToDictionary(group => group.Key, group => group.Count());
        var contacts = peer.View.Contacts.Count;
        var invites = peer.View.Invites.Count;
        var inviting = peer.View.Contacts.Values.Count(contact => contact.State == ContactState.Inviting);
        foreach (var (kind, count) in kinds)
        {
            var most = kind switch
            {
                "contact" => world.Peers.Count - 1 + inviting,
                "session" => 5 * Math.Max(1, contacts),
                "outbox" => int.MaxValue,
                "call" => 18 * Math.Max(1, contacts),
                "inbox" => 0,
                "transfer" => 4 * world.Ledger.Sent.Count,
                "removed" => 8 * world.Ledger.Sent.Count,
                "invite" => peer.Acquaintances.Count + (10 * world.Figures.Crashes),
                _ => 8 + (4 * (contacts + invites)),
            };
            if (count > most)
                world.Broken($"{peer.Name} keeps {count} rows of kind \"{kind}\"; {most} would do");
        }

        foreach (var (key, value) in peer.Store.Rows)
        {
            if (value.Length > 256 * 1024)
                world.Broken($"{peer.Name}'s row {key} has {value.Length} bytes");
        }
    }
}
