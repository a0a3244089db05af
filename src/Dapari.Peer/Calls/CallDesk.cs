using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Calls;

/// <summary>Calls in the engine: commands come in here, and the board's wishes become effects, rows and entries.</summary>
internal sealed class CallDesk(Parts parts)
{
    /// <summary>People that one may call at once.</summary>
    public const int MaxInvited = 7;

    private readonly CallBoard _board = new();
    private CallNotes? _notes;

    /// <summary>What is said through who began a call of several.</summary>
    public ForwardDesk Forwards { get; } = new(parts.State);

    /// <summary>All calls, for looking at.</summary>
    public CallBoard Board => _board;

    public long? NextDeadline => _board.NextDeadline;

    public void Start(Step step, long token, StartCall command)
    {
        if (Judge(command) is var refusal and not CommandRefusal.Unspecified)
        {
            step.Complete(token, refusal);
            return;
        }

        var people = command.ContactIds.Select(id => parts.Contacts.Find(id)!.Id).Distinct().ToList();
        // Their call rings here already: whoever calls them now has answered it.
        if (people.Count == 1 && _board.RingsFrom(people[0]) is { } ringing)
        {
            refusal = _board.Answer(Host(step), ringing, command.Video, command.Way);
            step.Complete(token, new CommandResult { Refusal = refusal, CallId = refusal == CommandRefusal.Unspecified ? ringing.Id.ToByteString() : ByteString.Empty });
            return;
        }

        var id = people.Count == 1
            ? _board.Start(Host(step), people[0], command.Video, command.Way).Id
            : _board.StartGroup(Host(step), people, command.Video, command.Way);
        step.Complete(token, new CommandResult { CallId = id.ToByteString() });
    }

    public void Answer(Step step, long token, AnswerCall command)
    {
        if (!parts.State.CallsSupported)
            step.Complete(token, CommandRefusal.NoCalls);
        else if (Find(command.CallId) is not { } call)
            step.Complete(token, CommandRefusal.UnknownCall);
        else if (!Enum.IsDefined(command.Way))
            step.Complete(token, CommandRefusal.Malformed);
        else
            step.Complete(token, _board.Answer(Host(step), call, command.Video, command.Way));
    }

    public void End(Step step, long token, EndCall command) => Change(step, token, command.CallId, call => _board.HangUpAll(Host(step), call));

    public void SetMedia(Step step, long token, SetCallMedia command) =>
        Change(step, token, command.CallId, call => _board.SetMedia(Host(step), call, command.Media ?? new CallMedia()));

    public void SetWay(Step step, long token, SetCallWay command)
    {
        if (Find(command.CallId) is not { } call)
            step.Complete(token, CommandRefusal.UnknownCall);
        else if (!Enum.IsDefined(command.Way))
            step.Complete(token, CommandRefusal.Malformed);
        else
            step.Complete(token, _board.SetWay(Host(step), call, command.Way));
    }

    private CallNotes Notes => _notes ??= new CallNotes(parts, _board);

    /// <summary>A call as it was kept.</summary>
    public void Load(CallRow row) => _board.Load(CallRows.Load(row) ?? throw new InvalidDataException("A call row cannot be read."));

    public void Start(Step step) => _board.Resume(Host(step), parts.State.CallsSupported);

    /// <summary>Our own mailbox is looked at: the contact can be told things.</summary>
    public void Ready(Step step, Contact contact) => _board.Ready(Host(step), contact.Id);

    public void Add(Step step, long token, AddToCall command)
    {
        if (Find(command.CallId) is not { } call)
            step.Complete(token, CommandRefusal.UnknownCall);
        else if (parts.Contacts.Find(command.ContactId) is not { } contact)
            step.Complete(token, CommandRefusal.UnknownContact);
        else if (Callable(contact, call.Chosen) is var refusal and not CommandRefusal.Unspecified)
            step.Complete(token, refusal);
        else
            step.Complete(token, _board.Add(Host(step), call, contact.Id));
    }

    public void SignalArrived(Step step, Contact contact, CallSignal signal)
    {
        if (parts.State.CallsSupported && (signal.State.Fellow || !Notes.Holds(step, contact, signal)))
            _board.Arrived(Host(step), contact.Id, signal);
    }

