using System.Net;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets.Streams;

/// <summary>Accepts TCP connections at one address. What is accepted is handed on at once; who serves it bounds how many there may be.</summary>
public sealed class StreamListener : IAsyncDisposable
{
    private const int Backlog = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;

    private StreamListener(Socket socket, TimeProvider time)
    {
        _socket = socket;
        _time = time;
        Local = From(socket.LocalEndPoint);
    }

    /// <summary>What it is bound to.</summary>
    public Endpoint Local { get; }

    /// <summary>Binds and listens; accepting begins with <see cref="Start"/>.</summary>
    /// <param name="local">The address; <c>[::]</c> is every address of both families where the machine has IPv6. Port 0: any free one.</param>
    /// <param name="time">For the pause when the process has too many files open.</param>
    /// <param name="fault">Why there is none.</param>
    public static StreamListener? TryOpen(in Endpoint local, TimeProvider time, out SocketError fault)
    {
        ArgumentNullException.ThrowIfNull(time);
        var any = local is { Family: 6, High: 0, Low: 0 };
        var endPoint = any && !Socket.OSSupportsIPv6 ? new IPEndPoint(IPAddress.Any, local.Port) : new IPEndPoint(local.ToIPAddress(), local.Port);
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = any;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            fault = SocketError.Success;
            return new StreamListener(socket, time);
        }
        catch (SocketException refused)
        {
            socket?.Dispose();
            fault = refused.SocketErrorCode;
            return null;
        }
    }

    /// <summary>Accepts until disposed.</summary>
    /// <param name="serve">Gets the connection, which it closes, the client's address and ours; what it throws is a bug and ends up with <see cref="DisposeAsync"/>.</param>
    public void Start(Func<Stream, Endpoint, Endpoint, CancellationToken, Task> serve)
    {
        ArgumentNullException.ThrowIfNull(serve);
        _accepting = AcceptAllAsync(serve);
    }

    /// <summary>Accepts no more. Connections that are served hear of it by their cancellation.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private static Endpoint From(EndPoint? endPoint) => endPoint is IPEndPoint ip ? Endpoint.From(ip.Address, (ushort)ip.Port).Unmap() : default;

    private async Task AcceptAllAsync(Func<Stream, Endpoint, Endpoint, CancellationToken, Task> serve)
    {
        var served = new HashSet<Task>();
        while (!_stop.IsCancellationRequested)
        {
            Socket? accepted = null;
            try
            {
                accepted = await _socket.AcceptAsync(_stop.Token);
                accepted.NoDelay = true;
                var (remote, local) = (From(accepted.RemoteEndPoint), From(accepted.LocalEndPoint));
                served.Add(serve(new NetworkStream(accepted, ownsSocket: true), remote, local, _stop.Token));
                served.RemoveWhere(static task => task.IsCompletedSuccessfully);
            }
            catch (SocketException)
            {
                // The client has gone already, or the process has as many files open as it may: others' closing makes room.
                accepted?.Dispose();
                await PauseAsync();
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or ObjectDisposedException)
            {
                accepted?.Dispose();
            }
        }

        await Task.WhenAll(served);
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(Pause, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // It stops: the loop sees it.
        }
    }
}
