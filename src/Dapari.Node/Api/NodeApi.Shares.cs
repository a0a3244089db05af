using Dapari.Node.Api.Bodies;
using Dapari.Node.Shares;
using Dapari.Peer.Local;
using Dapari.Wire;

namespace Dapari.Node.Api;

/// <summary>Files for anybody who has a link (docs/protocol/shares.md).</summary>
internal sealed partial class NodeApi
{
    private const int MostTimes = 1_000;
    private const uint MostShareSeconds = 30 * 86_400;

    private static ApiAnswer UnknownShare => Error(404, "unknown-share", "There is no such share, or it is over.");

    private async Task<ApiAnswer> ForgetAsync(ApiRequest request, CancellationToken cancellation)
    {
        var answer = await DoAsync(new Command { DeleteIdentity = new DeleteIdentity() }, cancellation);
        if (answer.IsDone && shares is not null)
            await shares.StopAllAsync();
        return answer;
    }

    private IReadOnlyList<LinkShareBody> Shares() =>
        [.. ShareRecord.Kept(peer.Folder).Select(ShareRecord.TryRead).OfType<ShareRecord>().Select(Describe).OfType<LinkShareBody>().OrderBy(share => share.EndsAt)];

    private LinkShareBody? Describe(ShareRecord record)
    {
        if (!Origin.TryParse(record.Origin, out var origin))
            return null;
        var (id, link) = record.Name(origin);
        return new LinkShareBody(id, link, [.. record.Paths], record.Times, record.Uses.Count(use => use.Value.Done), record.Ends, shares?.Serves(id) is true);
    }

    private async Task<ApiAnswer> ShareAsync(ApiRequest request, CancellationToken cancellation)
    {
        if (shares is null)
            return Error(409, "no-direct", "Shares go directly from this machine, and this node makes no direct paths.");
        var body = Read(request, ApiJson.Default.NewLinkShareBody);
        ShareRecord? record;
        Origin origin;
        if (body.Again is { } again)
        {
            if (!ShareLink.TryParse(again, out _, out var secret))
                return Error(400, "bad-link", "That is no link of files.");
            using var keys = new ShareKeys(secret);
            record = ShareRecord.TryRead(ShareRecord.PathOf(peer.Folder, Convert.ToHexStringLower(keys.Id)));
            if (record is null || !Origin.TryParse(record.Origin, out origin))
                return UnknownShare;
        }
        else
        {
            if (body.Paths.Count is 0 or > WireLimits.FilesPerOffer || !body.Paths.All(Path.IsPathFullyQualified))
                return Error(400, "bad-files", $"A share wants 1 to {WireLimits.FilesPerOffer} full paths of files.");
            if (body.Times is < 1 or > MostTimes)
                return Error(400, "bad-count", $"A share is for 1 to {MostTimes} times.");
            if (body.ExpiresInSeconds is < 1 or > MostShareSeconds)
                return Error(400, "bad-time", "A share lasts 1 second to 30 days.");
            if (!Origin.TryParse(body.Server ?? Snapshot.Self?.HomeServer, out origin))
                return body.Server is null ? Refused(CommandRefusal.NoIdentity) : Error(400, "bad-server", "The server is named as https://host[:port], or http:// on this machine and in private networks.");
            record = ShareHost.NewRecord(origin, body.Paths, body.Times ?? 1, shares.Time.GetUtcNow() + TimeSpan.FromSeconds(body.ExpiresInSeconds ?? 86_400));
        }

        var share = Describe(record)!;
        return await shares.ServeAsync(share.Id, record, origin, cancellation) switch
        {
            ShareRefusal.Unreadable => Error(409, "unreadable", "A file cannot be read."),
            ShareRefusal.TooMany => Error(409, "too-many-shares", $"{ShareDesk.MostShares} shares are served already."),
            ShareRefusal.NotKept => Refused(CommandRefusal.StoreFailed),
            _ => Ok(share with { Served = true }, ApiJson.Default.LinkShareBody),
        };
    }

    private async Task<ApiAnswer> StopShareAsync(ApiRequest request, CancellationToken cancellation) =>
        shares is not null && await shares.StopAsync(request.Path[1]) ? Ok() : UnknownShare;
}
