using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Servers;

/// <summary>Our own mailboxes: made, opened on each connection, acknowledged after the commit, deleted when no longer wanted.</summary>
internal sealed class OwnBoxes(Parts parts)
{
    // Signatures are slow in a browser: a few for each step, so that hundreds of mailboxes never hold up what else is to be done.
    private const int OpenedPerStep = 4;
    private const int AcknowledgeAt = 128;

    private readonly HashSet<OwnBox> _toAcknowledge = [];

    /// <summary>A new mailbox at a server, created there as soon as it is online.</summary>
    public void Added(Step step, OwnBox box)
    {
        parts.State.Boxes.Add(box.Id, box);
        if (parts.Servers.Want(step, box.Record.Server) is { IsOnline: true } connection)
            Open(step, connection, box, creates: true);
    }

    /// <summary>Gives a mailbox up: it is deleted at its server now or later.</summary>
    public void Discard(Step step, OwnBox box)
    {
        _toAcknowledge.Remove(box);
        var gone = new OwnBox(box.Record.Clone(), null, null) { FormerInvite = box.Invite };
        parts.State.Boxes[box.Id] = gone;
        step.Changed(gone);
        if (parts.Servers.Want(step, box.Record.Server) is not { IsOnline: true } connection)
            return;
        if (connection.OpenBoxes.Contains(box.Id))
            Delete(step, connection, gone);
        else
            Open(step, connection, gone, creates: false);
    }

    public void Online(Step step, ServerConnection connection)
    {
        var boxes = parts.State.Boxes.Values.Where(box => box.Record.Server == connection.Origin)
            .OrderByDescending(box => box.Contact?.Record.LastMessage?.ShownAtMs ?? 0)
            .ThenBy(box => box.Id);
        foreach (var box in boxes)
            connection.ToOpen.Enqueue(box);
        OpenSome(step, connection);
    }

    public void OpenSome(Step step, ServerConnection connection)
    {
        if (step.Now.MonotonicMs < connection.PatienceUntil)
            return;
        for (var opened = 0; opened < OpenedPerStep && connection.IsOnline && connection.ToOpen.TryDequeue(out var box);)
        {
            if (parts.State.Boxes.GetValueOrDefault(box.Id) != box)
                continue;
            // As kept, it may have been made since, and by now tell that we are an old copy; the answer to making it again would not.
            Open(step, connection, box, creates: !box.Record.Created && !box.IsGone && box.Checked);
            opened++;
        }
    }

    public void Opened(Step step, ServerConnection connection, OwnBox box, MailboxOpened opened)
    {
        var current = parts.State.Boxes.GetValueOrDefault(box.Id);
        if (current is null)
            return;
        connection.OpenBoxes.Add(box.Id);
        if (!current.Record.Created)
        {
            current.Record.Created = true;
            step.Changed(current);
        }

        if (current.IsGone)
        {
            Delete(step, connection, current);
            return;
        }

        current.Checked = true;

        if (opened.HighestAcknowledged > current.Record.HighestAcknowledged)
        {
            // What was acknowledged was committed first; who remembers less is an old copy of itself.
            current.Record.HighestAcknowledged = opened.HighestAcknowledged;
            step.Changed(current);
            parts.Restorer.Noticed(step);
        }

        parts.Relays.Ready(step, connection);
        if (current.Contact is { } contact)
        {
            parts.Outbox.SessionReady(step, contact);
            parts.Paths.Ready(step, contact);
            parts.Calls.Ready(step, contact);
            parts.Files.DropOffs.Ready(step, contact);
        }

        parts.Wakes.Opened(step, connection, current, opened.Wake);
        AskUsage(step, connection, current);
    }

    /// <summary>Asks what lies in a mailbox, if it is open on this connection.</summary>
    public static void AskUsage(Step step, ServerConnection connection, OwnBox box)
    {
        if (connection.OpenBoxes.Contains(box.Id))
            connection.Send(step, new ClientFrame { GetUsage = new GetUsage { MailboxId = box.Record.MailboxId } }, new Asked.ForUsage(box));
    }

    /// <summary>The server has forgotten what it was told to: a closed invite's mailbox may be empty now.</summary>
    public void Acknowledged(Step step, ServerConnection connection, OwnBox box)
    {
        if (box.Invite is { } invite && !invite.Admits(step.Now.WallMs) && parts.State.Boxes.GetValueOrDefault(box.Id) == box)
            AskUsage(step, connection, box);
    }

    public void Refused(Step step, ServerConnection connection, Asked.ToOpenBox asked, Refusal refusal)
    {
        var box = parts.State.Boxes.GetValueOrDefault(asked.Box.Id);
        if (box is null)
            return;
        switch (refusal)
        {
            case Refusal.UnknownMailbox when box.IsGone:
                DeletedAtServer(step, box);
                break;
            case Refusal.UnknownMailbox when !asked.Creates:
                // Not made yet, or the server lost it: it is made (again), the same.
                box.Record.Created = false;
                box.Record.HighestAcknowledged = 0;
                step.Changed(box);
                Open(step, connection, box, creates: true);
                break;
            case Refusal.Rate or Refusal.Storage:
                connection.ToOpen.Enqueue(box);
                break;
        }
    }

