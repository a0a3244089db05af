using System.Buffers.Binary;
using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Routes;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Paths;

/// <summary>
/// Direct paths: asked for while a contact is in use and there, begun by the one with the smaller device id, watched by probes, suspected when silent,
/// begun anew when lost. Nothing ever waits for a path but what the person said must go by one.
/// </summary>
internal sealed partial class PathDesk(Parts parts)
{
    /// <summary>Paths at a time.</summary>
    public const int MaxPaths = 16;

    private const long ActiveMs = 5 * 60_000;
    private const long OpeningDeadlineMs = 15_000;
    private const long FirstBackoffMs = 1_000;
    private const long LongestBackoffMs = 60_000;
    private const long AskEveryMs = 10_000;
    private const long AskAbsentEveryMs = 30_000;
    private const long AnswerEveryMs = 1_000;
    private const long TellHidingEveryMs = 60_000;

    private readonly Dictionary<ulong, Contact> _paths = [];

    /// <summary>The way a message to this contact would go now.</summary>
    public RouteChoice Choose(Contact contact)
    {
        var path = contact.Path;
        return RouteChooser.Choose(new RouteFacts(
            parts.State.PolicyFor(contact), contact.Record.TheyHideAddress, contact.IsAccepted, contact.HasSealingSession, path.Standing,
            path.IsRelayed, path.NoPath || !parts.State.PathsSupported, parts.Servers.Door(contact), path.Presence));
    }

    public bool IsThere(Contact contact) => contact.Path.Standing == PathStanding.Open || contact.Path.Presence == PeerPresence.Present;

    public void Send(Step step, Contact contact, byte[] envelope) => step.Do(new PeerEffect.SendOnPath(contact.Path.Id, envelope));

    /// <summary>The contact is in use: a path is worth having.</summary>
    public void Active(Step step, Contact contact)
    {
        contact.Path.ActiveUntil = step.Now.MonotonicMs + ActiveMs;
        Reconsider(step, contact);
    }

    public void SetOnScreen(Step step, Contact? contact)
    {
        parts.State.OnScreen = contact?.Id;
        if (contact is not null)
            Active(step, contact);
    }

    /// <summary>Begins, asks for, or gives up a path, as things stand.</summary>
    public void Reconsider(Step step, Contact contact)
    {
        var path = contact.Path;
        var now = step.Now.MonotonicMs;
        var eligible = IsEligible(contact);
        path.IsWanted = eligible && (IsActive(contact, now) || (parts.State.PolicyFor(contact) == Policy.DirectOnly && contact.Queue.Waiting.Count > 0));
        if (!eligible && path.Standing != PathStanding.Closed)
        {
            Close(step, contact, tell: true);
            return;
        }

        if (!contact.IsAccepted || path.Standing != PathStanding.Closed)
            return;
        // Presence is asked of whoever is in use, path or not: it says whether typing signs are worth sending.
        if (!path.IsWanted && !IsActive(contact, now))
            return;
        if (path.Presence != PeerPresence.Present || !path.IsWanted || !IsOfferer(contact))
        {
            if (now - path.AskedAt >= AskInterval(path))
                Ask(step, contact);
        }
        else if (now >= path.RetryAt && _paths.Count < MaxPaths && parts.Live.MayLeave(step, contact))
        {
            // An attempt whose signals cannot leave would only be waited out.
            Begin(step, contact);
        }
    }

    /// <summary>Closes the path, if there is one; tell: the other end is told, so that it does not try on.</summary>
    public void Close(Step step, Contact contact, bool tell)
    {
        var path = contact.Path;
        if (path.Standing == PathStanding.Closed)
            return;
        if (tell)
        {
            var hangUp = new Content { Signal = new Signal { AttemptId = ByteString.CopyFrom(path.Attempt), HangUp = true } };
            if (path.IsLive)
                parts.Live.SendOnPath(step, contact, hangUp);
            else
                parts.Live.TrySend(step, contact, hangUp);
        }

        step.Do(new PeerEffect.ClosePath(path.Id));
        Gone(step, contact, Reason.Unspecified);
    }

