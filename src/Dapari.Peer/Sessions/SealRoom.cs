using System.Diagnostics.CodeAnalysis;
using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Servers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Sessions;

/// <summary>
/// Seals for contacts and opens what comes from them. A session's row is marked with every seal and opening, so it is kept
/// before the envelope leaves: no key is used twice, whatever crashes when.
/// </summary>
internal sealed class SealRoom(PeerState state)
{
    private readonly HashSet<KnownSession> _opened = [];

    /// <summary>Sessions with one device; the oldest that does not seal gives way.</summary>
    public const int MaxSessions = 5;

    /// <summary>Seals a content for a contact's device; false: no session seals.</summary>
    public bool TrySeal(Step step, Contact contact, Content content, Lane lane, out EnvelopeId id, [NotNullWhen(true)] out byte[]? envelope)
    {
        id = default;
        envelope = null;
        if (Sealing(contact) is not { } known || contact.Address is not { } address || !WrapKey.TryRead(address.WrapKey.Span, out var wrap))
            return false;
        using (wrap)
        {
            id = EnvelopeId.Random(state.Random);
            envelope = EnvelopeSeal.Wrap(wrap, id, known.Session.Seal(lane, id, Padding.Pad(content), state.Random));
        }

        step.Changed(known);
        return true;
    }

    /// <summary>
    /// When there is nothing else to do: the ratchet keys that the next messages need are made, for in a browser each costs milliseconds
    /// that the person would wait for.
    /// </summary>
    public void Prepare(Step step)
    {
        foreach (var known in _opened)
        {
            if (state.Contacts.TryGetValue(known.Contact, out var contact) && Sealing(contact) == known && known.Session.PrepareToSeal(state.Random))
                step.Changed(known);
        }

        _opened.Clear();
    }

    /// <summary>The session that seals for a contact, if there is one.</summary>
    public KnownSession? Sealing(Contact contact) =>
        contact.Device is { } device && SessionId.TryRead(device.SealingSession, out var id) ? state.Sessions.GetValueOrDefault(id) : null;

    /// <summary>Opens an envelope that came for a mailbox of ours, by whatever way. On anything but success nothing is changed.</summary>
    public OpenOutcome Open(Step step, OwnBox box, ReadOnlySpan<byte> bytes)
    {
        if (state.Device is not { } device || state.Vault is not { } vault || !EnvelopeCodec.TryRead(bytes, out var envelope, out _)
            || !EnvelopeId.TryRead(envelope.Id, out var id) || !EnvelopeSeal.TryUnwrap(box.Wrap, envelope, out var inner)
            || !SessionId.TryRead(inner.SessionId, out var sessionId))
            return OpenOutcome.Foreign;

        if (state.Sessions.TryGetValue(sessionId, out var known))
        {
            if (box.Contact is { } owner && owner.Id != known.Contact)
                return OpenOutcome.Foreign;
            return OpenKnown(step, known, inner, id);
        }

        var unopenable = new OpenOutcome(Opening.Unopenable, id, null, null, inner.Lane, null);
        if (inner.Handshake is null)
            return unopenable;
        var fork = vault.Clone();
        var fault = Pqxdh.TryRespond(device, fork, inner.Handshake, out var session, out var remote);
        if (fault == HandshakeFault.Replayed)
            return new OpenOutcome(Opening.Repeated, id, null, null, inner.Lane, null);
        if (fault == HandshakeFault.UnknownPrekey)
            return unopenable;
        if (fault != HandshakeFault.None || (box.Contact is { } contact && contact.Identity != remote!.Identity))
            return OpenOutcome.Foreign;
        // Sealed for prekeys of a life that a backup replaced, whose numbers are given anew: another secret, so another session.
        if (session!.Id != sessionId)
            return box.Contact is null ? OpenOutcome.Foreign : unopenable;
        return session.TryOpen(inner, id, out var plaintext) == OpenFault.None
            ? new OpenOutcome(Opening.Opened, id, null, new FreshSession(session, remote!, fork), inner.Lane, plaintext)
            // Theirs, begun in a life of ours that is lost, and further on by now: they are asked to seal it anew.
            : box.Contact is null ? OpenOutcome.Foreign : unopenable;
    }

