using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Outbox;
using Dapari.Peer.Routes;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Paths;

/// <summary>Watching paths: probes, receipts that do not come, deadlines.</summary>
internal sealed partial class PathDesk
{
    private const long ProbeEveryMs = 15_000;
    private const long ProbeMovingEveryMs = 3_000;
    private const long SuspectAfterMs = 2_000;
    private const long GiveUpAfterMs = 6_000;
    private const long ReceiptWithinMs = 600;

    public long? NextDeadline(long now)
    {
        long? next = null;
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (contact.IsAccepted)
                next = Deadline.Earlier(next, DeadlineOf(contact, now));
        }

        return next;
    }

    public void Tick(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values.ToList())
        {
            if (contact.IsAccepted)
                Tick(step, contact);
        }
    }

    /// <summary>Something came by the path: it carries.</summary>
    public void Heard(Step step, Contact contact)
    {
        var path = contact.Path;
        if (!path.IsLive)
            return;
        path.LastHeard = step.Now.MonotonicMs;
        path.ProbedAt = path.RestartedAt = null;
        path.Presence = PeerPresence.Present;
        if (path.Standing != PathStanding.Suspect)
            return;
        path.Turn(PathStanding.Open, step.Now.MonotonicMs, step.WallMs);
        step.Shown(contact);
        parts.Outbox.PathReady(step, contact);
    }

    public void ProbeArrived(Step step, Contact contact, PathProbe probe)
    {
        if (!probe.IsAnswer)
            parts.Live.SendOnPath(step, contact, new Content { PathProbe = new PathProbe { Number = probe.Number, IsAnswer = true } });
        else if (probe.Number == contact.Path.ProbeNumber)
        {
            ReceiptDesk.PathConfirmed(step, contact);
            parts.Outbox.PathConfirmed(step, contact, contact.Path.LastProbeAt);
        }
    }

    public void NetworkChanged(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values.ToList())
        {
            var path = contact.Path;
            path.Failures = 0;
            path.RetryAt = long.MinValue;
            path.NearDoubted = path.IsNear;
            if (path.Standing == PathStanding.Closed)
                continue;
            if (!path.IsLive)
            {
                step.Do(new PeerEffect.RestartPath(path.Id));
                continue;
            }

            Restart(step, contact);
            if (path.Standing == PathStanding.Open)
                Probe(step, contact);
        }
    }

    public void ReportArrived(Step step, Contact contact, PathReport report)
    {
        if (!contact.Path.IsLive || !contact.Path.Attempt.AsSpan().SequenceEqual(report.AttemptId.Span) || !Enum.IsDefined(report.Network))
            return;
        contact.Path.Theirs = report;
        step.Shown(contact);
    }

    private long? DeadlineOf(Contact contact, long now)
    {
        var path = contact.Path;
        switch (path.Standing)
        {
            case PathStanding.Opening:
                return path.Since + OpeningDeadlineMs;
            case PathStanding.Open:
                var due = path.ProbedAt is { } probed ? probed + SuspectAfterMs : path.LastHeard + ProbeEvery(contact);
                return AwaitsReceipt(contact) ? Math.Min(due, ReceiptDue(contact)) : due;
            case PathStanding.Suspect:
                return Math.Min(path.Since + GiveUpAfterMs, (path.ProbedAt ?? path.Since) + SuspectAfterMs);
        }

        if (!IsActive(contact, now) && !path.IsWanted)
            return null;
        if (path.IsWanted && path.Presence == PeerPresence.Present && IsOfferer(contact))
            return parts.Live.MayLeaveAt(contact) is { } may ? Math.Max(Math.Max(path.RetryAt, may), _paths.Count < MaxPaths ? now : now + AskEveryMs) : null;
        return (path.IsNear || (contact.Address is { } address && parts.Servers.Find(address.Server) is { IsOnline: true })) && contact is { HasSealingSession: true, Box.MaySeal: true }
            ? Math.Max(path.AskedAt + AskInterval(path), now)
            : null;
    }

    private void Tick(Step step, Contact contact)
    {
        var path = contact.Path;
        var now = step.Now.MonotonicMs;
        switch (path.Standing)
        {
            case PathStanding.Opening when now - path.Since >= OpeningDeadlineMs:
                step.Do(new PeerEffect.ClosePath(path.Id));
                Closed(step, path.Id);
                break;
            case PathStanding.Open when path.ProbedAt is { } probed && now - probed >= SuspectAfterMs:
                Suspect(step, contact);
                Restart(step, contact);
                break;
            case PathStanding.Open when AwaitsReceipt(contact) && now >= ReceiptDue(contact):
                Suspect(step, contact);
                break;
            case PathStanding.Open when path.ProbedAt is null && now - path.LastHeard >= ProbeEvery(contact):
                if (IsActive(contact, now))
                    Probe(step, contact);
                else
                    Close(step, contact, tell: true);
                break;
            case PathStanding.Suspect when now - path.Since >= GiveUpAfterMs:
                step.Do(new PeerEffect.ClosePath(path.Id));
                Gone(step, contact, Reason.DirectPathLost);
                TellLost(step, contact);
                Reconsider(step, contact);
                break;
            case PathStanding.Suspect when now - (path.ProbedAt ?? path.Since) >= SuspectAfterMs:
                if (path.RestartedAt is null)
                    Restart(step, contact);
                Probe(step, contact);
                break;
            case PathStanding.Closed:
                Reconsider(step, contact);
                break;
        }
    }

    // While files move, a path that is gone is to be noticed soon: what they are sent by says nothing to the engine.
    private long ProbeEvery(Contact contact) => parts.Files.WantsPath(contact.Id) ? ProbeMovingEveryMs : ProbeEveryMs;

    /// <summary>Looks for other ways within the path, and whether the server that carries the signals for it is there.</summary>
    private void Restart(Step step, Contact contact)
    {
        contact.Path.RestartedAt = step.Now.MonotonicMs;
        step.Do(new PeerEffect.RestartPath(contact.Path.Id));
        if (contact.Address is { } address)
            parts.Servers.Doubt(step, address.Server);
    }

    /// <summary>They look for other ways within the path, which an open one would not need: until it answers nothing is trusted to it.</summary>
    public void Doubted(Step step, Contact contact)
    {
        if (contact.Path is not { Standing: PathStanding.Open, RestartedAt: null } path)
            return;
        path.RestartedAt = step.Now.MonotonicMs;
        if (path.ProbedAt is null)
            Probe(step, contact);
    }

    /// <summary>The other end may not have noticed yet, and would neither begin another attempt nor ask for one. What they know already they pass over.</summary>
    private void TellLost(Step step, Contact contact)
    {
        if (contact.Path.LostAttempt.Length > 0)
            parts.Live.TrySend(step, contact, new Content { Signal = new Signal { AttemptId = ByteString.CopyFrom(contact.Path.LostAttempt), HangUp = true } });
    }

    private static bool AwaitsReceipt(Contact contact) => contact.Queue.OnPath.Any(entry => entry.Message is not null);

    private static long ReceiptDue(Contact contact) =>
        contact.Queue.OnPath.First(entry => entry.Message is not null).SentAt + Math.Max(ReceiptWithinMs, 3L * contact.Path.Facts.RoundTripMs);

    private void Suspect(Step step, Contact contact)
    {
        contact.Path.Turn(PathStanding.Suspect, step.Now.MonotonicMs, step.WallMs);
        step.Shown(contact);
        Probe(step, contact);
        parts.Outbox.PathLost(step, contact);
        parts.Receipts.PathLost(step, contact);
    }

    /// <summary>Asks the other end to answer on the path.</summary>
    public void Probe(Step step, Contact contact)
    {
        contact.Path.ProbedAt = contact.Path.LastProbeAt = step.Now.MonotonicMs;
        contact.Path.ProbeNumber++;
        parts.Live.SendOnPath(step, contact, new Content { PathProbe = new PathProbe { Number = contact.Path.ProbeNumber } });
    }

    private void Tell(Step step, Contact contact)
    {
        var path = contact.Path;
        path.Told = path.Facts;
        path.ToldAt = step.Now.MonotonicMs;
        parts.Live.SendOnPath(step, contact, new Content
        {
            PathReport = new PathReport
            {
                AttemptId = ByteString.CopyFrom(path.Attempt), Network = path.Facts.Network, RoundTripMs = path.Facts.RoundTripMs,
            },
        });
    }
}
