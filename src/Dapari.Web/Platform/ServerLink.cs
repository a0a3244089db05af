using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;

namespace Dapari.Web.Platform;

/// <summary>Connections to servers over WebSocket, one for each origin.</summary>
internal sealed partial class ServerLink : IServerLink
{
    // More waiting than this, and the connection is slower than what is written to it.
    private const int MostBuffered = 1024 * 1024;

    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _origins = [];
    private readonly HashSet<int> _open = [];
    private int _last;

    public ServerLink()
    {
        SocketEvents.OnOpened = id =>
        {
            _open.Add(id);
            Tell(id, Connected);
        };
        SocketEvents.OnReceived = (id, bytes) =>
        {
            if (_origins.TryGetValue(id, out var origin)) Received?.Invoke(origin, bytes);
        };
        SocketEvents.OnClosed = id =>
        {
            _open.Remove(id);
            if (!_origins.Remove(id, out var origin)) return;
            _ids.Remove(origin);
            Disconnected?.Invoke(origin);
        };
    }

    public event Action<string>? Connected;

    public event Action<string>? Disconnected;

    public event Action<string, byte[]>? Received;

    public void Connect(string origin)
    {
        Disconnect(origin);
        var id = ++_last;
        _ids[origin] = id;
        _origins[id] = origin;

        // An origin may come from another peer: what is not one is told as not reachable.
        if (origin.StartsWith("http", StringComparison.Ordinal) && Js.Open(id, "ws" + origin["http".Length..] + "/ws"))
        {
            _ = WatchConnectAsync(origin, id);
            return;
        }

        Forget(origin);
        Disconnected?.Invoke(origin);
    }

    private async Task WatchConnectAsync(string origin, int id)
    {
        await Task.Delay(_connectTimeout, TimeProvider.System);
        if (_open.Contains(id) || !_ids.TryGetValue(origin, out var current) || current != id) return;
        Js.Close(id);
        Forget(origin);
        Disconnected?.Invoke(origin);
    }

    public void Send(string origin, ReadOnlyMemory<byte> frame)
    {
        if (!_ids.TryGetValue(origin, out var id) || Js.Send(id, frame.ToArray(), MostBuffered)) return;
        Js.Close(id);
        Forget(origin);
        Disconnected?.Invoke(origin);
    }

    public void Disconnect(string origin)
    {
        if (!_ids.TryGetValue(origin, out var id)) return;
        Forget(origin);
        Js.Close(id);
    }

    private void Forget(string origin)
    {
        if (!_ids.Remove(origin, out var id)) return;
        _origins.Remove(id);
        _open.Remove(id);
    }

    private void Tell(int id, Action<string>? told)
    {
        if (_origins.TryGetValue(id, out var origin)) told?.Invoke(origin);
    }

    private static partial class Js
    {
        [JSImport("open", "socket")]
        internal static partial bool Open(int id, string url);

        [JSImport("send", "socket")]
        internal static partial bool Send(int id, byte[] bytes, int limit);

        [JSImport("close", "socket")]
        internal static partial void Close(int id);
    }
}
