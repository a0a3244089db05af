using Dapari.Relay.Credentials;
using Dapari.Relay.Driving;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay;

// What requests are answered, and by whose leave.
public sealed partial class RelayCore
{
    private const int MostUnknown = 8;

    // RFC 8489 §18.5: SHA-256 before MD5, without parameters.
    private static ReadOnlySpan<byte> OfferedAlgorithms => [0, 2, 0, 0, 0, 1, 0, 0];

    /// <summary>A request whose sender was proved.</summary>
    private readonly ref struct Proven(in ClientKey client, in StunMessage message, ReadOnlySpan<byte> username, ReadOnlySpan<byte> id, long expiry)
    {
        public ClientKey Client { get; } = client;

        public StunMessage Message { get; } = message;

        public ReadOnlySpan<byte> Username { get; } = username;

        public ReadOnlySpan<byte> Id { get; } = id;

        public long ExpiryUnixSeconds { get; } = expiry;

        public ReadOnlySpan<byte> Key { get; init; }

        public PasswordAlgorithmId Algorithm { get; init; }
    }

    private RelayAction Answer(in ClientKey client, in StunMessage message, Span<byte> buffer, ref RelayPacket packet)
    {
        var length = message.Method switch
        {
            StunMethod.Binding => AnswerBinding(client, message),
            StunMethod.Allocate or StunMethod.Refresh or StunMethod.CreatePermission or StunMethod.ChannelBind => AnswerTurn(client, message),
            _ => -1,
        };
        if (length < 0)
            return Drop(RelayCount.DroppedMalformed);
        if (length == 0)
            return Drop(RelayCount.DroppedUnproven);
        _answer.AsSpan(0, length).CopyTo(buffer);
        packet.Length = length;
        packet.Client = client;
        return RelayAction.ToClient;
    }

    // RFC 8489 §12: no credentials are asked for.
    private int AnswerBinding(in ClientKey client, in StunMessage message)
    {
        if (!MayAnswerUnproven(client))
            return 0;
        Span<ushort> unknown = stackalloc ushort[MostUnknown];
        if (FindUnknown(message, unknown) is var count and > 0)
            return Error(message, 420, "Unknown Attribute"u8, default, unknown[..count]);
        var writer = Begin(message, StunClass.Success);
        XorMappedAddress.Write(ref writer, client.Remote);
        Count(RelayCount.Succeeded);
        return Finish(ref writer, message, default);
    }

    // RFC 8489 §9.2.4, in its order; what an attacker learns is the same for a wrong name and a wrong password.
    private int AnswerTurn(in ClientKey client, in StunMessage message)
    {
        // The sender proves nothing before the MAC was checked; where its answers are used up not even that is computed.
        if (!IsUnlimited(client) && !_limiter.HasRoom(client, _now.MonotonicMs) && Find(client) is null)
            return 0;
        if (!message.HasIntegrity && !message.HasIntegritySha256)
            return Challenge(client, message, 401);
        var hasName = Username.TryRead(message, out var username);
        if ((!hasName && !message.Has(UserHash.Type)) || !Realm.TryRead(message, out var realm) || !Nonce.TryRead(message, out var nonce))
            return Unproven(client, message, 400, "Bad Request"u8);
        var algorithm = PasswordAlgorithmId.Md5;
        var offered = PasswordAlgorithms.TryRead(message, out var algorithms);
        if (offered || message.Has(PasswordAlgorithm.Type))
        {
            // Bid-down protection: the client must have seen all that was offered, and have taken one of them.
            if (!offered || !PasswordAlgorithm.TryRead(message, out algorithm) || !algorithms.SequenceEqual(OfferedAlgorithms)
                || !PasswordAlgorithms.Contains(algorithms, algorithm))
                return Unproven(client, message, 400, "Bad Request"u8);
        }

        // USERHASH is not announced in the nonce: names are not in a table that could be searched for it.
        if (!hasName || !realm.SequenceEqual(_realm) || !RelayCredentials.TryRead(username, out var expiry, out var id)
            || expiry <= _now.UnixMs / 1000)
            return Challenge(client, message, 401);
        if (!_shared.Nonces.IsGood(client, _now.UnixMs, nonce))
            return Challenge(client, message, 438);

        Span<byte> key = stackalloc byte[StunCredentials.LongestKey];
        var length = FindKey(client, message, username, algorithm, key);
        if (length == 0)
            return Challenge(client, message, 401);
        var proven = new Proven(client, message, username, id, expiry) { Key = key[..length], Algorithm = algorithm };
        Span<ushort> unknown = stackalloc ushort[MostUnknown];
        if (FindUnknown(message, unknown) is var count and > 0)
            return Refuse(proven, 420, unknown[..count]);
        return message.Method switch
        {
            StunMethod.Allocate => Allocate(proven),
            StunMethod.Refresh => Refresh(proven),
            StunMethod.CreatePermission => CreatePermission(proven),
            _ => BindChannel(proven),
        };
    }

    private int FindKey(in ClientKey client, in StunMessage message, ReadOnlySpan<byte> username, PasswordAlgorithmId algorithm, Span<byte> key)
    {
        // An allocation goes on by the key that it was made with, even if the secret behind it is not accepted any more.
        if (Find(client) is { } allocation && allocation.Algorithm == algorithm && username.SequenceEqual(allocation.Username)
            && RelayCredentials.Check(message, allocation.Key))
        {
            allocation.Key.CopyTo(key);
            return allocation.Key.Length;
        }

        return RelayCredentials.FindKey(_shared.Secrets, message, username, _realm, algorithm, key);
    }

