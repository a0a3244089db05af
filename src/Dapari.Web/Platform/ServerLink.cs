using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;

namespace Dapari.Web.Platform;

/// <summary>Connections to servers over WebSocket, one for each origin.</summary>
internal sealed partial class ServerLink : IServerLink
{
    // More waiting than this, and the connection is slower than what is written to it.
    private const int MostBuffered = 4 * 1024 * 1024;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _origins = [];
    private int _last;

    public ServerLink()
    {
        SocketEvents.OnOpened = id => Tell(id, Connected);
        SocketEvents.OnReceived = (id, bytes) =>
        {
            if (_origins.TryGetValue(id, out var origin)) Received?.Invoke(origin, bytes);
        };
        SocketEvents.OnClosed = id =>
        {
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
        if (Js.Open(id, "ws" + origin["http".Length..] + "/ws")) return;
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
        if (_ids.Remove(origin, out var id)) _origins.Remove(id);
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
