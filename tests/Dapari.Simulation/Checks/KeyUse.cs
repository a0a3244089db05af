using System.Security.Cryptography;
using Dapari.Crypto;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Checks;

/// <summary>
/// Sees into the outer seal of everything that leaves a device, with the wrap keys of the mailboxes, and writes down which message key it used:
/// a key is named by session, lane, ratchet key and number. The same key for two ciphertexts is the end of secrecy.
/// </summary>
internal sealed class KeyUse(World world)
{
    private readonly Dictionary<string, (string Digest, string By)> _used = [];
    private readonly Dictionary<MailboxId, (SimPeer Owner, ByteString Identity, WrapKey Key)> _wraps = [];

    public int Count => _used.Count;

    public void Learn(MailboxId mailbox, SimPeer owner, ByteString contactIdentity, ByteString wrapKey)
    {
        if (!_wraps.ContainsKey(mailbox) && WrapKey.TryRead(wrapKey.Span, out var key))
            _wraps[mailbox] = (owner, contactIdentity, key);
    }

    /// <summary>Whose mailbox it is, and for which contact's identity (empty: an invite's).</summary>
    public bool TryFind(MailboxId mailbox, out SimPeer owner, out ByteString contactIdentity)
    {
        var found = _wraps.TryGetValue(mailbox, out var entry);
        (owner, contactIdentity) = (entry.Owner, entry.Identity);
        return found;
    }

    public SealedEnvelope? Look(MailboxId mailbox, Envelope envelope) =>
        _wraps.TryGetValue(mailbox, out var entry) && EnvelopeSeal.TryUnwrap(entry.Key, envelope, out var inside) ? inside : null;

    public byte[]? Wrap(MailboxId mailbox, EnvelopeId id, SealedEnvelope inside) =>
        _wraps.TryGetValue(mailbox, out var entry) ? EnvelopeSeal.Wrap(entry.Key, id, inside) : null;

    public void Leaves(SimPeer from, MailboxId mailbox, byte[] bytes)
    {
        if (!EnvelopeCodec.TryRead(bytes, out var envelope, out var fault))
        {
            world.Broken($"{from.Name} sends a malformed envelope: {fault}");
            return;
        }

        if (!_wraps.TryGetValue(mailbox, out var entry))
            return;
        if (Look(mailbox, envelope) is { } inside)
            Use(from, entry.Owner, inside);
        else
            world.Broken($"{from.Name} sends an envelope that its mailbox's wrap key does not open");
    }

    public void LeavesOnPath(SimPeer from, SimPeer to, byte[] bytes)
    {
        if (!EnvelopeCodec.TryRead(bytes, out var envelope, out var fault))
        {
            world.Broken($"{from.Name} sends a malformed envelope on a path: {fault}");
            return;
        }

        foreach (var (_, entry) in _wraps)
        {
            if (entry.Owner == to && world.PeerOf(entry.Identity) == from && EnvelopeSeal.TryUnwrap(entry.Key, envelope, out var inside))
            {
                Use(from, to, inside);
                return;
            }
        }

        world.Broken($"{from.Name} sends {to.Name} an envelope on a path that no wrap key opens");
    }

    private void Use(SimPeer by, SimPeer to, SealedEnvelope inside)
    {
        var header = inside.Header;
        var name = $"{Convert.ToHexString(inside.SessionId.Span)}/{inside.Lane}/{Convert.ToHexString(header.RatchetKey.Span)}/{header.Number}";
        var digest = Convert.ToHexString(SHA256.HashData(inside.Ciphertext.Span), 0, 12);
        if (!_used.TryGetValue(name, out var there))
            _used[name] = (digest, by.Name);
        else if (there.Digest != digest && !(by.Unnoticed.TryGetValue(to, out var sessions) && sessions.Contains(inside.SessionId)))
            world.Broken($"message key used twice, by {there.By} and {by.Name}: {name}");
    }
}
