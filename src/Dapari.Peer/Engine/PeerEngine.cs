using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Wire;
using Kind = Dapari.Peer.Local.Command.KindOneofCase;

namespace Dapari.Peer.Engine;

/// <summary>
/// A peer without its hands: bytes, commands and time in; a batch to keep, effects and the next deadline out. One owner; not thread-safe.
/// Inputs are handled in order: one step's batch must be durable before its effects happen. Several steps may be kept in one commit.
/// </summary>
/// <remarks>
/// Step 1: the input finds its part. Step 2: when the inputs are drained, what was gathered goes: receipts, reports, acknowledgements.
/// Step 3: changed rows are written into the batch, once. Step 4: a notice, if something visible changed.
/// </remarks>
public sealed class PeerEngine
{
    private readonly Parts _parts;
    private Moment _now;
    private bool _wiped;

    private PeerEngine(Parts parts, Moment now)
    {
        _parts = parts;
        _now = now;
    }

    /// <summary>When a <see cref="PeerInput.Tick"/> is wanted, in <see cref="Moment.MonotonicMs"/>; null: never.</summary>
    public long? NextDeadline
    {
        get
        {
            if (_wiped)
                return null;
            var next = Deadline.Earlier(_parts.Servers.NextDeadline, _parts.Outbox.NextDeadline);
            next = Deadline.Earlier(next, Deadline.Earlier(_parts.Inbox.NextDeadline, _parts.Prekeys.NextDeadline));
            next = Deadline.Earlier(next, Deadline.Earlier(_parts.Invites.NextDeadline, _parts.Paths.NextDeadline(_now.MonotonicMs)));
            next = Deadline.Earlier(next, Deadline.Earlier(_parts.Calls.NextDeadline, _parts.Relays.NextDeadline));
            next = Deadline.Earlier(next, _parts.Files.NextDeadline);
            foreach (var contact in _parts.State.Contacts.Values)
            {
                if (contact.TypingUntil != long.MinValue)
                    next = Deadline.Earlier(next, contact.TypingUntil);
                if (contact.OpeningToken is not null)
                    next = Deadline.Earlier(next, contact.OpeningUntil);
                next = Deadline.Earlier(next, _parts.Keys.DeadlineOf(contact));
            }

            return next is { } due ? Math.Max(due, _now.MonotonicMs) : null;
        }
    }

    /// <summary>The small state as of the last step, or as it was kept before the first; replaced, never changed.</summary>
    public Snapshot Snapshot => _parts.Views.Last;

    /// <summary>For tests that play a hostile peer.</summary>
    internal Parts Parts => _parts;

    /// <summary>Rebuilds the engine from what was kept; no rows: a peer before its first start.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read: the store is damaged or from a newer version.</exception>
    public static PeerEngine Load(IReadOnlyList<StateRow> rows, RandomSource random, bool pathsSupported, Moment now, bool callsSupported = false, bool filesSupported = false,
        bool nearbySupported = false, FileCredit? fileCredit = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(random);
        var parts = new Parts(new PeerState(random, pathsSupported, callsSupported, filesSupported, nearbySupported, fileCredit));
        Loader.Load(parts, rows);
        parts.Views.Loaded(now);
        return new PeerEngine(parts, now);
    }

    /// <summary>Handles one input.</summary>
    public PeerStep Handle(PeerInput input, Moment now)
    {
        ArgumentNullException.ThrowIfNull(input);
        _now = now;
        var step = new Step(_parts.State, now);
        if (_wiped)
        {
            if (input is PeerInput.Said said)
                step.Complete(said.Token, CommandRefusal.NoIdentity);
            return new PeerStep(step.Batch, step.Effects);
        }

        Route(step, input);
        if (_wiped)
            return new PeerStep(new StoreBatch(), step.Effects);
        _parts.Files.Watch(step);
        _parts.Nearby.Watch(step);
        step.Flush();
        _parts.Views.Finish(step);
        return new PeerStep(step.Batch, step.Effects);
    }

