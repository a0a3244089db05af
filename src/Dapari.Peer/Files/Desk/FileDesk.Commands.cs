using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using Kind = Dapari.Peer.Local.Command.KindOneofCase;

namespace Dapari.Peer.Files;

/// <summary>What the person says of files.</summary>
internal sealed partial class FileDesk
{
    /// <summary>An offer as a content, in bytes, at most: what does not fit goes into a manifest.</summary>
    public const int MostOfferBytes = WireLimits.ContentBytes - 2 * 1024;

    // Offers said again, not composed before the store was asked.
    private readonly Dictionary<EnvelopeId, Draft> _drafts = [];

    public void Say(Step step, long token, Command command)
    {
        switch (command.KindCase)
        {
            case Kind.SendFiles:
                Send(step, token, command.SendFiles);
                break;
            case Kind.WantFiles:
                Change(step, token, command.WantFiles.TransferId, (machine, inner, id) => machine.Want(inner, id));
                break;
            case Kind.PauseFiles when command.PauseFiles.Paused:
                Change(step, token, command.PauseFiles.TransferId, (machine, inner, id) => machine.Pause(inner, id));
                break;
            case Kind.PauseFiles:
                Change(step, token, command.PauseFiles.TransferId, (machine, inner, id) => machine.Resume(inner, id));
                break;
            case Kind.CancelFiles:
                Change(step, token, command.CancelFiles.TransferId, (machine, inner, id) => machine.Cancel(inner, id));
                break;
            case Kind.RetryFiles:
                Retry(step, token, command.RetryFiles.TransferId);
                break;
            case Kind.LeaveFiles:
                Leave(step, token, command.LeaveFiles);
                break;
            case Kind.SetFileRules:
                _parts.State.Self!.ReceiveUnaskedBytes = command.SetFileRules.ReceiveUnaskedBytes;
                step.SelfChanged();
                step.Done(token);
                break;
            case Kind.SourceChosen:
                Change(step, token, command.SourceChosen.TransferId, (_, _, id) =>
                {
                    if (_machine.Find(id) is { Record.Outgoing: true } transfer)
                        Order(step, new FileOrder.OpenSource(id, transfer.Layout.All));
                });
                break;
            case Kind.AskDropOffRoom:
                DropOffs.AskRoom(step, token);
                break;
        }
    }

    private bool FoundDraft(Step step, EnvelopeId lookup, MessageRecord? kept)
    {
        if (!_drafts.Remove(lookup, out var draft))
            return false;
        var refusal = CommandRefusal.Unspecified;
        if (kept is not null)
            refusal = kept.Outgoing && kept.ContactId == draft.Contact.Record.Id ? CommandRefusal.Unspecified : CommandRefusal.Malformed;
        else
            refusal = Compose(step, draft.Contact, draft.Command);
        foreach (var token in draft.Tokens)
            step.Complete(token, refusal);
        return true;
    }

    private void Send(Step step, long token, SendFiles command)
    {
        if (_parts.Contacts.Find(command.ContactId) is not { } contact)
        {
            step.Complete(token, CommandRefusal.UnknownContact);
            return;
        }

        if (!MessageId.TryRead(command.MessageId, out var id) || !EnvelopeId.TryRead(command.MessageId, out var lookup))
        {
            step.Complete(token, CommandRefusal.Malformed);
            return;
        }

        // Said twice (a tab that lost its owner says it again): it is on its way.
        if (contact.Queue.Find(id) is not null || contact.Record.LastMessage?.Id == command.MessageId || contact.Lately.Contains(id))
        {
            step.Done(token);
            return;
        }

        if (_drafts.TryGetValue(lookup, out var before))
        {
            before.Tokens.Add(token);
            return;
        }

        if (!command.Again)
        {
            step.Complete(token, Compose(step, contact, command));
            return;
        }

        _drafts.Add(lookup, new Draft(contact, command, [token]));
        step.Do(new PeerEffect.FindMessage(lookup, id));
    }

    private CommandRefusal Judge(Contact contact, SendFiles command, string caption)
    {
        if (!_parts.State.FilesSupported)
            return CommandRefusal.NoFiles;
        if (_parts.State.Contacts.GetValueOrDefault(contact.Id) != contact)
            return CommandRefusal.UnknownContact;
        if (!contact.IsAccepted)
            return contact.Record.State == ContactState.Blocked ? CommandRefusal.Blocked : CommandRefusal.NotAccepted;
        if (MessageText.Check(caption) == TextFault.TooLong)
            return CommandRefusal.TooLong;
        if (command.Items.Count is 0 or > WireLimits.FilesPerTransfer)
            return command.Items.Count == 0 ? CommandRefusal.Empty : CommandRefusal.TooMany;
        if (!Enum.IsDefined(command.Way) || !TransferId.TryRead(command.TransferId, out var id) || _machine.Find(id) is not null)
            return CommandRefusal.Malformed;
        if (contact.Queue.QueuedMessages >= ChatDesk.MaxQueued || _machine.Open.Count >= FileTransfers.MaxTransfers
            || _machine.Open.Count(transfer => transfer.Contact == contact.Id && transfer.Record.Outgoing) >= FileTransfers.MaxOffered)
            return CommandRefusal.TooMany;
        return command.Way == Policy.DirectOnly && IsHidden(contact) ? CommandRefusal.NoWay : CommandRefusal.Unspecified;
    }

