using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Google.Protobuf;

namespace Dapari.Simulation.Scenarios;

/// <summary>What people do.</summary>
internal sealed partial class Storm
{
    private void PersonActs(SimPeer peer)
    {
        if (!peer.Running || peer.View.Self is null)
            return;
        var contacts = peer.View.Contacts.Values.ToArray();
        if (contacts.Length == 0)
            return;
        var contact = _random.Pick(contacts);
        if (_world.PeerOf(contact.IdentityKey) is not { } other)
            return;
        switch (_random.Below(30))
        {
            case < 14:
                for (var i = _random.Chance(0.3) ? _random.Between(2, 12) : 1; i > 0; i--)
                    peer.Write(contact);
                break;
            case < 19:
                Contacts.Read(peer, other);
                break;
            case < 21:
                peer.Say(new Command { SetTyping = new SetTyping { ContactId = contact.Id, Active = _random.Chance(0.6) } });
                break;
            case < 23:
                peer.Say(new Command
                {
                    SetActiveConversation = new SetActiveConversation { ContactId = _random.Chance(0.8) ? contact.Id : ByteString.Empty },
                });
                break;
            case < 26:
                peer.Say(new Command
                {
                    SetPolicy = new SetPolicy
                    {
                        ContactId = _random.Chance(0.8) ? contact.Id : ByteString.Empty,
                        Policy = _random.PickAny(Policy.Automatic, Policy.Automatic, Policy.DirectOnly, Policy.ServerOnly),
                    },
                });
                break;
            case 26:
                peer.ReceiptsToggled = true;
                peer.Say(new Command
                {
                    SetProfile = new SetProfile
                    {
                        Name = $"Person {peer.Name} \u202e{_random.Below(10)}", SendReadReceipts = _random.Chance(0.7), SendTyping = _random.Chance(0.7),
                    },
                });
                break;
            case 27:
                peer.Say(_random.Chance(0.5)
                    ? new Command { SetVerified = new SetVerified { ContactId = contact.Id, Verified = true } }
                    : new Command { SetGivenName = new SetGivenName { ContactId = contact.Id, Name = "my friend" } });
                break;
            case 28:
                if (_random.Chance(0.7))
                    peer.Say(new Command { RetryNow = new RetryNow() });
                else
                    peer.Give(new PeerInput.NetworkChanged());
                break;
            default:
                if (_random.Chance(0.3))
                    peer.Say(new Command { SetBlocked = new SetBlocked { ContactId = contact.Id, Blocked = contact.State != ContactState.Blocked } });
                else if (peer.View.Invites.Values.FirstOrDefault(invite => !invite.Revoked) is { } invite && _random.Chance(0.3))
                    Revoke(peer, invite);
                break;
        }
    }

    private static void Revoke(SimPeer peer, InviteRecord invite)
    {
        peer.Say(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } });
        foreach (var one in peer.Acquaintances.Where(one => one.InviteId == invite.Id))
            one.Revoked = true;
    }

    /// <summary>People part while things are under way, and some meet again; some leave for good.</summary>
    private void Part(SimPeer peer)
    {
        if (!peer.Running || peer.View.Self is null)
            return;
        _world.Figures.Partings++;
        if (_random.Chance(0.15))
        {
            foreach (var other in _world.Peers.Where(other => other != peer))
                _world.Ledger.Disturb(peer, other);
            peer.Say(new Command { DeleteIdentity = new DeleteIdentity() });
            return;
        }

        var contacts = peer.View.Contacts.Values.Where(contact => contact.State == ContactState.Accepted).ToArray();
        if (contacts.Length == 0 || _world.PeerOf(_random.Pick(contacts).IdentityKey) is not { } left || peer.View.ContactOf(left.Identity) is not { } record)
            return;
        _world.Ledger.Part(peer, left);
        peer.Say(new Command { RemoveContact = new RemoveContact { ContactId = record.Id } });
        if (_random.Chance(0.3))
            return;
        var (maker, opener) = _random.Chance(0.5) ? (peer, left) : (left, peer);
        var again = new Acquaintance(maker, opener, _random.Chance(0.4), RequestAnswer.Accept) { Again = true };
        _world.After(_random.Between(0, 20_000), () =>
        {
            maker.Acquaintances.Add(again);
            opener.Acquaintances.Add(again);
        });
        // Who was left writes on and finds the mailbox gone; and who meet again have something to say.
        for (var i = _random.Below(8); i > 0; i--)
        {
            var (from, to) = _random.Chance(0.6) ? (left, peer) : (peer, left);
            _world.After(_random.Between(0, 45_000), () => WriteIfKnown(from, to));
        }
    }

    private static void WriteIfKnown(SimPeer from, SimPeer to)
    {
        if (from.Running && from.View.ContactOf(to.Identity) is { State: ContactState.Accepted or ContactState.Asked or ContactState.Inviting } contact)
            from.Write(contact);
    }

    private void BackUp(SimPeer peer)
    {
        if (peer.View.Self is null)
            return;
        if (_backups.Count == 0 || _random.Chance(0.6))
        {
            var accepted = _world.Peers.Where(other => other != peer && Contacts.AreAccepted(peer, other));
            _backups.Add((peer, peer.Store.Save(), [.. accepted]));
            _world.Note(peer.Name, "is backed up");
            return;
        }

        if (_restores >= 2)
            return;
        if (_backups.TrueForAll(kept => kept.Peer.Deleted))
            return;
        _restores++;
        var (restored, backup, knew) = _random.Pick(_backups.Where(kept => !kept.Peer.Deleted).ToArray());
        restored.PutBack(backup, silently: _silentCopiesPlay);
        // Whom the backup does not know as accepted, it cannot go on with.
        foreach (var other in _world.Peers.Where(other => other != restored && !knew.Contains(other)))
            _world.Ledger.Disturb(restored, other);
        restored.Restart(_random.Between(100, 5_000));
    }
}