    public void Taken(ServerConnection connection, MailboxId id)
    {
        connection.OpenBoxes.Remove(id);
        connection.Wakes.Remove(id);
    }

    public void Delivered(Step step, ServerConnection connection, MailboxId id, Deliver deliver)
    {
        if (parts.State.Boxes.GetValueOrDefault(id) is not { } box || box.Record.Server != connection.Origin)
            return;
        if (parts.Inbox.Receive(step, Arrival.FromMailbox(box, deliver.LayMs), deliver.Envelope.Span, deliver.Sequence))
            Settle(box, deliver.Sequence);
        if (box.ToAcknowledge.Count < AcknowledgeAt)
            return;
        // A long run of inputs: receipts and acknowledgements do not wait for its end.
        parts.Receipts.Flush(step);
        Acknowledge(step);
    }

    /// <summary>An envelope is dealt with: its server may forget it, once this is committed.</summary>
    public void Settle(OwnBox box, ulong sequence)
    {
        box.ToAcknowledge.Add(sequence);
        _toAcknowledge.Add(box);
    }

    public void LiveDelivered(Step step, ServerConnection connection, MailboxId id, LiveDeliver deliver)
    {
        if (parts.State.Boxes.GetValueOrDefault(id) is { Contact: not null } box && box.Record.Server == connection.Origin)
            parts.Inbox.Receive(step, Arrival.Live(box), deliver.Envelope.Span);
    }

    /// <summary>Says to the servers what is dealt with: the effects of this step come after its commit and all earlier ones.</summary>
    public void Acknowledge(Step step)
    {
        foreach (var box in _toAcknowledge.ToList())
        {
            if (parts.State.Boxes.GetValueOrDefault(box.Id) == box && parts.Servers.Find(box.Record.Server) is { IsOnline: true } connection)
            {
                if (connection.PatienceUntil > step.Now.MonotonicMs)
                    continue;
                foreach (var part in box.ToAcknowledge.Distinct().Chunk(WireLimits.AcknowledgementsPerFrame))
                {
                    connection.Send(step, new ClientFrame
                    {
                        Acknowledge = new Acknowledge { MailboxId = box.Record.MailboxId, Sequences = { part } },
                    }, new Asked.ToAcknowledge(box, part));
                }

                var highest = box.ToAcknowledge.Max();
                if (highest > box.Record.HighestAcknowledged)
                {
                    box.Record.HighestAcknowledged = highest;
                    step.Changed(box);
                }
            }

            box.ToAcknowledge.Clear();
            _toAcknowledge.Remove(box);
        }
    }

    /// <summary>The server could not forget them: it is told again when its patience is over.</summary>
    public void AcknowledgementRefused(Asked.ToAcknowledge asked)
    {
        if (parts.State.Boxes.GetValueOrDefault(asked.Box.Id) != asked.Box)
            return;
        foreach (var sequence in asked.Sequences)
            Settle(asked.Box, sequence);
    }

    /// <summary>The server delivers again what was not acknowledged.</summary>
    public void Lost(ServerConnection connection)
    {
        foreach (var box in _toAcknowledge.Where(box => box.Record.Server == connection.Origin).ToList())
        {
            box.ToAcknowledge.Clear();
            _toAcknowledge.Remove(box);
        }
    }

    public void DeletedAtServer(Step step, OwnBox box)
    {
        if (parts.State.Boxes.Remove(box.Id))
            step.Delete(OwnBox.GoneKey(box.Id));
    }

    public void DeletionRefused(Step step, ServerConnection connection, OwnBox box, Refusal refusal)
    {
        if (refusal == Refusal.UnknownMailbox)
            DeletedAtServer(step, box);
        else if (refusal is Refusal.Rate or Refusal.Storage)
            connection.ToOpen.Enqueue(box);
    }

    private static void Delete(Step step, ServerConnection connection, OwnBox box) =>
        connection.Send(step, new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = box.Record.MailboxId } }, new Asked.ToDeleteBox(box));

    private static void Open(Step step, ServerConnection connection, OwnBox box, bool creates)
    {
        if (connection.Limits is { MailboxesPerConnection: > 0 } limits && connection.OpenBoxes.Count >= limits.MailboxesPerConnection)
            return;
        var signature = ByteString.CopyFrom(box.Owner.Sign(ProofMessage.MailboxOwner(connection.Host, connection.Challenge, box.Id)));
        var frame = creates
            ? new ClientFrame
            {
                CreateMailbox = new CreateMailbox
                {
                    MailboxId = box.Record.MailboxId,
                    OwnerKey = box.Owner.PublicKey.ToByteString(),
                    SenderKey = box.Sender.PublicKey.ToByteString(),
                    Signature = signature,
                },
            }
            : new ClientFrame { OpenMailbox = new OpenMailbox { MailboxId = box.Record.MailboxId, Signature = signature } };
        connection.Send(step, frame, new Asked.ToOpenBox(box, creates));
    }
}
