using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Dapari.Crypto.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// A session between two devices: two Double Ratchets, the durable lane and the live one, from one handshake. One owner; not thread-safe.
/// Its state must be kept before what it sealed is sent, and together with what it opened.
/// </summary>
public sealed class Session : IDisposable
{
    /// <summary>The version of the state that this build writes and reads.</summary>
    public const uint Version = 1;

    private const int KeyAndNonceLength = Aead.KeyLength + Aead.NonceLength;

    private readonly byte[] _associatedData;
    private readonly Ratchet _durable;
    private readonly Ratchet _live;

    private Session(SessionId id, bool isInitiator, DeviceId local, DeviceId remote, byte[] associatedData, Ratchet durable, Ratchet live)
    {
        Id = id;
        IsInitiator = isInitiator;
        LocalDevice = local;
        RemoteDevice = remote;
        _associatedData = associatedData;
        _durable = durable;
        _live = live;
    }

    /// <summary>Derived from the handshake's secret; the same at both ends.</summary>
    public SessionId Id { get; }

    /// <summary>Whether this end began.</summary>
    public bool IsInitiator { get; }

    /// <summary>This end.</summary>
    public DeviceId LocalDevice { get; }

    /// <summary>The other end.</summary>
    public DeviceId RemoteDevice { get; }

    /// <summary>Sent with every envelope until the other end's first one opened; null from then on, and always at the responder.</summary>
    public Handshake? PendingHandshake { get; private set; }

    /// <summary>Reads what <see cref="Save"/> gave; false: damaged, or of another version.</summary>
    public static bool TryLoad(SessionState state, [NotNullWhen(true)] out Session? session)
    {
        ArgumentNullException.ThrowIfNull(state);
        session = null;
        if (state.Version != Version || state.AssociatedData.IsEmpty
            || !SessionId.TryRead(state.SessionId, out var id)
            || !DeviceId.TryRead(state.LocalDeviceId, out var local)
            || !DeviceId.TryRead(state.RemoteDeviceId, out var remote))
            return false;
        Handshake? pending = null;
        if (!state.PendingHandshake.IsEmpty
            && (!Protobuf.TryParse(state.PendingHandshake.Span, Handshake.Parser, out pending) || !Shape.IsHandshake(pending)))
            return false;
        if (!Ratchet.TryLoad(LaneLimits.Durable, state.Durable, out var durable) || !Ratchet.TryLoad(LaneLimits.Live, state.Live, out var live))
            return false;
        session = new Session(id, state.Initiator, local, remote, state.AssociatedData.ToByteArray(), durable, live) { PendingHandshake = pending };
        return true;
    }

    /// <summary>The state to keep.</summary>
    public SessionState Save() => new()
    {
        Version = Version,
        SessionId = Id.ToByteString(),
        Initiator = IsInitiator,
        LocalDeviceId = LocalDevice.ToByteString(),
        RemoteDeviceId = RemoteDevice.ToByteString(),
        AssociatedData = UnsafeByteOperations.UnsafeWrap(_associatedData),
        Durable = _durable.Save(),
        Live = _live.Save(),
        PendingHandshake = PendingHandshake?.ToByteString() ?? ByteString.Empty,
    };

    /// <summary>A copy that changes on its own; cheap, however many keys are kept.</summary>
    public Session Clone() =>
        new(Id, IsInitiator, LocalDevice, RemoteDevice, _associatedData, _durable.Clone(), _live.Clone()) { PendingHandshake = PendingHandshake };

