using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Sessions;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Conversations;

/// <summary>What could not be opened: its sender hears of it, and where that does not help a session begins anew.</summary>
internal sealed partial class Inbox
{
    /// <summary>Reports what could not be opened, not too often.</summary>
    public void Report(Step step)
    {
        foreach (var contact in _toReport.ToList())
        {
            if (step.Now.MonotonicMs - contact.LastUnopenedReport < ReportEveryMs)
                continue;
            _toReport.Remove(contact);
            contact.LastUnopenedReport = step.Now.MonotonicMs;
            foreach (var sequence in contact.Unopened.Values.SelectMany(sequences => sequences))
            {
                if (contact.Box is { } box)
                    parts.Boxes.Settle(box, sequence);
            }

            var report = new CannotOpen();
            report.EnvelopeIds.Add(contact.Unopened.Keys.Select(id => id.ToByteString()));
            contact.Unopened.Clear();
            var live = contact.UnopenedLive;
            contact.UnopenedLive = false;
            if (!contact.IsAccepted || (report.EnvelopeIds.Count == 0 && !live))
                continue;
            // The other lane may go well, and hide that this one does not.
            if (live && ++contact.LiveReports >= 3 && step.Now.MonotonicMs >= contact.KeysAskAt)
            {
                contact.LiveReports = 0;
                BeginAnew(step, contact);
            }
            else
            {
                BeginAnewIfLost(step, contact);
            }

            parts.Outbox.SendSetUp(step, contact, new Content { CannotOpen = report });
        }
    }

    public long? NextDeadline
    {
        get
        {
            long? next = null;
            foreach (var contact in _toReport)
                next = Deadline.Earlier(next, contact.LastUnopenedReport + ReportEveryMs);
            return next;
        }
    }

    /// <summary>
    /// A second report in a session in which nothing of theirs was opened since the first: they may open it no better than we open theirs. Both were restored at
    /// once, and each took prekeys of a life that the other lost; or one is an old copy that nobody noticed. Left alone, the two would report each other's
    /// reports for ever.
    /// </summary>
    private void BeginAnewIfLost(Step step, Contact contact)
    {
        if (parts.Seals.Sealing(contact) is not { } sealing)
            return;
        if (contact.ReportedWith != sealing.Id)
        {
            contact.ReportedWith = sealing.Id;
            return;
        }

        BeginAnew(step, contact);
    }

    private void BeginAnew(Step step, Contact contact)
    {
        SealRoom.StopSealing(step, contact);
        parts.Outbox.SealAllAnew(step, contact);
        parts.Keys.Ask(step, contact);
    }

    /// <summary>
    /// What they could not open and is not in the outbox any more was perhaps receipts that a path took: of what came lately they are given again.
    /// </summary>
    private void OweLately(Step step, Contact contact, CannotOpen report)
    {
        if (report.EnvelopeIds.All(bytes => EnvelopeId.TryRead(bytes, out var id) && contact.Queue.Find(id) is not null))
            return;
        foreach (var (id, message) in contact.Lately.All.Where(lately => !lately.Value.Outgoing))
            parts.Receipts.Owe(step, contact, id, message.Route, byPath: false);
    }

    private void Unopenable(Contact contact, EnvelopeId envelope, List<ulong> sequences)
    {
        if (contact.Unopened.Count < WireLimits.CannotOpenPerEnvelope)
            contact.Unopened.TryAdd(envelope, []);
        if (contact.Unopened.TryGetValue(envelope, out var kept))
            kept.AddRange(sequences);
        _toReport.Add(contact);
    }
}
