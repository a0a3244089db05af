using Dapari.Crypto;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Invites;

/// <summary>An invite that we made.</summary>
internal sealed class OwnInvite
{
    public OwnInvite(InviteId id, InviteRecord record)
    {
        Id = id;
        Record = record;
        if (!InviteSecret.TryRead(record.Secret.Span, out var secret) || !MailboxPrivateKey.TryRead(record.OwnerSeed.Span, out var owner))
            throw new InvalidDataException("An invite row cannot be read.");
        Secret = secret!;
        Owner = owner!;
    }

    public InviteId Id { get; }

    public InviteRecord Record { get; }

    public InviteSecret Secret { get; }

    public MailboxPrivateKey Owner { get; }

    /// <summary>A server refused for the moment what was asked about it.</summary>
    public bool IsToAskAgain { get; set; }

    /// <summary>Until when (monotonic) a closed invite's mailbox is kept for what still lies in it; null: it was not counted yet.</summary>
    public long? DrainUntil { get; set; }

    public bool IsUsedUp => !Record.Reusable && Record.Uses > 0;

    public static string RowKey(InviteId id) => "invite/" + id;

    /// <summary>Whether a request by it is still looked at.</summary>
    public bool Admits(long wallMs) => !Record.Revoked && !IsUsedUp && !HasExpired(wallMs);

    public bool HasExpired(long wallMs) => Record.ExpiresAtMs != 0 && wallMs >= 0 && (ulong)wallMs >= Record.ExpiresAtMs;
}
