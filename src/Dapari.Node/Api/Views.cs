using Dapari.Node.Api.Bodies;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire.V1;
using Google.Protobuf;
using PathState = Dapari.Peer.Local.PathState;

namespace Dapari.Node.Api;

/// <summary>What the engine shows, as documents of the local API.</summary>
internal static class Views
{
    public static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    public static StatusBody Status(Snapshot snapshot, int waiting) => new(
        snapshot.Self?.Name,
        snapshot.Self is { } self ? Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(self.IdentityKey.Span).AsSpan(0, 16)) : null,
        snapshot.Self?.HomeServer, snapshot.Self is { } own ? Words.Of(own.DefaultPolicy) : null, Words.OrNull(snapshot.Trouble), waiting,
        [.. snapshot.Servers.Select(server => new ServerBody(server.Origin, Words.Of(server.State), server.Home, OrNull(server.RetryAtMs)))], Environment.ProcessId);

    public static ContactBody Contact(ContactView contact) => new(
        Hex(contact.Id), contact.Name, contact.TheirName, Words.Of(contact.State), contact.Verified, Words.Of(contact.Policy), Words.Of(contact.EffectivePolicy),
        contact.TheyHideAddress, contact.Unread, contact.Queued, contact.Typing, contact.InviteGone, contact.Server, contact.AddedAtMs, Path(contact.Path),
        contact.LastMessage is null ? null : Message(contact.LastMessage, contact));

    public static InviteBody Invite(InviteView invite) => new(
        Hex(invite.Id), invite.Link, invite.Reusable, invite.CreatedAtMs, OrNull(invite.ExpiresAtMs), invite.Revoked, invite.Uses, invite.Label, invite.Published);

    /// <summary>An entry; that it was read follows from how far its contact has read.</summary>
    public static MessageBody Message(MessageRecord record, ContactView? contact)
    {
        var read = record.Outgoing && record.State == MessageState.Delivered && contact is not null && record.Clock <= contact.TheyReadThrough;
        return new MessageBody(
            Hex(record.Id), Hex(record.ContactId), record.Outgoing, Words.Of(record.Kind), record.Text, Words.Of(read ? MessageState.Read : record.State),
            Route(record.Route), record.ShownAtMs, OrNull(record.OnServerAtMs), OrNull(record.DeliveredAtMs), OrNull(read ? contact!.TheyReadAtMs : record.ReadAtMs),
            Hex(record.OrderKey), record.File is null ? null : Files(record.File));
    }

    public static TransferBody Transfer(TransferView transfer) => new(
        Hex(transfer.TransferId), Hex(transfer.ContactId), Hex(transfer.MessageId), transfer.Outgoing, Words.Of(transfer.State), Words.OrNull(transfer.Trouble),
        transfer.Paused, transfer.TotalBytes, transfer.DoneBytes, transfer.BytesPerSecond, OrNull(transfer.RemainingMs), Words.OrNull(transfer.Route),
        Shares(transfer.Shares), transfer.AtServerBytes, transfer.UploadedBytes);

    /// <summary>The contact that a word names: a name, whatever the case of its letters, or the beginning of an id.</summary>
    /// <returns>Null: nobody, or (<paramref name="several"/>) more than one.</returns>
    public static ContactView? Find(Snapshot snapshot, string word, out bool several)
    {
        var named = snapshot.Contacts.Where(contact => string.Equals(contact.Name, word, StringComparison.OrdinalIgnoreCase)).ToList();
        if (named.Count == 0 && word.Length >= 4)
            named = [.. snapshot.Contacts.Where(contact => Hex(contact.Id).StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        several = named.Count > 1;
        return named.Count == 1 ? named[0] : null;
    }

    public static ContactView? Find(Snapshot snapshot, ByteString id) => snapshot.Contacts.FirstOrDefault(contact => contact.Id == id);

    private static PathBody Path(PathView? path)
    {
        path ??= new PathView();
        var open = path.State is PathState.Open or PathState.Suspect;
        return new PathBody(
            path.State == PathState.Unspecified ? "closed" : Words.Of(path.State), open ? Words.OrNull(path.Network) : null, open ? OrNull(path.RoundTripMs) : null,
            Words.OrNull(path.ClosedReason), path.PeerPresent, Words.Of(path.NextRoute), Words.Of(path.NextReason));
    }

    private static RouteBody? Route(RouteRecord? route) => route is null || route.Route == Wire.V1.Route.Unspecified
        ? null
        : new RouteBody(Words.Of(route.Route), Words.Of(route.Reason), Words.OrNull(route.Network), OrNull(route.RoundTripMs), OrNull(route.LayMs));

    private static FilesBody Files(FileRecord file) => new(
        Hex(file.TransferId), file.ItemCount, file.TotalSize, file.End is null ? null : Words.OrNull(file.End.Outcome),
        [.. file.Files.Select(one => new FileBody(string.Join('/', one.Folder.Append(one.Name)), one.Size, one.MediaType, Words.OrNull(one.Warning), one.Lost))],
        file.End is null ? null : Shares(file.End.Shares), file.End is null ? null : file.End.TookMs, file.End is null ? null : file.End.ItemsLost);

    private static IReadOnlyList<ShareBody> Shares(IEnumerable<FileRouteShare> shares) => [.. shares.Select(share => new ShareBody(Words.Of(share.Route), share.Bytes, OrNull(share.HttpsBytes)))];

    private static ulong? OrNull(ulong value) => value == 0 ? null : value;

    private static uint? OrNull(uint value) => value == 0 ? null : value;
}
