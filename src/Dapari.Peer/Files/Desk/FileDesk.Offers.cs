using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>What contacts offer and say of transfers.</summary>
internal sealed partial class FileDesk
{
    /// <summary>What is wanted without asking, in bytes, where the person chose nothing: 32 MiB.</summary>
    public const ulong DefaultUnasked = 32 * 1024 * 1024;

    /// <summary>So many times as much may come unasked from one contact before the person looks at the conversation.</summary>
    public const ulong MostUnasked = 16;

    /// <summary>Words about one transfer whose offer is not here yet, and of such transfers of one contact.</summary>
    public const int MostEarly = 16;

    private const ulong EarlyKeptMs = 40UL * 24 * 60 * 60 * 1000;

    private readonly Dictionary<TransferId, EarlyUpdates> _early = [];
    private readonly Dictionary<ContactId, ulong> _unasked = [];

    /// <summary>What comes from contacts without asking, up to so many bytes.</summary>
    public ulong Unasked => _parts.State.Self is { HasReceiveUnaskedBytes: true } self ? self.ReceiveUnaskedBytes : DefaultUnasked;

    /// <summary>Whether an offer makes sense here at all: its transfer is not another one's.</summary>
    public bool Admits(FileOffer offer) => TransferId.TryRead(offer.TransferId, out var id) && _machine.Find(id) is null;

    /// <summary>A new offer of theirs, before its message is shown; false: it is nothing that could be shown.</summary>
    public bool Take(Step step, Contact contact, MessageRecord message, FileOffer offer)
    {
        if (!Admits(offer) || !TransferId.TryRead(offer.TransferId, out var id))
            return false;
        var kept = offer.Clone();
        if (kept.DropOff is { } dropOff && !IsNear(contact, dropOff))
            kept.DropOff = null;
        var offered = false;
        Run(step, (machine, inner) => offered = machine.Offered(inner, contact.Id, kept, outgoing: false));
        if (!offered)
        {
            // More than one person is offered at a time, or no files at all: nobody is asked, and both ends say so.
            var end = new FileEnd { Outcome = FileOutcome.Refused };
            message.File.End = end;
            message.File.EndedAtMs = step.WallMs;
            _parts.Outbox.SendSetUp(step, contact, new Content { FileUpdate = new FileUpdate { TransferId = offer.TransferId, End = end.Clone() } });
            return true;
        }

        if (_early.Remove(id, out var early))
        {
            step.Delete(EarlyKey(id));
            if (early.ContactId == contact.Record.Id)
            {
                foreach (var update in early.Updates)
                    Run(step, (machine, inner) => machine.Told(inner, contact.Id, update));
            }
        }

        if (IsWantedUnasked(contact, kept))
            Run(step, (machine, inner) => machine.Want(inner, id));
        return true;
    }

    /// <summary>A word about a transfer. It may be here before the offer: they may come by different ways.</summary>
    public void Told(Step step, Contact contact, FileUpdate update)
    {
        if (!TransferId.TryRead(update.TransferId, out var id) || (update.DropOff is { } dropOff && !IsNear(contact, dropOff)))
            return;
        if (_machine.Find(id) is null)
            KeepEarly(step, contact, id, update);
        else
            Run(step, (machine, inner) => machine.Told(inner, contact.Id, update));
    }

    private static string EarlyKey(TransferId id) => "early/" + id;

    /// <summary>Where a contact leaves things: at their server or at ours. Another one would learn this device's address from nobody but them.</summary>
    private bool IsNear(Contact contact, DropOff dropOff) =>
        dropOff.Server == contact.Address?.Server || dropOff.Server == contact.Device?.Prekeys?.Server || dropOff.Server == _parts.State.Self?.HomeServer;

    private bool IsWantedUnasked(Contact contact, FileOffer offer)
    {
        var bytes = offer.TotalSize + (offer.Manifest?.Size ?? 0);
        if (!contact.IsAccepted || !_parts.State.FilesSupported || Unasked == 0 || bytes > Unasked)
            return false;
        // By a path only, and there will never be one.
        if (_parts.State.PolicyFor(contact) == Policy.DirectOnly && IsHidden(contact))
            return false;
        var before = _parts.State.OnScreen == contact.Id ? 0 : _unasked.GetValueOrDefault(contact.Id);
        if (before + bytes > Unasked * MostUnasked)
            return false;
        _unasked[contact.Id] = before + bytes;
        return true;
    }

    private void KeepEarly(Step step, Contact contact, TransferId id, FileUpdate update)
    {
        if (!_early.TryGetValue(id, out var early))
        {
            var theirs = _early.Where(known => known.Value.ContactId == contact.Record.Id).ToList();
            if (theirs.Count >= MostEarly)
            {
                var oldest = theirs.MinBy(known => known.Value.AtMs).Key;
                _early.Remove(oldest);
                step.Delete(EarlyKey(oldest));
            }

            _early.Add(id, early = new EarlyUpdates { ContactId = contact.Record.Id, AtMs = step.WallMs });
        }

        if (early.ContactId != contact.Record.Id || early.Updates.Count >= MostEarly)
            return;
        early.Updates.Add(update.Clone());
        step.Batch.State[EarlyKey(id)] = early.ToByteArray();
    }

    private void LoadEarly(IReadOnlyList<StateRow> rows)
    {
        foreach (var row in rows.Where(row => row.Key.StartsWith("early/", StringComparison.Ordinal)))
        {
            var early = EarlyUpdates.Parser.ParseFrom(row.Value);
            if (early.Updates.Count == 0 || !TransferId.TryRead(early.Updates[0].TransferId, out var id))
                throw new InvalidDataException("An early word's row cannot be read.");
            _early[id] = early;
        }
    }

    // An offer that never came.
    private void StartEarly(Step step)
    {
        foreach (var (id, early) in _early.Where(early => early.Value.AtMs > step.WallMs || step.WallMs - early.Value.AtMs > EarlyKeptMs).ToList())
        {
            if (early.AtMs > step.WallMs)
            {
                // The clock went back: counted from now.
                early.AtMs = step.WallMs;
                step.Batch.State[EarlyKey(id)] = early.ToByteArray();
                continue;
            }

            _early.Remove(id);
            step.Delete(EarlyKey(id));
        }
    }

    private void ForgetEarly(Step step, Contact contact)
    {
        foreach (var id in _early.Where(early => early.Value.ContactId == contact.Record.Id).Select(early => early.Key).ToList())
        {
            _early.Remove(id);
            step.Delete(EarlyKey(id));
        }
    }
}
