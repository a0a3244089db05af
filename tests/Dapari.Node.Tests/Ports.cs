using System.Net;
using System.Net.Sockets;

namespace Dapari.Node.Tests;

/// <summary>A port of loopback that was free a moment ago.</summary>
internal static class Ports
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