    /// <summary>Turns what an old backup holds into rows that are safe to go on from: a new incarnation, sessions that no longer seal, prekeys to replace.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public static IReadOnlyList<StateRow> Restore(IReadOnlyList<StateRow> backup, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(backup);
        ArgumentNullException.ThrowIfNull(random);
        try
        {
            return Restorer.Restore(backup, random);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException fault)
        {
            throw new InvalidDataException("A row of the backup cannot be read.", fault);
        }
    }

    private void Route(Step step, PeerInput input)
    {
        switch (input)
        {
            case PeerInput.Start:
                Start(step);
                break;
            case PeerInput.Said said:
                Say(step, said.Token, said.Command);
                break;
            case PeerInput.Tick:
                Tick(step);
                break;
            case PeerInput.Drained:
                _parts.Inbox.Report(step);
                _parts.Receipts.Flush(step);
                _parts.Boxes.Acknowledge(step);
                _parts.Calls.Flush(step);
                _parts.Seals.Prepare(step);
                break;
            case PeerInput.ServerConnected connected:
                _parts.Servers.Connected(step, connected.Origin);
                break;
            case PeerInput.ServerDisconnected disconnected:
                _parts.Servers.Disconnected(step, disconnected.Origin);
                break;
            case PeerInput.ServerSent sent:
                _parts.Servers.Sent(step, sent.Origin, sent.Frame);
                break;
            case PeerInput.PathSignalMade made:
                _parts.Paths.SignalMade(step, made.Path, made.Signal);
                break;
            case PeerInput.PathOpened opened:
                _parts.Paths.Opened(step, opened.Path, opened.Facts);
                break;
            case PeerInput.PathFactsChanged changed:
                _parts.Paths.FactsChanged(step, changed.Path, changed.Facts);
                break;
            case PeerInput.PathClosed closed:
                _parts.Paths.Closed(step, closed.Path);
                break;
            case PeerInput.PathReceived received:
                _parts.Paths.Received(step, received.Path, received.Envelope);
                break;
            case PeerInput.NearbyFound found:
                _parts.Nearby.Found(step, found.Contact);
                break;
            case PeerInput.NearbyLost lost:
                _parts.Nearby.Lost(step, lost.Contact);
                break;
            case PeerInput.NearbyReceived received:
                _parts.Nearby.Received(step, received.Contact, received.Message);
                break;
            case PeerInput.LegSignalMade made:
                _parts.Calls.LegSignalMade(step, made.Leg, made.Signal);
                break;
            case PeerInput.LegFactsChanged changed:
                _parts.Calls.LegFactsChanged(step, changed.Leg, changed.Facts);
                break;
            case PeerInput.LegClosed closed:
                _parts.Calls.LegClosed(step, closed.Leg);
                break;
            case PeerInput.FileHappened happened:
                _parts.Files.Happened(step, happened.Event);
                break;
            case PeerInput.NetworkChanged:
                _parts.Paths.NetworkChanged(step);
                _parts.Calls.NetworkChanged(step);
                RetryNow(step);
                break;
            case PeerInput.Found found:
                _parts.Inbox.Found(step, found.Envelope, found.Message);
                break;
            default:
                throw new ArgumentException("An input of an unknown kind.", nameof(input));
        }
    }

    private void Start(Step step)
    {
        _parts.Servers.Start(step);
        _parts.Inbox.Start(step);
        _parts.Receipts.Start();
        _parts.Openings.Retry(step);
        _parts.Calls.Start(step);
        _parts.Files.Start(step);
        _parts.Views.Start(step);
    }

    private void Tick(Step step)
    {
        _parts.Servers.Tick(step);
        _parts.Relays.Tick(step);
        _parts.Outbox.Tick(step);
        _parts.Inbox.Report(step);
        _parts.Keys.Tick(step);
        _parts.Prekeys.Tick(step);
        _parts.Invites.Tick(step);
        _parts.Openings.Tick(step);
        _parts.Chats.Tick(step);
        _parts.Paths.Tick(step);
        _parts.Calls.Tick(step);
        _parts.Files.Tick(step);
    }

    private void RetryNow(Step step)
    {
        _parts.Servers.RetryNow(step);
        _parts.Outbox.Retry(step);
        _parts.Openings.Retry(step);
    }

    private void Say(Step step, long token, Command command)
    {
        if (command.KindCase == Kind.CreateIdentity)
        {
            _parts.Profile.Create(step, token, command.CreateIdentity);
            return;
        }

        if (_parts.State.Self is null)
        {
            step.Complete(token, CommandRefusal.NoIdentity);
            return;
        }

        switch (command.KindCase)
        {
            case Kind.SendText:
                _parts.Chats.Send(step, token, command.SendText);
                break;
            case Kind.MakeInvite:
                _parts.Invites.Make(step, token, command.MakeInvite);
                break;
            case Kind.RevokeInvite:
                _parts.Invites.Revoke(step, token, command.RevokeInvite);
                break;
            case Kind.OpenInvite:
                _parts.Openings.Open(step, token, command.OpenInvite);
                break;
            case Kind.AnswerRequest:
                _parts.Requests.Answer(step, token, command.AnswerRequest);
                break;
            case Kind.SetBlocked:
                _parts.Contacts.SetBlocked(step, token, command.SetBlocked);
                break;
            case Kind.SetPolicy:
                _parts.Contacts.SetPolicy(step, token, command.SetPolicy);
                break;
            case Kind.SetVerified:
                _parts.Contacts.SetVerified(step, token, command.SetVerified);
                break;
            case Kind.SetGivenName:
                _parts.Contacts.SetGivenName(step, token, command.SetGivenName);
                break;
            case Kind.SetProfile:
                _parts.Profile.Set(step, token, command.SetProfile);
                break;
            case Kind.MarkRead:
                _parts.Chats.MarkRead(step, token, command.MarkRead);
                break;
            case Kind.SetTyping:
                _parts.Chats.SetTyping(step, token, command.SetTyping);
                break;
            case Kind.SetActiveConversation:
                _parts.Paths.SetOnScreen(step, _parts.Contacts.Find(command.SetActiveConversation.ContactId));
                step.Done(token);
                break;
            case Kind.RemoveContact:
                _parts.Contacts.Remove(step, token, command.RemoveContact);
                break;
            case Kind.DeleteIdentity:
                _parts.Profile.Delete(step, token);
                _wiped = true;
                break;
            case Kind.GetSafetyNumber:
                _parts.Contacts.SafetyNumberOf(step, token, command.GetSafetyNumber);
                break;
            case Kind.StartCall:
                _parts.Calls.Start(step, token, command.StartCall);
                break;
            case Kind.AnswerCall:
                _parts.Calls.Answer(step, token, command.AnswerCall);
                break;
            case Kind.EndCall:
                _parts.Calls.End(step, token, command.EndCall);
                break;
            case Kind.SetCallMedia:
                _parts.Calls.SetMedia(step, token, command.SetCallMedia);
                break;
            case Kind.SetCallWay:
                _parts.Calls.SetWay(step, token, command.SetCallWay);
                break;
            case Kind.AddToCall:
                _parts.Calls.Add(step, token, command.AddToCall);
                break;
            case Kind.SetCallPolicy:
                _parts.Contacts.SetCallPolicy(step, token, command.SetCallPolicy);
                break;
            case Kind.SendFiles or Kind.WantFiles or Kind.PauseFiles or Kind.CancelFiles or Kind.RetryFiles or Kind.LeaveFiles or Kind.SetFileRules
                or Kind.SourceChosen or Kind.AskDropOffRoom:
                _parts.Files.Say(step, token, command);
                break;
            case Kind.SetWakeUp:
                _parts.Wakes.Set(step, command.SetWakeUp.Subscription);
                step.Done(token);
                break;
            case Kind.RetryNow:
                RetryNow(step);
                step.Done(token);
                break;
            default:
                step.Complete(token, CommandRefusal.Malformed);
                break;
        }
    }
}
