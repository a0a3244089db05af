using Dapari.Crypto;
using Dapari.Peer.Hosting;
using Dapari.Peer.Prekeys;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Engine;

/// <summary>
/// A device that comes back from an old copy must not seal with keys that it used already. Its sessions only open from then on; each contact
/// gets a fresh one; the prekeys, whose private halves may be lost, are replaced.
/// </summary>
internal sealed class Restorer(Parts parts)
{
    private bool _noticed;

    /// <summary>A server remembers more than we do: we are an old copy. Once for each run, before anything sealed leaves.</summary>
    public void Noticed(Step step)
    {
        if (_noticed || parts.State.Self is not { } self)
            return;
        _noticed = true;
        self.Incarnation++;
        step.SelfChanged();
        parts.Prekeys.Renew(step);
        foreach (var contact in parts.State.Contacts.Values.ToList())
        {
            foreach (var device in contact.Record.Devices)
                Retire(device);
            step.Changed(contact);
            // What lies at a server may be delivered, and its receipt went to the life that is lost.
            parts.Outbox.TakeBack(step, contact);
            parts.Outbox.Unseal(step, contact);
            parts.Paths.Close(step, contact, tell: false);
            if (contact.IsAccepted)
            {
                parts.Chats.AddEvent(step, contact, MessageKind.EventRestored);
                contact.KeysAskAt = step.Now.MonotonicMs;
                parts.Keys.Ask(step, contact);
            }
        }
    }

    private static void Retire(RemoteDevice device)
    {
        device.SealingSession = ByteString.Empty;
        device.OpeningOnly.Clear();
        device.OpeningOnly.Add(device.SessionIds);
    }

    /// <summary>The same for rows that are known to be an old copy.</summary>
    public static IReadOnlyList<StateRow> Restore(IReadOnlyList<StateRow> backup, RandomSource random)
    {
        var restored = new List<StateRow>(backup.Count);
        SelfRecord? self = null;
        foreach (var row in backup)
        {
            if (row.Key == "self")
            {
                self = SelfRecord.Parser.ParseFrom(row.Value);
                self.Incarnation++;
                self.PrekeysPublished = false;
                restored.Add(new StateRow(row.Key, self.ToByteArray()));
            }
            else if (row.Key.StartsWith("contact/", StringComparison.Ordinal))
            {
                var contact = ContactRecord.Parser.ParseFrom(row.Value);
                foreach (var device in contact.Devices)
                    Retire(device);
                restored.Add(new StateRow(row.Key, contact.ToByteArray()));
            }
            else if (row.Key.StartsWith("outbox/", StringComparison.Ordinal))
            {
                var entry = OutboxRecord.Parser.ParseFrom(row.Value);
                // What lay at a server may be delivered and receipted to the life that is lost: it goes again, and its receipt comes again.
                entry.OnServer = false;
                entry.Envelope = ByteString.Empty;
                restored.Add(new StateRow(row.Key, entry.ToByteArray()));
            }
            // What was received is on the device that is lost, and may be nowhere here.
            else if (row.Key.StartsWith("transfer/", StringComparison.Ordinal) && row.Key.EndsWith("/progress", StringComparison.Ordinal)
                && TransferProgress.Parser.ParseFrom(row.Value) is { Verified.Count: > 0 } or { Shares.Count: > 0 })
            {
                continue;
            }
            // A call that a backup remembers is long over, and what its ends say of it is with the lost life.
            else if (row.Key != "prekeys" && !row.Key.StartsWith("call/", StringComparison.Ordinal))
            {
                restored.Add(row);
            }
        }

        if (self is not null)
        {
            var state = new PeerState(random, pathsSupported: false);
            ProfileDesk.Use(state, self);
            // Made at time 0: renewed at once by the rotation, which knows the time.
            var vault = PrekeyVault.Create(state.Device!, random, PrekeyDesk.FirstCount, 0);
            restored.Add(new StateRow("prekeys", vault.Save().ToByteArray()));
        }

        return restored;
    }
}