    /// <summary>A contact carries what another says to us, or has us carry what they say to another.</summary>
    public void ForwardArrived(Step step, Contact contact, CallForward forward)
    {
        if (!parts.State.CallsSupported || parts.State.Device is not { } device || !CallForwardCodec.TryRead(forward, out var said, out _)
            || !MessageId.TryRead(said.Group, out var group))
            return;
        var from = new CallPerson { IdentityKey = said.From };
        if (said.To == device.Identity.ToByteString())
        {
            if (_board.IsCarriedBy(contact.Id, group) && CallHost.Judge(parts.State, from, out var id) is Standing.Contact or Standing.Stranger
                && Forwards.IsTheirs(forward, said, id, step.Now.MonotonicMs))
                _board.ForwardArrived(Host(step), contact.Id, from, said.Signal);
        }
        else if (contact.Record.IdentityKey == said.From && CallHost.Judge(parts.State, new CallPerson { IdentityKey = said.To }, out var to) == Standing.Contact
            && _board.MayCarry(contact.Id, to, group, said.Signal.State.Phase) && Forwards.MayFlow(contact.Id, to, step.Now.MonotonicMs))
        {
            parts.Live.TrySend(step, parts.State.Contacts[to], new Content { CallForward = forward });
        }
    }

    /// <summary>A note came in this envelope.</summary>
    public void NoteArrived(Step step, Contact contact, EnvelopeId envelope, CallNote note)
    {
        if (!MessageId.TryRead(note.CallId, out var id) || _board.NoteArrived(Host(step), contact.Id, id, note.State)
            || Notes.EntryOf(step, contact, note) is not { } entry)
            return;
        if (note.State.Caller && entry.Clock > contact.Record.Clock)
            Notes.Found(step, contact, entry, null);
        else
            Notes.Park(step, contact, envelope, entry);
    }

    /// <summary>The store's answer for a parked note.</summary>
    public void NoteFound(Step step, Contact contact, MessageRecord entry, MessageRecord? kept)
    {
        // Heard of meanwhile by a signal, which told at least as much.
        if (!MessageId.TryRead(entry.Id, out var id) || !_board.Knows(id))
            Notes.Found(step, contact, entry, kept);
    }

    /// <summary>The store's answer for a held signal; false: it was for nobody here.</summary>
    public bool Found(Step step, EnvelopeId lookup, MessageRecord? kept)
    {
        if (!Notes.Found(lookup, kept, out var contact, out var signal))
            return false;
        if (contact is not null && signal is not null)
            _board.Arrived(Host(step), contact.Id, signal);
        return true;
    }

    public void LegSignalMade(Step step, ulong leg, Signal signal) => _board.LegSignalMade(Host(step), leg, signal);

    public void LegFactsChanged(Step step, ulong leg, LegFacts facts) => _board.LegFactsChanged(Host(step), leg, facts);

    public void LegClosed(Step step, ulong leg) => _board.LegClosed(Host(step), leg);

    public void NetworkChanged(Step step) => _board.NetworkChanged(Host(step));

    /// <summary>The contact can soon be told nothing any more.</summary>
    public void Leave(Step step, Contact contact) => _board.Leave(Host(step), contact.Id);

    public void Forget(Step step, Contact contact) => _board.Forget(Host(step), contact.Id);

    public void EndAll(Step step) => _board.EndAll(Host(step));

    public void Flush(Step step)
    {
        if (_board.Calls.Count > 0)
            _board.Flush(Host(step));
    }

    public void Tick(Step step)
    {
        if (_board.Calls.Count > 0)
            _board.Tick(Host(step));
    }

    private CallHost Host(Step step) => new(parts, step);

    private Call? Find(ByteString id) => MessageId.TryRead(id, out var parsed) ? _board.Find(parsed) : null;

    private void Change(Step step, long token, ByteString id, Action<Call> change)
    {
        if (Find(id) is not { } call)
        {
            step.Complete(token, CommandRefusal.UnknownCall);
            return;
        }

        change(call);
        step.Done(token);
    }

    private CommandRefusal Judge(StartCall command)
    {
        if (!parts.State.CallsSupported)
            return CommandRefusal.NoCalls;
        if (command.ContactIds.Count is 0 or > MaxInvited)
            return command.ContactIds.Count == 0 ? CommandRefusal.Empty : CommandRefusal.TooMany;
        if (!Enum.IsDefined(command.Way))
            return CommandRefusal.Malformed;
        foreach (var id in command.ContactIds)
        {
            if (parts.Contacts.Find(id) is not { } contact)
                return CommandRefusal.UnknownContact;
            if (Callable(contact, command.Way) is var refusal and not CommandRefusal.Unspecified)
                return refusal;
        }

        return _board.Engaged is null ? CommandRefusal.Unspecified : CommandRefusal.InCall;
    }

    private CommandRefusal Callable(Contact contact, Policy way)
    {
        if (contact.Record.State == ContactState.Blocked)
            return CommandRefusal.Blocked;
        if (!contact.IsAccepted)
            return CommandRefusal.NotAccepted;
        return parts.State.ReachOf(contact, way).Way == Policy.ServerOnly && !CallWays.HasRelay(parts.IceServers) ? CommandRefusal.NoRelay : CommandRefusal.Unspecified;
    }
}
