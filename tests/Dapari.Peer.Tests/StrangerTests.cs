using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;

namespace Dapari.Peer.Tests;

/// <summary>What a crowd with one invite's link can do: docs/decisions/0024-the-invite-is-the-token.md.</summary>
public sealed class StrangerTests
{
    [Fact]
    public void A_crowd_with_one_link_makes_so_many_requests_wait_and_no_more_and_ends_when_the_link_is_revoked()
    {
        var world = new World();
        var alice = world.Join("Alice");
        var bob = world.Join("Bob");
        World.Acquaint(alice, bob);
        var invite = alice.Do(new Command { MakeInvite = new MakeInvite { Reusable = true } }).Invite;
        // A person's keys come from the first letter of the name.
        for (var i = 0; i < PeerState.MaxUnanswered + 10; i++)
            world.Join($"{(char)('\u4E00' + i)} Mallory").Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } });
        Assert.Equal(PeerState.MaxUnanswered, alice.Snapshot.Contacts.Count(contact => contact.State == ContactState.Asking));
        Assert.Equal(0, world.Server.StoredEnvelopes);
        // Who is a contact notices nothing of it.
        bob.Write(alice, "ci sei?");
        alice.Write(bob, "sì");
        Assert.Equal(["ci sei?", "sì"], alice.Messages(bob).Select(message => message.Text));
        alice.Do(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } });
        Assert.Equal(CommandRefusal.UnknownInvite, world.Join("Mallory").Do(new Command { OpenInvite = new OpenInvite { Link = invite.Link } }).Refusal);
    }
}
