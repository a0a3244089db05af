using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Checks;

/// <summary>The promises that hold at every moment: checked at each kept step, each frame and each notice.</summary>
internal sealed partial class StepChecks(World world)
{
    private readonly HashSet<(SimPeer Peer, int Lineage, ByteString Message)> _announced = [];

    // Kept and removed with the conversation by the person: perhaps before anything was said of it, in one commit.
    private readonly HashSet<(SimPeer Peer, MessageId Message)> _removed = [];

    public KeyUse Keys { get; } = new(world);

    /// <summary>Completed means kept.</summary>
    public void Said(SimPeer peer, SendText said, CommandRefusal refusal)
    {
        MessageId.TryRead(said.MessageId, out var id);
        var kept = peer.Store.Find(id) is not null || _removed.Contains((peer, id));
        if (refusal == CommandRefusal.Unspecified && !kept)
            world.Broken($"{peer.Name} was told that {Short(id)} is sent, and the store does not have it");
        // Said again to an old copy that forgot it, while one who had received it gave its id to a text of its own: two messages of one id cannot be.
        var isTaken = world.Ledger.WasRestored(peer) && peer.Store.Find(id) is { Outgoing: false } taken && world.IsHostile(peer, taken.ContactId);
        if (refusal is CommandRefusal.Malformed or CommandRefusal.TooLong or CommandRefusal.Empty && !(isTaken && refusal == CommandRefusal.Malformed))
            world.Broken($"{peer.Name}: a good text was refused: {refusal}");
    }

    /// <summary>A message is announced as arrived once in a device's life.</summary>
    public void Noticed(SimPeer peer, Notice notice)
    {
        foreach (var change in notice.Messages)
        {
            // What they wrote themselves is shown as it is, whoever they wrote to.
            if (!change.Record.Outgoing && world.IsHostile(peer, change.Record.ContactId))
                continue;
            MessageId.TryRead(change.Record.Id, out var id);
            // Removed in the commit that it arrived in: it may come again, for nobody knows of it.
            if (change.Arrived && !_removed.Contains((peer, id)) && !_announced.Add((peer, peer.Lineage, change.Record.Id)))
                world.Broken($"{peer.Name} announces {Short(id)} twice");
            var kept = peer.Store.Find(id);
            if (kept is null && !_removed.Contains((peer, id)))
                world.Broken($"{peer.Name} shows {Short(id)}, which is not kept");
            else if (change.Record.State > kept?.State)
                world.Broken($"{peer.Name} shows {Short(id)} as {change.Record.State}, kept is {kept.State}");
        }
    }

    public void FrameLeaves(SimPeer peer, PeerEffect.SendToServer send)
    {
        if (!FrameCodec.TryRead(send.Frame, out ClientFrame? frame, out _))
            return; // The server says so.
        if (frame.KindCase == ClientFrame.KindOneofCase.Post)
        {
            if (MailboxId.TryRead(frame.Post.MailboxId, out var mailbox) && EnvelopeId.TryRead(frame.Post.EnvelopeId, out var id))
            {
                var bytes = frame.Post.Envelope.ToByteArray();
                Keys.Leaves(peer, mailbox, bytes);
                world.Adversary.Saw(send.Origin, mailbox, id, bytes);
            }
        }
        else if (frame.KindCase == ClientFrame.KindOneofCase.Live && MailboxId.TryRead(frame.Live.MailboxId, out var to))
        {
            Keys.Leaves(peer, to, frame.Live.Envelope.ToByteArray());
        }
    }

    public void EnvelopeLeaves(SimPeer peer, PeerEffect.SendOnPath send)
    {
        if (peer.OtherEnd(send.Path) is { } other)
            Keys.LeavesOnPath(peer, other, send.Envelope);
    }

    public void BeforeKeep(SimPeer peer, StoreBatch batch)
    {
        // What was removed with its conversation may come again: nobody knows of it any more.
        foreach (var contact in peer.View.Contacts.Values.Where(contact => ContactId.TryRead(contact.Id, out var id) && batch.ForgottenConversations.Contains(id)))
        {
            if (world.PeerOf(contact.IdentityKey) is { } left && world.Ledger.HaveParted(peer, left))
                world.Ledger.Part(peer, left);
        }

        foreach (var message in batch.ForgottenConversations.SelectMany(peer.Store.Conversation))
        {
            _announced.Remove((peer, peer.Lineage, message.Id));
            if (MessageId.TryRead(message.Id, out var gone))
                _removed.Add((peer, gone));
        }

        Transfers(peer, batch);
        foreach (var message in batch.Messages)
        {
            if (!MessageId.TryRead(message.Id, out var id) || message.OrderKey.Length != 16)
            {
                world.Broken($"{peer.Name} keeps a message without id or order key");
                continue;
            }

            var hostile = world.IsHostile(peer, message.ContactId);
            if (!message.Outgoing && hostile && peer.Store.LeavesOut(id, message))
                continue;
            _removed.Remove((peer, id));
            var former = peer.Store.Find(id);
            if (former is not null && (former.Text != message.Text || former.Outgoing != message.Outgoing
                || former.ContactId != message.ContactId || former.OrderKey != message.OrderKey || former.Clock != message.Clock))
                world.Broken($"{peer.Name} changes what {Short(id)} says or where it stands");
            if (message.Kind == MessageKind.Files && !(hostile && !message.Outgoing))
                Offer(peer, id, message, former);
            if (message.Kind != MessageKind.Text || (hostile && !message.Outgoing))
                continue;
            if (!world.Ledger.Texts.TryGetValue(id, out var text) || text.Text != message.Text
                || (message.Outgoing ? text.Sender : text.Recipient) != peer)
            {
                world.Broken($"{peer.Name} keeps a text that nobody wrote: {Short(id)}");
                continue;
            }

            if (message.Outgoing)
                Outgoing(peer, id, message, former, text, hostile);
            else
                Incoming(peer, id, message, former, text);
        }
    }