    public void Opened(Step step, ulong id, PathFacts facts)
    {
        if (Find(id) is not { Path.Standing: PathStanding.Opening } contact)
            return;
        var path = contact.Path;
        path.Turn(PathStanding.Open, step.Now.MonotonicMs, step.WallMs);
        path.Facts = facts;
        path.Failures = 0;
        path.LastHeard = step.Now.MonotonicMs;
        path.ClosedReason = Reason.Unspecified;
        path.Presence = PeerPresence.Present;
        step.Shown(contact);
        Tell(step, contact);
        parts.Outbox.PathReady(step, contact);
        parts.Files.PathOpened(step, contact);
    }

    public void FactsChanged(Step step, ulong id, PathFacts facts)
    {
        if (Find(id) is not { Path.IsLive: true } contact)
            return;
        var path = contact.Path;
        path.Facts = facts;
        step.Shown(contact);
        var moved = Math.Abs((long)facts.RoundTripMs - path.Told.RoundTripMs);
        if (facts.Network != path.Told.Network || (moved >= 5 && moved * 4 >= path.Told.RoundTripMs && step.Now.MonotonicMs - path.ToldAt >= ProbeEveryMs))
            Tell(step, contact);
    }

    public void Closed(Step step, ulong id)
    {
        if (Find(id) is not { } contact)
            return;
        var lost = contact.Path.IsLive;
        if (!lost)
            contact.Path.Failures++;
        Gone(step, contact, lost ? Reason.DirectPathLost : contact.Path.NoPath ? Reason.NoPath : Reason.DirectPathNotYet);
        TellLost(step, contact);
        Reconsider(step, contact);
    }

    public void Received(Step step, ulong id, byte[] envelope)
    {
        if (Find(id) is { Path.IsLive: true, Box: not null } contact)
            parts.Inbox.Receive(step, Conversations.Arrival.OnPath(contact), envelope);
    }

    public void SignalMade(Step step, ulong id, Signal signal)
    {
        if (Find(id) is not { } contact)
            return;
        var sent = signal.Clone();
        sent.AttemptId = ByteString.CopyFrom(contact.Path.Attempt);
        if (ContentCodec.Check(sent) == ContentFault.None)
            parts.Live.TrySend(step, contact, new Content { Signal = sent });
    }

    /// <summary>Our own mailbox is looked at, the contact's server is online, or its mailbox is tried again: live signs may leave.</summary>
    public void Ready(Step step, Contact contact)
    {
        contact.Path.AskedAt = long.MinValue / 2;
        // Signals of the restart may have been lost with the connection before.
        if (contact.Path.RestartedAt is not null)
            Restart(step, contact);
        Reconsider(step, contact);
    }

    /// <summary>Asks whether the other is there, and says whether a path is wanted.</summary>
    public void Ask(Step step, Contact contact) => Say(step, contact, answerWanted: true);

    public void PresenceArrived(Step step, Contact contact, Presence presence)
    {
        var path = contact.Path;
        var run = presence.RunId.ToByteArray();
        if (path.TheirRun.Length > 0 && !path.TheirRun.AsSpan().SequenceEqual(run) && path.Standing != PathStanding.Closed)
        {
            // They started anew, and know nothing of this path.
            step.Do(new PeerEffect.ClosePath(path.Id));
            Gone(step, contact, Reason.DirectPathLost);
            path.RetryAt = long.MinValue;
        }

        if (!path.TheirRun.AsSpan().SequenceEqual(run))
            path.Failures = 0;
        path.TheirRun = run;
        path.Presence = presence.Leaving ? PeerPresence.Absent : PeerPresence.Present;
        step.Shown(contact);
        if (presence.Leaving)
        {
            Close(step, contact, tell: false);
            return;
        }

        if (presence.WantsDirect)
        {
            path.ActiveUntil = Math.Max(path.ActiveUntil, step.Now.MonotonicMs + ActiveMs);
            SettleHiding(step, contact);
        }

        if (presence.AnswerWanted && step.Now.MonotonicMs - path.AnsweredAt >= AnswerEveryMs)
        {
            path.AnsweredAt = step.Now.MonotonicMs;
            Say(step, contact, answerWanted: false);
        }

        Reconsider(step, contact);
    }

