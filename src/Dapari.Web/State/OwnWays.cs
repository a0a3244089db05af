using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Web.State;

/// <summary>The ways that a person's own last messages went, for the page that explains them.</summary>
/// <param name="Total">How many were counted.</param>
/// <param name="Counts">How many by each way, only those that there are, in a fixed order.</param>
/// <param name="Last">The last message of each way.</param>
public sealed record OwnWays(int Total, IReadOnlyList<(Route Route, int Count)> Counts, IReadOnlyDictionary<Route, MessageRecord> Last)
{
    /// <summary>Bytes of files among them, by way.</summary>
    public IReadOnlyList<FileRouteShare> FileShares { get; private init; } = [];

    /// <summary>Bytes of files in all.</summary>
    public ulong FileBytes => FileShares.Aggregate(0ul, (sum, share) => sum + share.Bytes);

    /// <summary>Messages looked at.</summary>
    public const int Most = 200;

    private const int Conversations = 8;

    /// <summary>Reads the newest messages of the newest conversations.</summary>
    public static async Task<OwnWays> ReadAsync(IPeerClient peer, CancellationToken cancellation)
    {
        var messages = new List<MessageRecord>();
        foreach (var contact in peer.Snapshot.Contacts.Where(c => c.State == ContactState.Accepted).Take(Conversations))
        {
            if (!ContactId.TryRead(contact.Id, out var id)) continue;
            var page = await peer.ReadMessagesAsync(id, default, PageDirection.Older, 50, cancellation);
            messages.AddRange(page.Messages);
        }

        return Count(messages);
    }

    /// <summary>Counts the newest <see cref="Most"/> of these.</summary>
    public static OwnWays Count(IEnumerable<MessageRecord> messages)
    {
        var counts = new Dictionary<Route, int>();
        var last = new Dictionary<Route, MessageRecord>();
        var total = 0;
        var all = messages.ToList();
        foreach (var m in all.Where(m => m.Kind == MessageKind.Text).OrderByDescending(m => m.ShownAtMs).Take(Most))
        {
            var route = m.Route?.Route ?? Route.Unspecified;
            if (route == Route.Unspecified) continue;
            total++;
            counts[route] = counts.GetValueOrDefault(route) + 1;
            last.TryAdd(route, m);
        }

        Route[] order = [Route.Direct, Route.Relay, Route.Mailbox, Route.DropOff, Route.Waiting];
        var shares = all.SelectMany(m => m.File?.End?.Shares ?? Enumerable.Empty<FileRouteShare>()).ToLookup(share => share.Route, share => share.Bytes);
        return new OwnWays(total, [.. order.Where(counts.ContainsKey).Select(r => (r, counts[r]))], last)
        {
            FileShares = [.. order.Where(shares.Contains).Select(r => new FileRouteShare { Route = r, Bytes = shares[r].Aggregate(0ul, (sum, bytes) => sum + bytes) })],
        };
    }
}