    private CommandRefusal Compose(Step step, Contact contact, SendFiles command)
    {
        var caption = MessageText.Normalize(command.Caption);
        if (Judge(contact, command, caption) is var refusal and not CommandRefusal.Unspecified)
            return refusal;
        var choice = _parts.Paths.Choose(contact);
        var offer = new FileOffer
        {
            MessageId = command.MessageId, Clock = contact.Record.Clock + 1, Caption = caption, ComposedAtMs = step.WallMs,
            IntendedRoute = choice.Route, IntendedReason = choice.Reason, TransferId = command.TransferId, Manifest = command.Manifest,
            Twin = command.Twin, ItemCount = (uint)command.Items.Count, TotalSize = command.Items.Aggregate(0UL, (sum, item) => sum + (item.Blob?.Size ?? 0)),
        };
        if (offer.Manifest is null)
            offer.Items.Add(command.Items);
        // All of them: what a manifest says is what the recipient will hold it to.
        if (FileCheck.Check(offer) != ContentFault.None || FileCheck.Check(command.Items, offer.ItemCount, offer.TotalSize) != ContentFault.None)
            return CommandRefusal.Malformed;
        var content = new Content { File = offer };
        if (content.CalculateSize() > MostOfferBytes)
            return CommandRefusal.TooLong;
        var way = WayOf(contact, command.Way);
        // Where no path can come about, waiting for one would be for ever.
        var leave = way != Policy.DirectOnly && (command.Leave || way == Policy.ServerOnly || IsHidden(contact));
        Hope(step, contact);
        var offered = false;
        Run(step, (machine, inner) => offered = machine.Offered(
            inner, contact.Id, offer, outgoing: true, new FileManifest { Items = { command.Items } }, command.Way, leave));
        if (!offered)
            return CommandRefusal.Malformed;
        Enter(step, contact, offer, command);
        return CommandRefusal.Unspecified;
    }

    private void Enter(Step step, Contact contact, FileOffer offer, SendFiles command)
    {
        if (!MessageId.TryRead(offer.MessageId, out var id))
            throw new InvalidOperationException("An offer without an id.");
        contact.Record.Clock = offer.Clock;
        var message = new MessageRecord
        {
            Id = offer.MessageId, ContactId = contact.Record.Id, Outgoing = true, Clock = offer.Clock, Kind = MessageKind.Files, Text = offer.Caption,
            State = MessageState.Queued, Route = new RouteRecord { Route = offer.IntendedRoute, Reason = offer.IntendedReason },
            ShownAtMs = step.WallMs, ComposedAtMs = step.WallMs, File = FileEntries.Of(offer, command.Way),
            OrderKey = ByteString.CopyFrom(MessageOrder.Key(offer.Clock, _parts.Chats.IsSmaller(contact, ours: true), id)),
        };
        if (offer.Manifest is not null)
            message.File.Files.Add(FileEntries.OfManifest(new FileManifest { Items = { command.Items } }));
        step.Put(message);
        contact.Lately.Add(id, FileEntries.Short(message));
        ChatDesk.Touch(step, contact, message);
        contact.OwnTyping = false;
        _parts.Outbox.SendMessage(step, contact, message, new Content { File = offer });
        _parts.Paths.Active(step, contact);
    }

    private void Retry(Step step, long token, ByteString transfer) => Change(step, token, transfer, (machine, inner, id) =>
    {
        DropOffs.Retry(id);
        machine.Resume(inner, id);
    });

    private void Leave(Step step, long token, LeaveFiles command)
    {
        if (TransferId.TryRead(command.TransferId, out var id) && _machine.Find(id) is { IsOver: false, Record.Outgoing: true } transfer
            && WayOf(transfer) == (command.Leave ? Policy.DirectOnly : Policy.ServerOnly))
        {
            step.Complete(token, CommandRefusal.NoWay);
            return;
        }

        Change(step, token, command.TransferId, (machine, inner, known) => machine.Leave(inner, known, command.Leave));
    }

    private void Change(Step step, long token, ByteString transfer, Action<FileTransfers, FileStep, TransferId> change)
    {
        if (!_parts.State.FilesSupported)
        {
            step.Complete(token, CommandRefusal.NoFiles);
            return;
        }

        if (!TransferId.TryRead(transfer, out var id) || _machine.Find(id) is not { IsOver: false })
        {
            step.Complete(token, CommandRefusal.UnknownTransfer);
            return;
        }

        Run(step, (machine, inner) => change(machine, inner, id));
        step.Done(token);
    }

    private sealed record Draft(Contact Contact, SendFiles Command, List<long> Tokens);
}