    /// <summary>Seals a plaintext for the other end and moves the lane on.</summary>
    /// <param name="lane">Durable or live.</param>
    /// <param name="id">The envelope that will carry it; fresh.</param>
    /// <param name="plaintext">A padded content, at most <see cref="WireLimits.ContentBytes"/> bytes.</param>
    /// <param name="random">For a new ratchet key, where one is due.</param>
    public SealedEnvelope Seal(Lane lane, EnvelopeId id, ReadOnlySpan<byte> plaintext, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, WireLimits.ContentBytes);
        var messageKey = LaneOf(lane).NextToSeal(random, out var ratchetKey, out var previousCount, out var number);
        Span<byte> keyAndNonce = stackalloc byte[KeyAndNonceLength];
        RatchetKdf.Expand(messageKey, keyAndNonce);
        var header = new RatchetHeader { RatchetKey = ByteString.CopyFrom(ratchetKey), PreviousCount = previousCount, Number = number };
        var data = MessageData(LocalDevice, RemoteDevice, lane, PendingHandshake is not null, id, header);
        var ciphertext = Aead.Seal(keyAndNonce[..Aead.KeyLength], keyAndNonce[Aead.KeyLength..], plaintext, data);
        CryptographicOperations.ZeroMemory(keyAndNonce);
        CryptographicOperations.ZeroMemory(messageKey);
        return new SealedEnvelope
        {
            SessionId = Id.ToByteString(),
            Lane = lane,
            Handshake = PendingHandshake?.Clone(),
            Header = header,
            Ciphertext = UnsafeByteOperations.UnsafeWrap(ciphertext),
        };
    }

    /// <summary>
    /// Makes the durable lane's next ratchet key now, if one is due, so that the next seal costs no key agreement. The specification's own order:
    /// a receiver turns at once (Signal, "The Double Ratchet Algorithm", §3.4); this is for when it has time. False: nothing changed.
    /// </summary>
    public bool PrepareToSeal(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return _durable.TryTurnAhead(random);
    }

    /// <summary>
    /// Opens what the other end sealed. On success the lane moves on and the pending handshake is dropped; on any fault nothing changed.
    /// </summary>
    /// <param name="envelope">What the outer seal covered.</param>
    /// <param name="id">The envelope that carried it.</param>
    /// <param name="plaintext">The padded content.</param>
    public OpenFault TryOpen(SealedEnvelope envelope, EnvelopeId id, out byte[]? plaintext)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        plaintext = null;
        if (EnvelopeCodec.Check(envelope) != EnvelopeFault.None)
            return OpenFault.Malformed;
        if (!SessionId.TryRead(envelope.SessionId, out var session) || session != Id)
            return OpenFault.UnknownSession;
        if (envelope.Handshake is not null && !Pqxdh.IsOrigin(envelope.Handshake, _associatedData))
            return OpenFault.Forged;

        var header = envelope.Header;
        var ratchet = LaneOf(envelope.Lane);
        var fault = ratchet.Prepare(header.RatchetKey.Span, header.PreviousCount, header.Number, out var step);
        if (step is null)
            return fault;
        using (step)
        {
            Span<byte> keyAndNonce = stackalloc byte[KeyAndNonceLength];
            RatchetKdf.Expand(step.MessageKey, keyAndNonce);
            var data = MessageData(RemoteDevice, LocalDevice, envelope.Lane, envelope.Handshake is not null, id, header);
            plaintext = Aead.TryOpen(keyAndNonce[..Aead.KeyLength], keyAndNonce[Aead.KeyLength..], envelope.Ciphertext.Span, data);
            CryptographicOperations.ZeroMemory(keyAndNonce);
            if (plaintext is null)
                return OpenFault.Forged;
            ratchet.Apply(step);
            PendingHandshake = null;
            return OpenFault.None;
        }
    }

    /// <summary>Zeroes the keys that are this copy's own.</summary>
    public void Dispose()
    {
        _durable.Dispose();
        _live.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => "Session " + Id;

    /// <summary>The initiator's end, after the handshake.</summary>
    internal static Session Begin(
        ReadOnlySpan<byte> secret, byte[] associatedData, DeviceId local, DeviceId remote, byte[] responderPublic, Handshake handshake) =>
        new(
            DeriveId(secret), true, local, remote, associatedData,
            Ratchet.ForInitiator(LaneLimits.Durable, Derive(secret, Labels.DurableRoot), Derive(secret, Labels.DurableFirstChain), responderPublic),
            Ratchet.ForInitiator(LaneLimits.Live, Derive(secret, Labels.LiveRoot), Derive(secret, Labels.LiveFirstChain), responderPublic))
        {
            PendingHandshake = handshake,
        };

    /// <summary>The responder's end, after the handshake.</summary>
    internal static Session Answer(
        ReadOnlySpan<byte> secret, byte[] associatedData, DeviceId local, DeviceId remote, byte[] prekeyPrivate, byte[] prekeyPublic) =>
        new(
            DeriveId(secret), false, local, remote, associatedData,
            Ratchet.ForResponder(
                LaneLimits.Durable, Derive(secret, Labels.DurableRoot), Derive(secret, Labels.DurableFirstChain), prekeyPrivate, prekeyPublic),
            Ratchet.ForResponder(
                LaneLimits.Live, Derive(secret, Labels.LiveRoot), Derive(secret, Labels.LiveFirstChain), [.. prekeyPrivate], prekeyPublic));

    private static SessionId DeriveId(ReadOnlySpan<byte> secret)
    {
        Span<byte> id = stackalloc byte[SessionId.Length];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, id, Labels.SessionId);
        return SessionId.TryRead(id, out var session) ? session : throw new InvalidOperationException();
    }

    private static byte[] Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label)
    {
        var key = new byte[RatchetKdf.KeyLength];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, key, label);
        return key;
    }

    private Ratchet LaneOf(Lane lane) => lane switch
    {
        Lane.Durable => _durable,
        Lane.Live => _live,
        _ => throw new ArgumentOutOfRangeException(nameof(lane)),
    };

    /// <summary>
    /// What a message is bound to besides its key: session, direction, version, lane, whether it carries the handshake (whose
    /// bytes the session's associated data covers), envelope and place. Every part has a fixed length.
    /// </summary>
    private byte[] MessageData(DeviceId from, DeviceId to, Lane lane, bool hasHandshake, EnvelopeId id, RatchetHeader header)
    {
        Span<byte> numbers = stackalloc byte[17];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, EnvelopeCodec.Version);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[4..], (uint)lane);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[8..], header.PreviousCount);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[12..], header.Number);
        numbers[16] = hasHandshake ? (byte)1 : (byte)0;
        return
        [
            .. Labels.MessageData, .. _associatedData, .. Id.ToArray(), .. from.ToArray(), .. to.ToArray(), .. id.ToArray(), .. numbers,
            .. header.RatchetKey.Span,
        ];
    }
}
