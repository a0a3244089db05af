using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/socket.js.</summary>
internal static partial class SocketModule
{
    public const string Name = "dapari/socket";

    [JSImport("open", Name)]
    public static partial bool Open(int id, string url);

    [JSImport("send", Name)]
    public static partial bool Send(int id, byte[] bytes, int limit);

    [JSImport("close", Name)]
    public static partial void Close(int id);
}

/// <summary>What sockets tell.</summary>
internal static partial class SocketEvents
{
    public static BrowserServerLink? Listener { get; set; }

    [JSExport]
    internal static void Opened(int id) => Listener?.OnOpened(id);

    [JSExport]
    internal static void Received(int id, byte[] bytes) => Listener?.OnReceived(id, bytes);

    [JSExport]
    internal static void Closed(int id) => Listener?.OnClosed(id);
}