    /// <summary>Keeps a session that an envelope of this contact began, and its used prekeys gone.</summary>
    public KnownSession Keep(Step step, Contact contact, FreshSession fresh)
    {
        state.Vault = fresh.Vault;
        step.VaultChanged();
        return Add(step, contact, fresh.Session, begunHere: false);
    }

    /// <summary>Keeps a session that we began.</summary>
    public KnownSession KeepOwn(Step step, Contact contact, Session session) => Add(step, contact, session, begunHere: true);

    /// <summary>What the other surely can open is sealed with from now on.</summary>
    public static void SealWith(Step step, Contact contact, KnownSession session)
    {
        // A session of before a restore may open, but its keys may have been used in the life that is lost.
        var id = session.Id.ToByteString();
        if (contact.Device is not { } device || device.SealingSession == id || device.OpeningOnly.Contains(id))
            return;
        device.SealingSession = id;
        step.Changed(contact);
    }

    /// <summary>No session seals until a new one is begun; what they seal is opened as before.</summary>
    public static void StopSealing(Step step, Contact contact)
    {
        if (contact.Device is not { } device)
            return;
        device.SealingSession = ByteString.Empty;
        step.Changed(contact);
    }

    /// <summary>All sessions with a contact go.</summary>
    public void Forget(Step step, Contact contact)
    {
        foreach (var bytes in contact.Record.Devices.SelectMany(device => device.SessionIds))
        {
            if (SessionId.TryRead(bytes, out var id) && state.Sessions.Remove(id, out var known))
                step.Deleted(known);
        }

        foreach (var device in contact.Record.Devices)
        {
            device.SessionIds.Clear();
            device.OpeningOnly.Clear();
            device.SealingSession = ByteString.Empty;
        }

        step.Changed(contact);
    }

    private OpenOutcome OpenKnown(Step step, KnownSession known, SealedEnvelope inner, EnvelopeId id)
    {
        var fault = known.Session.TryOpen(inner, id, out var plaintext);
        switch (fault)
        {
            case OpenFault.None:
                step.Changed(known);
                if (inner.Lane == Lane.Durable)
                    _opened.Add(known);
                return new OpenOutcome(Opening.Opened, id, known, null, inner.Lane, plaintext);
            case OpenFault.OpenedBefore:
                return new OpenOutcome(Opening.Repeated, id, known, null, inner.Lane, null);
            case OpenFault.Malformed or OpenFault.AllZeroSecret:
                return OpenOutcome.Foreign;
            default:
                return new OpenOutcome(Opening.Unopenable, id, known, null, inner.Lane, null);
        }
    }

    private KnownSession Add(Step step, Contact contact, Session session, bool begunHere)
    {
        var device = contact.Device ?? throw new InvalidOperationException("A session without a device.");
        var known = new KnownSession(session, contact.Id);
        state.Sessions[known.Id] = known;
        step.Changed(known);
        step.Changed(contact);
        var former = Sealing(contact);
        device.SessionIds.Add(known.Id.ToByteString());
        // Both began at once: the greater id seals, at both ends. Otherwise the newer one does: its maker had a reason, a restore perhaps.
        var bothBegan = !begunHere && former is { Session: { IsInitiator: true, PendingHandshake: not null } };
        if (!bothBegan || known.Id.CompareTo(former!.Id) > 0)
            device.SealingSession = known.Id.ToByteString();
        for (var i = 0; device.SessionIds.Count > MaxSessions && i < device.SessionIds.Count; i++)
        {
            if (device.SessionIds[i] == device.SealingSession || device.SessionIds[i] == known.Id.ToByteString())
                continue;
            if (SessionId.TryRead(device.SessionIds[i], out var oldest) && state.Sessions.Remove(oldest, out var gone))
                step.Deleted(gone);
            device.OpeningOnly.Remove(device.SessionIds[i]);
            device.SessionIds.RemoveAt(i--);
        }

        return known;
    }
}
