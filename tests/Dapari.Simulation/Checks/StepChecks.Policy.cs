using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Checks;

/// <summary>Policies are honoured from the step on that keeps them.</summary>
internal sealed partial class StepChecks
{
    private void Allowed(SimPeer peer, PeerInput input, PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.SendToServer send when FrameCodec.TryRead(send.Frame, out ClientFrame? frame, out _):
                if (frame.KindCase == ClientFrame.KindOneofCase.Post)
                    Posted(peer, frame.Post);
                if (input is PeerInput.PathSignalMade
                    && frame.KindCase is ClientFrame.KindOneofCase.Live or ClientFrame.KindOneofCase.Post
                    && MailboxId.TryRead(frame.Live?.MailboxId ?? frame.Post.MailboxId, out var mailbox)
                    && Recipient(peer, mailbox) is { } contact && HidesAddress(peer, contact))
                    world.Broken($"{peer.Name} lets a signal out towards {world.PeerOf(contact.IdentityKey)?.Name}, server only");
                break;
            case PeerEffect.OpenPath or PeerEffect.AcceptSignal
                when input is PeerInput.ServerSent { Frame: var bytes }
                && FrameCodec.TryRead(bytes, out ServerFrame? frame, out _) && frame.KindCase == ServerFrame.KindOneofCase.LiveDeliver
                && MailboxId.TryRead(frame.LiveDeliver.MailboxId, out var own) && Keys.TryFind(own, out _, out var identity)
                && peer.View.ContactOf(identity) is { } from && HidesAddress(peer, from):
                world.Broken($"{peer.Name} takes up a signal of {world.PeerOf(identity)?.Name}, server only");
                break;
            case PeerEffect.OpenPath when peer.View.Contacts.Values.All(contact => HidesAddress(peer, contact)):
                world.Broken($"{peer.Name} opens a path, and every contact is server only");
                break;
            default:
                break;
        }
    }

    private static bool HidesAddress(SimPeer peer, ContactRecord contact) =>
        contact.State != ContactState.Accepted || contact.TheyHideAddress || peer.View.PolicyTowards(contact) == Policy.ServerOnly;

    private void Posted(SimPeer peer, Post post)
    {
        if (!EnvelopeId.TryRead(post.EnvelopeId, out var id) || !peer.View.Outbox.TryGetValue(id, out var record) || record.Message is null)
            return;
        var contact = peer.View.Contacts.Values.FirstOrDefault(one => one.Id == record.ContactId);
        if (contact is not null && peer.View.PolicyTowards(contact) == Policy.DirectOnly)
            world.Broken($"{peer.Name} posts a message to {world.PeerOf(contact.IdentityKey)?.Name}, direct only");
    }

    private ContactRecord? Recipient(SimPeer peer, MailboxId mailbox) =>
        Keys.TryFind(mailbox, out var owner, out _) ? peer.View.ContactOf(owner.Identity) : null;
}
