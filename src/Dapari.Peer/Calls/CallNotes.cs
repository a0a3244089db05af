using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Calls;

/// <summary>
/// Ends of calls that are told later: by a note, or by a late sign. A call that is not known any more may be in the conversation already, so the store
/// is asked, unless its clock says that it is new.
/// </summary>
internal sealed class CallNotes(Parts parts, CallBoard board)
{
    private const int MaxUnsure = 64;

    // Signs of calls that may be long over, by their lookup's name.
    private readonly Dictionary<EnvelopeId, (Contact Contact, CallSignal Signal)> _unsure = [];

    // Entries of late: a note sealed twice is looked up twice, and the store answers both before it keeps the first.
    private readonly Recent<MessageId, MessageRecord> _shown = new(MaxUnsure);

    /// <summary>Whether the store has to be asked first; then the signal waits for its answer.</summary>
    public bool Holds(Step step, Contact contact, CallSignal signal)
    {
        if (!MessageId.TryRead(signal.CallId, out var id) || board.Knows(id) || !signal.State.Caller || signal.State.Clock > contact.Record.Clock)
            return false;
        if (!EnvelopeId.TryRead(signal.CallId, out var lookup))
            throw new InvalidOperationException("Ids have one length.");
        if (_unsure.TryGetValue(lookup, out var before))
        {
            if (before.Contact == contact && before.Signal.Revision < signal.Revision)
                _unsure[lookup] = (contact, signal);
        }
        else if (_unsure.Count < MaxUnsure)
        {
            _unsure.Add(lookup, (contact, signal));
            step.Do(new PeerEffect.FindMessage(lookup, id));
        }

        return true;
    }

    /// <summary>The store's answer for a held signal; the signal, if the call is new after all. False: it was for nobody here.</summary>
    public bool Found(EnvelopeId lookup, MessageRecord? kept, out Contact? contact, out CallSignal? signal)
    {
        contact = null;
        signal = null;
        if (!_unsure.Remove(lookup, out var held))
            return false;
        if (kept is null && held.Contact.IsAccepted && parts.State.Contacts.GetValueOrDefault(held.Contact.Id) == held.Contact)
            (contact, signal) = held;
        return true;
    }

    /// <summary>The entry that a note makes; null: none.</summary>
    public MessageRecord? EntryOf(Step step, Contact contact, CallNote note)
    {
        if (!MessageId.TryRead(note.CallId, out var id) || note.State.End is not { } end || note.State.Clock is 0 or > long.MaxValue
            || end.Ending is CallEnding.Absorbed)
            return null;
        var caller = note.State.Caller;
        // Whether we were in it is with the entry, if there is one.
        var ending = Endings.Admit(end.Ending, caller, joined: true);
        if (ending == CallEnding.Unspecified)
            ending = Endings.Admit(end.Ending, caller, joined: false);
        var record = Endings.Record(note.State.Video, ending == CallEnding.Unspecified ? CallEnding.Missed : ending, caller ? end : null, caller ? null : end);
        var message = CallEntries.Entry(parts, contact, id, !caller, MessageOrder.Accept(note.State.Clock, contact.Record.Clock), record);
        message.ShownAtMs = step.WallMs;
        return message;
    }

    /// <summary>A note's entry, and what the store has under its id.</summary>
    public void Found(Step step, Contact contact, MessageRecord message, MessageRecord? kept)
    {
        if (!MessageId.TryRead(message.Id, out var id))
            return;
        if (kept is null && _shown.TryGet(id, out var shown))
            kept = shown;
        if (kept is null)
        {
            // Of a call of our own we would know.
            if (message.Outgoing)
                return;
            _shown.Add(id, message);
            CallEntries.Show(parts, step, contact, message, counts: true);
            return;
        }

        if (kept.Kind != MessageKind.Call || kept.Call is null || kept.ContactId != message.ContactId || kept.Outgoing != message.Outgoing)
            return;
        var merged = Endings.Merge(kept.Call, kept.Outgoing, message.Call);
        if (merged.Equals(kept.Call))
            return;
        var counted = CallEntries.IsInVain(kept);
        kept.Call = merged;
        CallEntries.Show(parts, step, contact, kept, counts: !counted);
    }

    /// <summary>Keeps an entry until the store has answered whether it has one.</summary>
    public void Park(Step step, Contact contact, EnvelopeId envelope, MessageRecord message)
    {
        if (!MessageId.TryRead(message.Id, out var id))
            return;
        var parked = new ParkedMessage { ContactId = contact.Record.Id, Message = message };
        parts.State.Parked[envelope] = parked;
        step.Batch.State[Inbox.ParkedKey(envelope)] = parked.ToByteArray();
        step.Do(new PeerEffect.FindMessage(envelope, id));
    }
}