    public void LiveAnswered(Step step, Contact contact, bool connected)
    {
        // The server knows the mailbox.
        contact.Queue.DoorBackoffMs = 0;
        contact.Queue.LastFoundGone = false;
        if (connected || parts.State.Contacts.GetValueOrDefault(contact.Id) != contact)
            return;
        SetAbsent(step, contact);
    }

    public void PostAnswered(Step step, Contact contact, bool connected)
    {
        if (!connected)
        {
            SetAbsent(step, contact);
        }
        else if (contact.Path.Presence == PeerPresence.Absent)
        {
            contact.Path.Presence = PeerPresence.Unknown;
            contact.Path.AskedAt = long.MinValue / 2;
            Reconsider(step, contact);
        }
    }

    public void Online(Step step, ServerConnection connection)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.Address?.Server == connection.Origin).ToList())
            Ready(step, contact);
    }

    public void ServerLost(Step step, string origin)
    {
        foreach (var contact in parts.State.Contacts.Values.Where(contact => contact.Address?.Server == origin))
        {
            if (contact.Path is { Standing: not PathStanding.Open, IsNear: false } && contact.Path.Presence != PeerPresence.Unknown)
                contact.Path.Presence = PeerPresence.Unknown;
            step.Shown(contact);
        }
    }

    /// <summary>Whether a path may be had at all. Server only, at either end: not one candidate leaves.</summary>
    public bool IsEligible(Contact contact) => parts.State.PathsSupported && contact is { IsAccepted: true, HasSealingSession: true, Box.MaySeal: true }
        && !contact.Record.TheyHideAddress && parts.State.PolicyFor(contact) != Policy.ServerOnly;

    public Contact? Find(ulong id) => _paths.GetValueOrDefault(id);

    /// <summary>Takes part in an attempt that the other began.</summary>
    public bool TryJoin(Step step, Contact contact, byte[] attempt)
    {
        if (!IsEligible(contact) || IsOfferer(contact))
            return false;
        if (contact.Path.Standing != PathStanding.Closed)
        {
            // The offerer knows better: it has lost the former attempt.
            step.Do(new PeerEffect.ClosePath(contact.Path.Id));
            Gone(step, contact, Reason.DirectPathLost);
        }

        var id = BinaryPrimitives.ReadUInt64BigEndian(attempt);
        if (_paths.Count >= MaxPaths || _paths.ContainsKey(id))
            return false;
        contact.Path.ActiveUntil = Math.Max(contact.Path.ActiveUntil, step.Now.MonotonicMs + ActiveMs);
        Enter(step, contact, attempt, id, offerer: false);
        return true;
    }

    /// <summary>
    /// They want a path, so they do not hide their address, and do not know that we hide ours. Whoever believes otherwise was told by a life that an old copy
    /// replaced, or never: the word lay at a server too long. Left alone, what is to go by a path only would wait for good.
    /// </summary>
    private void SettleHiding(Step step, Contact contact)
    {
        parts.Contacts.SetHidesAddress(step, contact, false);
        if (parts.State.PolicyFor(contact) != Policy.ServerOnly || step.Now.MonotonicMs - contact.Path.HidingToldAt < TellHidingEveryMs)
            return;
        contact.Path.HidingToldAt = step.Now.MonotonicMs;
        parts.Profile.Tell(step, contact);
    }

    private static long AskInterval(DirectPath path) => path.Presence == PeerPresence.Absent ? AskAbsentEveryMs : AskEveryMs;

    private bool IsActive(Contact contact, long now) => parts.State.OnScreen == contact.Id || contact.Path.ActiveUntil > now || parts.Files.WantsPath(contact.Id);

    private bool IsOfferer(Contact contact) =>
        parts.State.Device is { } own && Their(contact) is { } theirs && own.Id.CompareTo(theirs.RemoteDevice) < 0;

    private Crypto.Session? Their(Contact contact) => parts.Seals.Sealing(contact)?.Session;

    private void Begin(Step step, Contact contact)
    {
        var attempt = parts.State.Random.Bytes(ContentCodec.ShortId);
        var id = BinaryPrimitives.ReadUInt64BigEndian(attempt);
        if (!_paths.ContainsKey(id))
            Enter(step, contact, attempt, id, offerer: true);
    }

    private void Enter(Step step, Contact contact, byte[] attempt, ulong id, bool offerer)
    {
        var path = contact.Path;
        path.Attempt = attempt;
        path.LostAttempt = [];
        path.Id = id;
        path.IsOfferer = offerer;
        path.Theirs = null;
        path.Facts = default;
        path.Told = default;
        path.Turn(PathStanding.Opening, step.Now.MonotonicMs, step.WallMs);
        _paths.Add(id, contact);
        step.Shown(contact);
        step.Do(new PeerEffect.OpenPath(id, offerer, IsPolite(contact), parts.IceServers));
    }

    /// <summary>Whether this end yields in a collision of offers.</summary>
    public bool IsPolite(Contact contact) =>
        parts.State.Device is { } own && contact.Device is { } device
        && Crypto.DeviceCertificates.TryVerify(device.Certificate, out var theirs) == Crypto.CertificateFault.None
        && own.AgreementKey.ToArray().AsSpan().SequenceCompareTo(theirs!.AgreementKey.ToArray()) < 0;

    private void Gone(Step step, Contact contact, Reason reason)
    {
        var path = contact.Path;
        var failed = path.Standing == PathStanding.Opening;
        // Who closed it, or died, needs no word; whom it left with a network does.
        if (reason == Reason.DirectPathLost && path is { IsLive: true, RestartedAt: not null })
            path.LostAttempt = path.Attempt;
        _paths.Remove(path.Id);
        path.Turn(PathStanding.Closed, step.Now.MonotonicMs, step.WallMs);
        path.ClosedReason = reason;
        var backoff = failed ? Math.Min(FirstBackoffMs << Math.Clamp(path.Failures - 1, 0, 6), LongestBackoffMs) : FirstBackoffMs / 2;
        path.RetryAt = step.Now.MonotonicMs + (backoff / 2) + parts.State.Jitter(backoff / 2 + 1);
        step.Shown(contact);
        parts.Outbox.PathLost(step, contact);
        parts.Receipts.PathLost(step, contact);
        parts.Files.PathGone(step, contact);
    }

    private void SetAbsent(Step step, Contact contact)
    {
        var path = contact.Path;
        if (path.Standing == PathStanding.Open || path.IsNear || path.Presence == PeerPresence.Absent)
            return;
        path.Presence = PeerPresence.Absent;
        step.Shown(contact);
        parts.Files.WayChanged(step, contact);
    }

    private void Say(Step step, Contact contact, bool answerWanted)
    {
        if (answerWanted)
        {
            contact.Path.AskedAt = step.Now.MonotonicMs;
            TellLost(step, contact);
        }

        parts.Live.TrySend(step, contact, new Content
        {
            Presence = new Presence
            {
                AnswerWanted = answerWanted, WantsDirect = contact.Path.IsWanted && IsEligible(contact), RunId = ByteString.CopyFrom(parts.State.RunId),
            },
        });
    }
}
