using System.Net.Sockets;

namespace Dapari.Bench.Relay;

/// <summary>Sends 32 equal datagrams in one call by UDP_SEGMENT on a connected socket.</summary>
internal sealed class FloodSender(byte[] frame) : IDisposable
{
    private const int Together = 32;
    private const int UdpLevel = 17;
    private const int UdpSegment = 103;
    private readonly byte[] _many = [.. Enumerable.Repeat(frame, Together).SelectMany(one => one)];
    private readonly HashSet<Socket> _prepared = [];

    public void Send(Socket socket)
    {
        if (_prepared.Add(socket))
        {
            // For the whole socket: every longer write is cut into frames.
            socket.SetRawSocketOption(UdpLevel, UdpSegment, BitConverter.GetBytes(frame.Length));
        }

        try
        {
            socket.Send(_many, SocketFlags.None, out _);
        }
        catch (SocketException)
        {
            // A full buffer: that is what a flood is.
        }
    }

    public void Dispose() => _prepared.Clear();
}
