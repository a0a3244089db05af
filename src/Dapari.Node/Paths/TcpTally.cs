using System.Buffers.Binary;
using System.Net.Sockets;

namespace Dapari.Node.Paths;

/// <summary>What a path's connections carried, as the system counts it: the bytes of TLS that came, and those that the other end has acknowledged. Safe for threads.</summary>
internal sealed class TcpTally
{
    // linux/tcp.h, struct tcp_info: tcpi_rtt (µs, 32 bits), tcpi_bytes_acked and tcpi_bytes_received (64 bits each), in the machine's order.
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const int RoundTripAt = 68;
    private const int AckedAt = 120;
    private const int ReceivedAt = 128;
    private const int Needed = 136;
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private long _sent;
    private long _received;

    /// <summary>A connection is one of the path's.</summary>
    public void Join(Socket socket)
    {
        lock (_lock)
            _open.Add(socket);
    }

    /// <summary>It is about to be closed.</summary>
    public void Leave(Socket socket)
    {
        lock (_lock)
        {
            if (!_open.Remove(socket) || Read(socket) is not { } told)
                return;
            _sent += told.Sent;
            _received += told.Received;
        }
    }

    /// <summary>Sent and received by all connections so far.</summary>
    public (long Sent, long Received) Sum()
    {
        lock (_lock)
        {
            var (sent, received) = (_sent, _received);
            foreach (var told in _open.Select(Read).OfType<(uint RoundTripUs, long Sent, long Received)>())
            {
                sent += told.Sent;
                received += told.Received;
            }

            return (sent, received);
        }
    }

    /// <summary>The smoothed round trip of a connection; null: the system does not tell.</summary>
    public static uint? RoundTripUs(Socket socket) => Read(socket)?.RoundTripUs is > 0 and var round ? round : null;

    private static (uint RoundTripUs, long Sent, long Received)? Read(Socket socket)
    {
        Span<byte> info = stackalloc byte[256];
        try
        {
            if (!OperatingSystem.IsLinux() || socket.GetRawSocketOption(TcpLevel, TcpInfo, info) < Needed)
                return null;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return null;
        }

        return BitConverter.IsLittleEndian
            ? (BinaryPrimitives.ReadUInt32LittleEndian(info[RoundTripAt..]), BinaryPrimitives.ReadInt64LittleEndian(info[AckedAt..]), BinaryPrimitives.ReadInt64LittleEndian(info[ReceivedAt..]))
            : (BinaryPrimitives.ReadUInt32BigEndian(info[RoundTripAt..]), BinaryPrimitives.ReadInt64BigEndian(info[AckedAt..]), BinaryPrimitives.ReadInt64BigEndian(info[ReceivedAt..]));
    }
}
