using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Calls;

/// <summary>The entries of calls in their conversations: one for each call, whatever tells of it, and how often.</summary>
internal static class CallEntries
{
    /// <summary>Puts the entry of an ended call as it is known now.</summary>
    public static void Put(Parts parts, Step step, Contact contact, Call call)
    {
        if (Endings.Outcome(call.Ending) == CallOutcome.Unspecified)
            return;
        var theirs = call.Theirs?.End;
        var record = Endings.Record(call.Video, call.Ending, call.Outgoing ? call.Measure : theirs, call.Outgoing ? theirs : call.Measure);
        var message = Entry(parts, contact, call.Id, call.Outgoing, call.Clock, record);
        message.ShownAtMs = call.StartedWallMs;
        Show(parts, step, contact, message, counts: !call.Counted);
        call.Entered = true;
        call.Counted |= IsInVain(message);
    }

    /// <summary>An entry's record.</summary>
    public static MessageRecord Entry(Parts parts, Contact contact, MessageId id, bool outgoing, ulong clock, CallRecord record)
    {
        // The callee missed what the caller took back, or what never rang.
        if (!outgoing && record.Outcome is CallOutcome.Cancelled or CallOutcome.Unreachable)
            record.Outcome = CallOutcome.Missed;
        return new MessageRecord
        {
            Id = id.ToByteString(),
            ContactId = contact.Record.Id,
            Outgoing = outgoing,
            Clock = clock,
            Kind = MessageKind.Call,
            State = outgoing ? MessageState.Unspecified : MessageState.Received,
            OrderKey = ByteString.CopyFrom(MessageOrder.Key(clock, parts.Chats.IsSmaller(contact, ours: outgoing), id)),
            Call = record,
        };
    }

    /// <summary>Called, and not reached.</summary>
    public static bool IsInVain(MessageRecord message) => !message.Outgoing && message.Call.Outcome is CallOutcome.Missed or CallOutcome.Busy;

    /// <summary>Puts an entry; counts: it does as unread where the person was called in vain.</summary>
    public static void Show(Parts parts, Step step, Contact contact, MessageRecord message, bool counts)
    {
        if (counts && IsInVain(message))
        {
            parts.Chats.Arrived(step, contact, message);
            return;
        }

        // Told by a note only, perhaps of a call in a conversation that was removed here: what is written next comes after it.
        contact.Record.Clock = Math.Max(contact.Record.Clock, message.Clock);
        step.Put(message);
        ChatDesk.Touch(step, contact, message);
        step.Changed(contact);
    }

    /// <summary>The state that tells of an end.</summary>
    public static CallState Ended(Call call, CallEnd measure)
    {
        var end = measure.Clone();
        end.Ending = call.Ending;
        return new CallState { Phase = CallPhase.Ended, Caller = call.Outgoing, Video = call.Video, Clock = call.Clock, End = end };
    }
}
