using System.Text.Json;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Shares;

/// <summary>A node's end at a server's rendezvous: connects, again and again, says who it is, and shows that it lives.</summary>
/// <param name="origin">The server.</param>
/// <param name="authorities">Whose certificates count.</param>
/// <param name="hello">The first message of each connection.</param>
/// <param name="time">For beats and pauses.</param>
internal sealed class Rendezvous(Origin origin, Authorities authorities, byte[] hello, TimeProvider time)
{
    private static readonly TimeSpan _shortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);
    private static readonly byte[] _beat = [(byte)RendezvousKind.Beat];
    private volatile ServerConnection? _connection;

    /// <summary>Told each message, one after the other.</summary>
    public required Action<RendezvousKind, byte[]> Received { get; init; }

    /// <summary>Told when a connection was lost, or could not be made.</summary>
    public required Action Lost { get; init; }

    /// <summary>Queues a message; without a connection it is lost.</summary>
    public void Send(RendezvousKind kind, params ReadOnlySpan<byte> body) => _connection?.TrySend((byte[])[(byte)kind, .. body]);

    /// <summary>Ends the connection; another follows.</summary>
    public void Leave() => _connection?.Stop();

    /// <summary>Stays connected until it is to end. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var pause = _shortestPause;
        while (!cancellation.IsCancellationRequested)
        {
            using (var connection = new ServerConnection(new Uri(string.Concat(origin.WebSocketUrl.AsSpan(0, origin.WebSocketUrl.Length - "ws".Length), "rendezvous")), authorities, time))
            {
                using var ends = cancellation.UnsafeRegister(one => ((ServerConnection)one!).Stop(), connection);
                using var beats = time.CreateTimer(_ => connection.TrySend(_beat), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                await connection.RunAsync(
                    () =>
                    {
                        connection.TrySend(hello);
                        _connection = connection;
                        beats.Change(TimeSpan.FromSeconds(RendezvousLimits.BeatSeconds), TimeSpan.FromSeconds(RendezvousLimits.BeatSeconds));
                    },
                    message =>
                    {
                        if (message.Length == 0)
                            return;
                        pause = _shortestPause;
                        Received((RendezvousKind)message[0], message[1..]);
                    });
                _connection = null;
            }

            if (cancellation.IsCancellationRequested)
                return;
            Lost();
            try
            {
                await Task.Delay(pause, time, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 > _longestPause ? _longestPause : pause * 2;
        }
    }

    /// <summary>Servers of ICE as the rendezvous told them; what cannot be read is left out.</summary>
    public static async Task<IceServerAddresses> ServersAsync(byte[]? told, TimeProvider time, CancellationToken cancellation)
    {
        if (told is null)
            return IceServerAddresses.None;
        try
        {
            var servers = JsonSerializer.Deserialize(told, ShareJson.Default.IReadOnlyListShareServer) ?? [];
            var readable = servers.Where(one => one?.Urls is not null).Select(one =>
            {
                var server = new IceServer { Username = one.Username ?? "", Credential = one.Credential ?? "" };
                server.Urls.AddRange(one.Urls!.Where(url => url is not null));
                return server;
            });
            return await IceServerAddresses.ResolveAsync([.. readable], time, cancellation);
        }
        catch (JsonException)
        {
            return IceServerAddresses.None;
        }
    }
}
