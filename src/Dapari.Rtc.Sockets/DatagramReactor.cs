using System.Net;
using System.Net.Sockets;

namespace Dapari.Rtc.Sockets;

/// <summary>
/// UDP sockets of one thread, with datagrams received and sent many at a time. A receive fills slots of one buffer; what is sent is slices of
/// those slots, and leaves with <see cref="Flush"/>, before the slots are used again.
/// </summary>
/// <remarks>
/// One owner: all members but <see cref="Wake"/> are called from one thread. No member but <see cref="Open"/> allocates. A datagram that cannot be
/// sent (the socket's buffer is full, the destination is refused) is lost and counted, as on a wire.
/// </remarks>
public abstract class DatagramReactor : IDisposable
{
    private protected DatagramReactor(ReactorOptions options)
    {
        Options = options;
        // The slots of a receive, and as many for datagrams that come from elsewhere.
        Arena = GC.AllocateUninitializedArray<byte>(2 * options.Batch * options.SlotBytes, pinned: true);
        Slots = new Received[options.Batch];
    }

    /// <summary>Its sizes.</summary>
    public ReactorOptions Options { get; }

    /// <summary>Datagrams that could not be sent so far.</summary>
    public long Lost { get; private protected set; }

    private protected byte[] Arena { get; }

    private protected Received[] Slots { get; }

    /// <summary>The best one that the platform has.</summary>
    public static DatagramReactor Create(ReactorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        return OperatingSystem.IsLinux() && Environment.Is64BitProcess && !options.Portable
            ? new Linux.LinuxReactor(options)
            : new Portable.PortableReactor(options);
    }

    /// <summary>Opens a socket.</summary>
    /// <param name="local">The address to bind, exactly; port 0: any free one.</param>
    /// <param name="shared">Whether other reactors bind the same (SO_REUSEPORT): each client is then served by one of them.</param>
    /// <param name="socket">Its number: dense, from 0, used again after <see cref="Close"/>.</param>
    /// <param name="bound">What it is bound to.</param>
    /// <returns>Success, or why not: the address is taken or not ours, or there are too many.</returns>
    public abstract SocketError Open(in Endpoint local, bool shared, out int socket, out Endpoint bound);

    /// <summary>Closes a socket; what waits to be sent through it is dropped.</summary>
    public abstract void Close(int socket);

    /// <summary>Waits until sockets have something, the time is over, or somebody called <see cref="Wake"/>.</summary>
    /// <param name="ready">Gets the numbers of sockets to receive from.</param>
    /// <param name="milliseconds">The longest wait; -1: for ever.</param>
    /// <returns>How many there are.</returns>
    public abstract int Wait(Span<int> ready, int milliseconds);

    /// <summary>Ends a <see cref="Wait"/> that is under way, or the next one. Any thread.</summary>
    public abstract void Wake();

    /// <summary>Receives what a socket has, at most <see cref="ReactorOptions.Batch"/> datagrams; what lay in the slots is gone.</summary>
    public abstract int Receive(int socket);

    /// <summary>What lies in a slot after a receive.</summary>
    public ref readonly Received this[int slot] => ref Slots[slot];

    /// <summary>A slot's bytes. Those from <see cref="ReactorOptions.Batch"/> on, as many again, are never received into.</summary>
    public Span<byte> Slot(int slot) => Arena.AsSpan(slot * Options.SlotBytes, Options.SlotBytes);

    /// <summary>Sends a slice of a slot with the next <see cref="Flush"/>. A slot may be sent once between two of them.</summary>
    public abstract void Send(int socket, in Endpoint to, int slot, int offset, int length);

    /// <summary>Sends what was collected, each flow in its order.</summary>
    public abstract void Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes all sockets.</summary>
    protected abstract void Dispose(bool disposing);

    private protected Socket? Bind(in Endpoint local, bool shared, out SocketError fault)
    {
        var socket = new Socket(local.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Blocking = false;
            if (!local.IsV4)
                socket.DualMode = false;
            if (shared)
                Share(socket);
            socket.ReceiveBufferSize = Options.SocketBufferBytes;
            socket.SendBufferSize = Options.SocketBufferBytes;
            if (OperatingSystem.IsWindows())
            {
                // SIO_UDP_CONNRESET: a port that refuses is no error of the socket.
                socket.IOControl(unchecked((int)0x9800_000C), [0], null);
            }

            socket.Bind(new IPEndPoint(local.ToIPAddress(), local.Port));
            fault = SocketError.Success;
            return socket;
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            fault = refused.SocketErrorCode;
            return null;
        }
    }

    private protected static Endpoint LocalOf(Socket socket)
    {
        var local = (IPEndPoint)socket.LocalEndPoint!;
        return Endpoint.From(local.Address, (ushort)local.Port);
    }

    private static void Share(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            Span<byte> on = stackalloc byte[4];
            BitConverter.TryWriteBytes(on, 1);
            socket.SetRawSocketOption(Linux.LibC.SocketLevel, Linux.LibC.ReusePort, on);
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }
    }
}
