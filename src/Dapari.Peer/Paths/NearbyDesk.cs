using System.Buffers.Binary;
using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Routes;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Paths;

/// <summary>
/// Contacts on the same network (docs/protocol/nearby.md): who is looked for, and the connection to them as a door for the live lane, with no server.
/// <code>
/// message   0 greeting: the highest clock of a message of yours that I have (8 bytes, big endian)   |   1 an envelope
/// </code>
/// </summary>
internal sealed class NearbyDesk(Parts parts)
{
    private const byte Greeting = 0;
    private const byte Envelope = 1;
    private readonly List<Contact> _wanted = [];
    private List<(ContactId Id, ByteString Own, ByteString Theirs)> _watched = [];

    /// <summary>After each step: whom to look for, if that changed.</summary>
    public void Watch(Step step)
    {
        if (!parts.State.NearbySupported || (!step.ViewDirty && step.Seen.Count == 0))
            return;
        _wanted.Clear();
        foreach (var contact in parts.State.Contacts.Values)
        {
            if (MayFind(contact))
                _wanted.Add(contact);
        }

        if (_wanted.Count > WireLimits.NearbyContacts)
        {
            _wanted.Sort(static (one, other) => Latest(other).CompareTo(Latest(one)) is not 0 and var later ? later : one.Id.CompareTo(other.Id));
            _wanted.RemoveRange(WireLimits.NearbyContacts, _wanted.Count - WireLimits.NearbyContacts);
        }

        _wanted.Sort(static (one, other) => one.Id.CompareTo(other.Id));
        // With every message this is asked, and with hardly any it changed.
        if (IsWatched())
            return;
        _watched = [.. _wanted.Select(contact => (contact.Id, contact.Box!.Record.WrapKey, contact.Address!.WrapKey))];
        step.Do(new PeerEffect.WatchNearby([.. _watched.Select(one => new NearbyContact(one.Id, Secret(one.Own), Secret(one.Theirs)))]));
    }

    public void Found(Step step, ContactId id)
    {
        if (Find(id) is not { } contact)
            return;
        var greeting = new byte[9];
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(1), contact.Record.TheirClock);
        step.Do(new PeerEffect.SendNearby(id, greeting));
    }

    public void Lost(Step step, ContactId id)
    {
        if (parts.State.Contacts.GetValueOrDefault(id) is not { Path.IsNear: true } contact)
            return;
        contact.Path.IsNear = false;
        if (contact.Path is { Standing: not PathStanding.Open, Presence: PeerPresence.Present })
            contact.Path.Presence = PeerPresence.Unknown;
        contact.Path.AskedAt = long.MinValue / 2;
        step.Shown(contact);
        parts.Paths.Reconsider(step, contact);
    }

    public void Received(Step step, ContactId id, byte[] message)
    {
        if (Find(id) is not { } contact || message.Length == 0)
            return;
        if (message[0] == Greeting && message.Length == 9)
            Greeted(step, contact, BinaryPrimitives.ReadUInt64BigEndian(message.AsSpan(1)));
        else if (message[0] == Envelope)
            parts.Inbox.Receive(step, Arrival.Nearby(contact.Box!), message.AsSpan(1));
    }

    public static bool Send(Step step, Contact contact, byte[] envelope)
    {
        step.Do(new PeerEffect.SendNearby(contact.Id, [Envelope, .. envelope]));
        return true;
    }

    /// <summary>
    /// They have heard no more of us than we remember: we are no old copy of ourselves as far as they know. If they have, nothing is sealed on their word: a
    /// server that is reached will tell, and a contact who lies only keeps himself away.
    /// </summary>
    private void Greeted(Step step, Contact contact, ulong heard)
    {
        if (heard <= contact.Record.Clock)
            contact.Box!.Witnessed = true;
        contact.Path.IsNear = true;
        contact.Path.NearDoubted = false;
        contact.Path.Presence = PeerPresence.Present;
        contact.Path.RetryAt = long.MinValue;
        step.Shown(contact);
        parts.Outbox.SessionReady(step, contact);
        parts.Paths.Ready(step, contact);
    }

    private bool IsWatched()
    {
        if (_wanted.Count != _watched.Count)
            return false;
        for (var i = 0; i < _wanted.Count; i++)
        {
            if (_wanted[i].Id != _watched[i].Id || _wanted[i].Box!.Record.WrapKey != _watched[i].Own || _wanted[i].Address!.WrapKey != _watched[i].Theirs)
                return false;
        }

        return true;
    }

    private static ulong Latest(Contact contact) => contact.Record.LastMessage?.ShownAtMs ?? contact.Record.AddedAtMs;

    private Contact? Find(ContactId id) => parts.State.Contacts.GetValueOrDefault(id) is { } contact && MayFind(contact) ? contact : null;

    // Server only, at either end: not even that this device is here is told.
    private bool MayFind(Contact contact) => parts.State.PathsSupported && contact is { IsAccepted: true, Box: not null, Address.WrapKey.Length: WrapKey.Length }
        && !contact.Record.TheyHideAddress && parts.State.PolicyFor(contact) != Store.Policy.ServerOnly;

    private static byte[] Secret(ByteString key)
    {
        // Of a length that was looked at.
        _ = WrapKey.TryRead(key.Span, out var wrap);
        using (wrap)
            return NearbySecret.Of(wrap!);
    }
}
