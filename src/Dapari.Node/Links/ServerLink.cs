using Dapari.Peer.Hosting;
using Dapari.Wire;

namespace Dapari.Node.Links;

/// <summary>Connections to servers over WebSocket, one for each origin. When to try again is the engine's affair. Safe for threads.</summary>
/// <param name="authorities">Whose certificates count.</param>
/// <param name="time">For the limit on connecting.</param>
internal sealed class ServerLink(Authorities authorities, TimeProvider time) : IServerLink, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServerConnection> _connections = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _ending = [];

    /// <inheritdoc/>
    public event Action<string>? Connected;

    /// <inheritdoc/>
    public event Action<string>? Disconnected;

    /// <inheritdoc/>
    public event Action<string, byte[]>? Received;

    /// <inheritdoc/>
    public void Connect(string origin)
    {
        Disconnect(origin);
        // An origin may come from another peer: what is not one is told as not reachable.
        if (!Origin.TryParse(origin, out var parsed))
        {
            Disconnected?.Invoke(origin);
            return;
        }

        var connection = new ServerConnection(new Uri(parsed.WebSocketUrl), authorities, time);
        lock (_lock)
        {
            _connections[origin] = connection;
            var run = Task.Run(() => RunAsync(origin, connection));
            _ending.Add(run);
            _ = run.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <inheritdoc/>
    public void Send(string origin, ReadOnlyMemory<byte> frame)
    {
        ServerConnection? connection;
        lock (_lock)
            connection = _connections.GetValueOrDefault(origin);
        // One whose queue is full is slower than what is written to it: it ends, and its end is told.
        if (connection is not null && !connection.TrySend(frame))
            connection.Stop();
    }

    /// <inheritdoc/>
    public void Disconnect(string origin)
    {
        ServerConnection? connection;
        lock (_lock)
            _connections.Remove(origin, out connection);
        connection?.Stop();
    }

    /// <summary>Closes every connection and waits until they are.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            foreach (var connection in _connections.Values)
                connection.Stop();
            _connections.Clear();
            ending = [.. _ending];
        }

        await Task.WhenAll(ending);
    }

    private async Task RunAsync(string origin, ServerConnection connection)
    {
        using (connection)
        {
            await connection.RunAsync(
                () => WhileCurrent(origin, connection, () => Connected?.Invoke(origin)),
                frame => WhileCurrent(origin, connection, () => Received?.Invoke(origin, frame)));
        }

        WhileCurrent(origin, connection, () =>
        {
            _connections.Remove(origin);
            Disconnected?.Invoke(origin);
        });
    }

    // Told within the lock: after Disconnect returned, nothing of that connection is heard any more. Whoever listens only puts it into a queue.
    private void WhileCurrent(string origin, ServerConnection connection, Action tell)
    {
        lock (_lock)
        {
            if (_connections.GetValueOrDefault(origin) == connection)
                tell();
        }
    }

    private void Forget(Task run)
    {
        lock (_lock)
            _ending.Remove(run);
    }
}