    /// <summary>The attributes that must be understood and are not; the number of those that were written.</summary>
    /// <param name="message">The message.</param>
    /// <param name="unknown">Where to; when it is empty only whether there are any is said, by 1.</param>
    private static int FindUnknown(in StunMessage message, scoped Span<ushort> unknown)
    {
        var count = 0;
        foreach (var attribute in message.Attributes)
        {
            if (!attribute.MustBeUnderstood || IsKnown(attribute.Type))
                continue;
            if (unknown.IsEmpty)
                return 1;
            if (count == unknown.Length)
                break;
            unknown[count++] = attribute.Type;
        }

        return count;
    }

    // DONT-FRAGMENT is not among them: sockets are not switched for each datagram, and RFC 8656 §7.2 has the answer 420 for such servers.
    private static bool IsKnown(ushort type) => type is Username.Type or UserHash.Type or Realm.Type or Nonce.Type or MessageIntegrity.Type
        or MessageIntegritySha256.Type or PasswordAlgorithm.Type or ErrorCode.Type or UnknownAttributes.Type or MappedAddress.Type or XorMappedAddress.Type
        or ChannelNumber.Type or Lifetime.Type or XorPeerAddress.Type or Data.Type or XorRelayedAddress.Type or RequestedAddressFamily.Type
        or EvenPort.Type or RequestedTransport.Type or ReservationToken.Type or Priority.Type or UseCandidate.Type;

    private bool IsUnlimited(in ClientKey client) => Side(client.Local).Transport == RelayTransport.Stream;

    private bool MayAnswerUnproven(in ClientKey client) => IsUnlimited(client) || _limiter.TryTake(client, _now.MonotonicMs);

    // RFC 8489 §9.2.4: 401 and 438 bring what a client needs to try again. The reason is empty: nobody reads it, and the answer stays small.
    private int Challenge(in ClientKey client, in StunMessage message, int code)
    {
        if (!MayAnswerUnproven(client))
            return 0;
        Count(RelayCount.Unauthorized);
        Span<byte> nonce = stackalloc byte[NonceMint.Length];
        _shared.Nonces.Make(client, _now.UnixMs, nonce);
        var writer = Begin(message, StunClass.Error);
        ErrorCode.Write(ref writer, code, default);
        Realm.Write(ref writer, _realm);
        Nonce.Write(ref writer, nonce);
        PasswordAlgorithms.Write(ref writer, OfferedAlgorithms);
        return Finish(ref writer, message, default);
    }

    private int Unproven(in ClientKey client, in StunMessage message, int code, ReadOnlySpan<byte> reason) =>
        MayAnswerUnproven(client) ? Error(message, code, reason, default, default) : 0;

    private int Refuse(in Proven request, int code, ReadOnlySpan<ushort> unknown = default)
    {
        Count(RelayCount.Refused);
        if (code == 403)
            Count(RelayCount.PeerRefused);
        else if (code is 486 or 508)
            Count(RelayCount.OverQuota);
        return Error(request.Message, code, Reason(code), request.Key, unknown);
    }

    private static ReadOnlySpan<byte> Reason(int code) => code switch
    {
        400 => "Bad Request"u8,
        403 => "Forbidden"u8,
        420 => "Unknown Attribute"u8,
        437 => "Allocation Mismatch"u8,
        440 => "Address Family not Supported"u8,
        441 => "Wrong Credentials"u8,
        442 => "Unsupported Transport Protocol"u8,
        443 => "Peer Address Family Mismatch"u8,
        486 => "Allocation Quota Reached"u8,
        508 => "Insufficient Capacity"u8,
        _ => default,
    };

    private int Error(in StunMessage message, int code, ReadOnlySpan<byte> reason, ReadOnlySpan<byte> key, ReadOnlySpan<ushort> unknown)
    {
        var writer = Begin(message, StunClass.Error);
        ErrorCode.Write(ref writer, code, reason);
        if (!unknown.IsEmpty)
            UnknownAttributes.Write(ref writer, unknown);
        return Finish(ref writer, message, key);
    }

    private StunWriter Begin(in StunMessage message, StunClass kind) => new(_answer, kind, message.Method, message.TransactionId);

    // RFC 8489 §9.2.4: the answer is protected as the request was; and it has a fingerprint if that had one.
    private static int Finish(ref StunWriter writer, in StunMessage message, ReadOnlySpan<byte> key)
    {
        if (!key.IsEmpty && message.HasIntegritySha256)
            MessageIntegritySha256.Write(ref writer, key);
        else if (!key.IsEmpty)
            MessageIntegrity.Write(ref writer, key);
        if (message.HasFingerprint)
            Fingerprint.Write(ref writer);
        return writer.TryFinish(out var length) ? length : throw new InvalidOperationException("An answer is longer than any can be.");
    }

    private int Succeed(in Proven request, ref StunWriter writer)
    {
        Count(RelayCount.Succeeded);
        return Finish(ref writer, request.Message, request.Key);
    }
}
