using Dapari.Peer.Contacts;
using Dapari.Peer.Invites;
using Dapari.Peer.Outbox;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Servers;

/// <summary>What a request to a server was, until it is answered.</summary>
internal abstract record Asked
{
    /// <summary>When (monotonic).</summary>
    public long At { get; init; }

    public sealed record Greeting : Asked;

    public sealed record Alive : Asked;

    public sealed record ToOpenBox(OwnBox Box, bool Creates) : Asked;

    public sealed record ToAcknowledge(OwnBox Box, IReadOnlyList<ulong> Sequences) : Asked;

    public sealed record ToDeleteBox(OwnBox Box) : Asked;

    public sealed record ToSetWake(OwnBox Box) : Asked;

    public sealed record ForUsage(OwnBox Box) : Asked;

    public sealed record ToOpenSender(MailboxId Mailbox, Contact Contact) : Asked;

    public sealed record ToPost(OutboxEntry Entry) : Asked;

    public sealed record ToSendLive(Contact Contact) : Asked;

    public sealed record ToPublish(OwnInvite Invite) : Asked;

    public sealed record ToWithdraw(OwnInvite Invite) : Asked;

    public sealed record ForInvite(Contact Contact) : Asked;

    public sealed record ToPutPrekeys(bool WasWhole) : Asked;

    public sealed record ForRelay : Asked;

    /// <summary>With where it will be, without what it will be sealed by.</summary>
    public sealed record ToBeginBlob(TransferId Transfer, BlobId Blob, DropOff Place) : Asked;

    public sealed record ToTrimBlob : Asked;

    public sealed record ForBlobRoom(long Token) : Asked;

    public sealed record ForPrekeys(Contact Contact) : Asked;
}
