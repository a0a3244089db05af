using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Cluster;

/// <summary>How owners are woken, and what all machines of a cluster have to have the same.</summary>
internal sealed partial class PostgresRows
{
    public async Task<Outcome> SetWakeAsync(long number, WakeSubscription? subscription, CancellationToken cancellation)
    {
        if (subscription is null)
        {
            await DoAsync("DELETE FROM dapari.wakes WHERE mailbox = $1", cancellation, number);
            return new Outcome(Refusal.Unspecified);
        }

        // Of a mailbox that was deleted meanwhile nothing is left.
        var set = await DoAsync(
            """
            INSERT INTO dapari.wakes (mailbox, endpoint, mark, subscription) SELECT number, $2, $3, $4 FROM dapari.mailboxes WHERE number = $1 FOR SHARE
            ON CONFLICT (mailbox) DO UPDATE SET endpoint = $2, mark = $3, subscription = $4
            """,
            cancellation, number, subscription.Endpoint, WakeMark.Of(subscription).ToByteArray(), subscription.ToByteArray());
        return new Outcome(set == 0 ? Refusal.UnknownMailbox : Refusal.Unspecified);
    }

    public async ValueTask<WakeSubscription?> WakeAsync(long number, CancellationToken cancellation) =>
        await AskAsync("SELECT subscription FROM dapari.wakes WHERE mailbox = $1", row => WakeSubscription.Parser.ParseFrom(Bytes(row, 0)), cancellation, number);

    public Task ForgetWakesAsync(string endpoint, CancellationToken cancellation) => DoAsync("DELETE FROM dapari.wakes WHERE endpoint = $1", cancellation, endpoint);

    /// <summary>A secret that all machines share: the first that asks makes it.</summary>
    public async Task<string> SecretAsync(string name, Func<string> make, CancellationToken cancellation)
    {
        await DoAsync("INSERT INTO dapari.secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", cancellation, name, make());
        return (await AskAsync("SELECT value FROM dapari.secrets WHERE name = $1", row => row.GetString(0), cancellation, name))!;
    }
}
