using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dapari.Bench.Far;

/// <summary>A plain TCP connection's two ends, each a process: "listen ADDRESS" and "connect ADDRESS"; each line of input is so many bytes to be sent, or to be waited for.</summary>
internal static class FarTcp
{
    public const string Command = "--far-tcp";
    private const int Port = 9_000;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var address = IPAddress.Parse(arguments[1]);
        using var socket = arguments[0] == "listen" ? await ListenAsync(address) : await ConnectAsync(address);
        Console.WriteLine("open");
        var bytes = new byte[256 * 1024];
        while (await Console.In.ReadLineAsync() is { } line)
        {
            for (var left = long.Parse(line, CultureInfo.InvariantCulture); left > 0;)
            {
                var length = (int)Math.Min(left, bytes.Length);
                var moved = arguments[0] == "listen" ? await socket.ReceiveAsync(bytes.AsMemory(0, length)) : await socket.SendAsync(bytes.AsMemory(0, length));
                if (moved == 0)
                    return 1;
                left -= moved;
            }

            if (arguments[0] == "listen")
                Console.WriteLine("received");
        }

        return 0;
    }

    private static async Task<Socket> ListenAsync(IPAddress address)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, Port));
        listener.Listen();
        Console.WriteLine("listening");
        return await listener.AcceptAsync();
    }

    private static async Task<Socket> ConnectAsync(IPAddress address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(address, Port));
        return socket;
    }
}
