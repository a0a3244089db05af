using Dapari.Peer.Hosting;

namespace Dapari.Web.Platform;

/// <summary>Server connections over the browser's WebSocket. What a socket holds unsent is bounded: past it the connection is closed.</summary>
internal sealed class BrowserServerLink : IServerLink, IDisposable
{
    private const int MostBuffered = 1024 * 1024;
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(15);
    private readonly Dictionary<int, Connection> _byId = [];
    private readonly Dictionary<string, Connection> _byOrigin = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private int _last;

    public BrowserServerLink(TimeProvider time)
    {
        _time = time;
        SocketEvents.Listener = this;
    }

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
        var connection = new Connection(++_last, origin);
        _byId[connection.Id] = connection;
        _byOrigin[origin] = connection;

        // "http" becomes "ws", "https" becomes "wss".
        var url = string.Concat("ws", origin.AsSpan(4), "/ws");
        if (!SocketModule.Open(connection.Id, url))
        {
            // As if it had failed a moment later: callers are never called back from inside Connect.
            connection.Deadline = _time.CreateTimer(_ => Fail(connection), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            return;
        }

        connection.Deadline = _time.CreateTimer(_ => Fail(connection), null, _connectTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Send(string origin, ReadOnlyMemory<byte> frame)
    {
        if (_byOrigin.TryGetValue(origin, out var connection) && !SocketModule.Send(connection.Id, frame.ToArray(), MostBuffered)) Fail(connection);
    }

    /// <inheritdoc/>
    public void Disconnect(string origin)
    {
        if (_byOrigin.TryGetValue(origin, out var connection)) Forget(connection);
    }

    /// <summary>Closes all; nothing is raised any more.</summary>
    public void Dispose()
    {
        foreach (var connection in _byId.Values.ToList())
            Forget(connection);
        if (SocketEvents.Listener == this) SocketEvents.Listener = null;
    }

    public void OnOpened(int id)
    {
        if (!_byId.TryGetValue(id, out var connection)) return;
        connection.Deadline?.Dispose();
        Connected?.Invoke(connection.Origin);
    }

    public void OnReceived(int id, byte[] bytes)
    {
        if (_byId.TryGetValue(id, out var connection)) Received?.Invoke(connection.Origin, bytes);
    }

    public void OnClosed(int id)
    {
        if (_byId.TryGetValue(id, out var connection)) Fail(connection);
    }

    private void Fail(Connection connection)
    {
        if (!_byId.ContainsKey(connection.Id)) return;
        Forget(connection);
        Disconnected?.Invoke(connection.Origin);
    }

    private void Forget(Connection connection)
    {
        connection.Deadline?.Dispose();
        _byId.Remove(connection.Id);
        if (_byOrigin.TryGetValue(connection.Origin, out var current) && current == connection) _byOrigin.Remove(connection.Origin);
        SocketModule.Close(connection.Id);
    }

    private sealed class Connection(int id, string origin)
    {
        public int Id { get; } = id;

        public string Origin { get; } = origin;

        public ITimer? Deadline { get; set; }
    }
}
