using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>Questions to a router's port 5351, each repeated until it is answered. Only the router's own datagrams are heard.</summary>
internal sealed class RouterSocket : IDisposable
{
    // RFC 6886 §3.1: a quarter of a second, doubled. So far for both protocols (RFC 6887 §8.1.1 would begin with 3 s): a router is one hop away, and one that
    // speaks neither must not hold up the third. The last wait is for one that is slow.
    private static readonly TimeSpan[] _waits = [TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];
    private readonly Socket _socket;
    private readonly TimeProvider _time;

    private RouterSocket(Socket socket, TimeProvider time) => (_socket, _time) = (socket, time);

    /// <summary>A socket from this machine's address there; null: there is no way.</summary>
    public static RouterSocket? TryOpen(Gateway gateway, TimeProvider time)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(gateway.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            // RFC 6887 §8.1: the request comes from the address that it names.
            socket.Bind(new IPEndPoint(gateway.Local, 0));
            socket.Connect(new IPEndPoint(gateway.Address, NatPmpRequest.ServerPort));
            return new RouterSocket(socket, time);
        }
        catch (SocketException)
        {
            socket?.Dispose();
            return null;
        }
    }

    /// <summary>Asks until something is an answer; null: nobody answers.</summary>
    public async Task<T?> AskAsync<T>(ReadOnlyMemory<byte> request, Func<ReadOnlyMemory<byte>, T?> read, CancellationToken cancellation)
        where T : struct
    {
        var buffer = new byte[2_048];
        foreach (var wait in _waits)
        {
            using var late = new CancellationTokenSource(wait, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            try
            {
                await _socket.SendAsync(request, SocketFlags.None, either.Token);
                while (true)
                {
                    var length = await _socket.ReceiveAsync(buffer, SocketFlags.None, either.Token);
                    if (read(buffer.AsMemory(0, length)) is { } answer)
                        return answer;
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Again.
            }
            catch (SocketException)
            {
                return null; // Its port is closed, or it is out of reach.
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
