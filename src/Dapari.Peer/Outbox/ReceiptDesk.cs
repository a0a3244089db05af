using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Outbox;

/// <summary>
/// Receipts to give: gathered while inputs last, then one envelope for many. They go back by the door their messages came in by: one lost on a dying
/// path is asked for again when the message comes by mailbox; one by mailbox is kept until the server has it.
/// </summary>
internal sealed class ReceiptDesk(Parts parts)
{
    private const int FlushAt = 64;

    private readonly HashSet<Contact> _due = [];

    /// <summary>A message of theirs is kept.</summary>
    public void Owe(Step step, Contact contact, MessageId message, RouteRecord record, bool byPath)
    {
        (byPath ? contact.DueByPath : contact.DueByMailbox)[message] = record;
        _due.Add(contact);
        if (contact.DueByPath.Count + contact.DueByMailbox.Count >= FlushAt)
            Give(step, contact);
    }

    /// <summary>Our watermark moved.</summary>
    public void OweRead(Contact contact) => _due.Add(contact);

    /// <summary>Nothing is owed to a contact that is no more.</summary>
    public void Forget(Contact contact) => _due.Remove(contact);

    /// <summary>At the start: what was read and perhaps never told.</summary>
    public void Start()
    {
        foreach (var contact in parts.State.Contacts.Values.Where(IsReadDue))
            _due.Add(contact);
    }

    public void Flush(Step step)
    {
        foreach (var contact in _due.ToList())
            Give(step, contact);
    }

    /// <summary>The path that may have swallowed a watermark is gone or silent: it is told again another way.</summary>
    public void PathLost(Step step, Contact contact)
    {
        if (contact.ReadTold == contact.Record.ReadTold)
            return;
        contact.ReadTold = contact.Record.ReadTold;
        _due.Add(contact);
        Give(step, contact);
    }

    /// <summary>The path answered after the watermark was told on it.</summary>
    public static void PathConfirmed(Step step, Contact contact)
    {
        if (contact.ReadTold == contact.Record.ReadTold)
            return;
        contact.Record.ReadTold = contact.ReadTold;
        step.Changed(contact);
    }

    private bool IsReadDue(Contact contact) =>
        contact.IsAccepted && parts.State.Self is { SendReadReceipts: true } && contact.Record.ReadThrough > contact.ReadTold;

    private void Give(Step step, Contact contact)
    {
        _due.Remove(contact);
        if (!contact.IsAccepted)
            return;
        var onPath = contact.Path.Standing == PathStanding.Open && parts.Paths.Choose(contact).Route is Route.Direct or Route.Relay;
        if (!onPath)
            Merge(contact.DueByPath, contact.DueByMailbox);

        if (onPath && (contact.DueByPath.Count > 0 || IsReadDue(contact)))
        {
            var receipts = Take(contact, contact.DueByPath, out var told);
            if (parts.Seals.TrySeal(step, contact, new Content { Receipts = receipts }, Lane.Durable, out _, out var envelope))
            {
                contact.ReadTold = Math.Max(told, contact.ReadTold);
                parts.Paths.Send(step, contact, envelope);
            }
        }

        if (contact.DueByMailbox.Count > 0 || IsReadDue(contact))
        {
            var receipts = Take(contact, contact.DueByMailbox, out var told);
            if (told > contact.Record.ReadTold)
            {
                contact.ReadTold = contact.Record.ReadTold = told;
                step.Changed(contact);
            }

            parts.Outbox.SendReceipts(step, contact, receipts);
        }
    }

    private Receipts Take(Contact contact, Dictionary<MessageId, RouteRecord> due, out ulong told)
    {
        var receipts = new Receipts();
        foreach (var (message, record) in due.Take(WireLimits.ReceiptsPerEnvelope))
            receipts.Delivered.Add(new Delivered { MessageId = message.ToByteString(), Record = record });
        foreach (var delivered in receipts.Delivered)
        {
            if (MessageId.TryRead(delivered.MessageId, out var id))
                due.Remove(id);
        }

        told = parts.State.Self is { SendReadReceipts: true } ? contact.Record.ReadThrough : 0;
        receipts.ReadThroughClock = told;
        return receipts;
    }

    private static void Merge(Dictionary<MessageId, RouteRecord> from, Dictionary<MessageId, RouteRecord> into)
    {
        foreach (var (message, record) in from)
            into[message] = record;
        from.Clear();
    }
}
