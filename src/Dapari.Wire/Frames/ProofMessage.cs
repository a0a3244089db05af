using System.Text;

namespace Dapari.Wire;

/// <summary>
/// What is signed to prove a key on one connection: <c>label 0x00 host 0x00 challenge id</c> (proto/dapari/wire/v1/frames.proto).
/// The host is what the client connected to (<see cref="Origin.Host"/>), so that a proof given to one server is worth nothing at another;
/// the challenge is the connection's, so that it cannot be repeated.
/// </summary>
public static class ProofMessage
{
    /// <summary>The connection's challenge, in bytes.</summary>
    public const int ChallengeLength = 32;

    /// <summary>Signed with the owner key by <c>CreateMailbox</c>, <c>OpenMailbox</c>.</summary>
    public static byte[] MailboxOwner(string host, ReadOnlySpan<byte> challenge, MailboxId mailbox) =>
        Compose("dapari mailbox owner v1"u8, host, challenge, mailbox.ToArray());

    /// <summary>Signed with the sender key by <c>OpenSender</c>.</summary>
    public static byte[] MailboxSender(string host, ReadOnlySpan<byte> challenge, MailboxId mailbox) =>
        Compose("dapari mailbox sender v1"u8, host, challenge, mailbox.ToArray());

    /// <summary>Signed with the blob's owner key by <c>PutInvite</c>, <c>DeleteInvite</c>.</summary>
    public static byte[] InviteOwner(string host, ReadOnlySpan<byte> challenge, InviteBlobId blob) =>
        Compose("dapari invite owner v1"u8, host, challenge, blob.ToArray());

    /// <summary>Signed with the prekey store's owner key by <c>PutPrekeys</c>.</summary>
    public static byte[] PrekeysOwner(string host, ReadOnlySpan<byte> challenge, PrekeyStoreId store) =>
        Compose("dapari prekeys owner v1"u8, host, challenge, store.ToArray());

    private static byte[] Compose(ReadOnlySpan<byte> label, string host, ReadOnlySpan<byte> challenge, ReadOnlySpan<byte> id)
    {
        ArgumentNullException.ThrowIfNull(host);
        var hostBytes = Encoding.UTF8.GetBytes(host.ToLowerInvariant());
        return [.. label, 0, .. hostBytes, 0, .. challenge, .. id];
    }
}