    public void AfterKeep(SimPeer peer, PeerInput input, PeerStep step)
    {
        foreach (var (key, value) in step.Batch.State)
        {
            if (value is null)
                continue;
            if (peer.View.Contacts.TryGetValue(key, out var contact))
                Contact(peer, contact);
            else if (peer.View.Invites.TryGetValue(key, out var invite) && invite.Mailbox is { } own && MailboxId.TryRead(own.MailboxId, out var box))
                Keys.Learn(box, peer, ByteString.Empty, own.WrapKey);
            else if (key == "self" && peer.View.Self is { } self)
                Self(peer, self);
        }

        foreach (var effect in step.Effects)
            Allowed(peer, input, effect);
    }

    private void Self(SimPeer peer, SelfRecord self)
    {
        world.Knows(peer, self);
        if (self.Incarnation > peer.Incarnation && peer.Unnoticed.Count > 0)
        {
            // It noticed that it is an old copy. What it sealed before leaves with this commit, later nothing of the kind does.
            var lineage = peer.Lineage;
            world.After(0, () =>
            {
                if (peer.Lineage == lineage)
                    peer.Unnoticed.Clear();
            });
        }

        peer.Incarnation = self.Incarnation;
    }

    private void Contact(SimPeer peer, ContactRecord contact)
    {
        if (contact.Mailbox is { } own && MailboxId.TryRead(own.MailboxId, out var mailbox))
            Keys.Learn(mailbox, peer, contact.IdentityKey, own.WrapKey);
        if (contact.IdentityKey.IsEmpty)
            return; // Their invite is not read yet.
        if (world.PeerOf(contact.IdentityKey) is not { } other)
        {
            world.Broken($"{peer.Name} has a contact that is nobody");
            return;
        }

        world.Ledger.Read(peer, other, contact.ReadThrough);
        if (!world.Ledger.WasAttacked(peer, other) && contact.TheyReadThrough > world.Ledger.EverRead(other, peer))
            world.Broken($"{peer.Name} believes that {other.Name} read through {contact.TheyReadThrough}; it was {world.Ledger.EverRead(other, peer)}");
        if (contact.State == ContactState.Blocked)
            world.Ledger.Disturb(peer, other);
    }

    private void Outgoing(SimPeer peer, MessageId id, MessageRecord message, MessageRecord? former, WrittenText text, bool hostile)
    {
        if (EnvelopeId.TryRead(message.EnvelopeId, out var envelope))
            text.Envelopes.Add(envelope);
        if (former is null)
        {
            var last = peer.Store.Messages.Values.Where(other => other.ContactId == message.ContactId)
                .Select(other => other.OrderKey).MaxBy(key => key, OrderKeys.Comparer);
            if (last is not null && OrderKeys.Comparer.Compare(last, message.OrderKey) >= 0)
                world.Broken($"{peer.Name} composes {Short(id)} and it does not come last");
            world.Figures.Messages++;
            world.Ledger.Kept(text);
        }
        else if (message.State < former.State)
        {
            world.Broken($"{peer.Name}: {Short(id)} goes back from {former.State} to {message.State}");
        }

        switch (message.State)
        {
            case MessageState.OnServer when !world.Ledger.WasDurable(text.Envelopes):
                world.Broken($"{peer.Name} says that {Short(id)} is on the server; no server said so");
                break;
            // Who keeps to no rule gives receipts for what it never had.
            case MessageState.Delivered or MessageState.Read when hostile:
                break;
            case MessageState.Delivered or MessageState.Read when !world.Ledger.EverArrived(text.Recipient, id):
                world.Broken($"{peer.Name} says that {Short(id)} is delivered; {text.Recipient.Name} never kept it");
                break;
            case MessageState.Read when message.Clock > world.Ledger.EverRead(text.Recipient, peer):
                world.Broken($"{peer.Name} says that {Short(id)} is read; {text.Recipient.Name} never read that far");
                break;
            case MessageState.Received or MessageState.Unspecified:
                world.Broken($"{peer.Name}: an outgoing message is {message.State}");
                break;
            default:
                break;
        }
    }

    private void Incoming(SimPeer peer, MessageId id, MessageRecord message, MessageRecord? former, WrittenText text)
    {
        if (message.State != MessageState.Received)
            world.Broken($"{peer.Name}: an incoming message is {message.State}");
        if (former is not null)
            return;
        if (text.Order == 0)
            world.Broken($"{peer.Name} received {Short(id)} before its sender kept it");
        var contact = peer.View.ContactOf(text.Sender.Identity);
        if (contact?.State == ContactState.Blocked)
            world.Broken($"{peer.Name} keeps {Short(id)} of a blocked contact");
        world.Figures.Arrived++;
        if (message.Route?.Route == Route.Direct)
            world.Figures.ArrivedDirect++;
        if (message.Route is null || message.Route.Route is Route.Unspecified or Route.Waiting || message.Route.Reason == Reason.Unspecified)
            world.Broken($"{peer.Name} keeps {Short(id)} without saying how it came: {message.Route}");
        world.Ledger.Arrived(peer, id);
    }

    internal static string Short(MessageId id) => id.ToString()[..8];
}
