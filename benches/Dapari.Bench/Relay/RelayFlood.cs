using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dapari.Rtc;
using Dapari.Rtc.Sockets;
using Dapari.Rtc.Stun;

namespace Dapari.Bench.Relay;

/// <summary>
/// Floods a relay with ChannelData of 1,200 bytes from so many clients, and counts at the peers what comes out. One thread sends as fast as the kernel
/// takes it (many datagrams to a call, cut by the kernel, so that the generator costs less than the relay); one thread counts.
/// </summary>
internal static class RelayFlood
{
    public const int PayloadBytes = 1200;
    private const ushort Channel = 0x4000;

    public static (double PacketsPerSecond, double CpuSecondsPerSecond) Run(RelayProcess relay, int clients, TimeSpan warmUp, TimeSpan measure)
    {
        using var sink = DatagramReactor.Create(new ReactorOptions { Batch = 256 });
        using var source = DatagramReactor.Create(new ReactorOptions { Batch = 64 });
        var turns = new List<TurnClient>();
        try
        {
            var peers = new int[clients];
            for (var i = 0; i < clients; i++)
            {
                Open(sink, out peers[i], out var peer);
                var turn = TurnClient.Open(relay);
                turns.Add(turn);
                turn.Allocate();
                turn.BindChannel(Channel, peer);
            }

            var stop = false;
            long counted = 0;
            var counter = new Thread(() =>
            {
                Span<int> ready = stackalloc int[64];
                while (!Volatile.Read(ref stop))
                {
                    var count = sink.Wait(ready, 100);
                    for (var i = 0; i < count; i++)
                    {
                        var got = sink.Receive(ready[i]);
                        for (var slot = 0; slot < got; slot++)
                        {
                            if (sink[slot].Length != PayloadBytes)
                                throw new InvalidOperationException("The relay changed a datagram.");
                        }

                        Volatile.Write(ref counted, Volatile.Read(ref counted) + got);
                    }
                }
            }) { IsBackground = true };
            // Each client's own socket must send: the relay knows it by its address.
            var flooder = new Thread(() => Flood(relay, turns, ref stop)) { IsBackground = true };
            counter.Start();
            flooder.Start();
            Thread.Sleep(warmUp);
            var (from, cpu, watch) = (Volatile.Read(ref counted), relay.CpuSeconds, Stopwatch.StartNew());
            Thread.Sleep(measure);
            var (to, cpuAfter, seconds) = (Volatile.Read(ref counted), relay.CpuSeconds, watch.Elapsed.TotalSeconds);
            Volatile.Write(ref stop, true);
            flooder.Join();
            counter.Join();
            return ((to - from) / seconds, (cpuAfter - cpu) / seconds);
        }
        finally
        {
            foreach (var turn in turns)
                turn.Dispose();
        }
    }

    /// <summary>One datagram at a time to an echoing peer and back, in microseconds.</summary>
    public static double[] RoundTrips(RelayProcess relay, int count)
    {
        using var echo = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        echo.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = (IPEndPoint)echo.LocalEndPoint!;
        using var turn = TurnClient.Open(relay);
        turn.Allocate();
        turn.BindChannel(Channel, Endpoint.From(address.Address, (ushort)address.Port));
        var answering = new Thread(() =>
        {
            var buffer = new byte[2048];
            var from = new SocketAddress(AddressFamily.InterNetwork);
            try
            {
                while (true)
                    echo.SendTo(buffer.AsSpan(0, echo.ReceiveFrom(buffer, SocketFlags.None, from)), SocketFlags.None, from);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
            }
        }) { IsBackground = true };
        answering.Start();
        var frame = Frame();
        var answer = new byte[2048];
        var taken = new double[count];
        for (var i = -count / 10; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            turn.Socket.Send(frame);
            turn.Socket.Receive(answer);
            if (i >= 0)
                taken[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return taken;
    }

    /// <summary>Resident bytes for each of so many allocations, each with a channel.</summary>
    public static double BytesPerAllocation(RelayProcess relay, int count)
    {
        var turns = new List<TurnClient>();
        try
        {
            var before = relay.ResidentBytes;
            for (var i = 0; i < count; i++)
            {
                var turn = TurnClient.Open(relay);
                turns.Add(turn);
                turn.Allocate();
                turn.BindChannel(Channel, Endpoint.V4(0x7F00_0001, 9));
            }

            return (double)(relay.ResidentBytes - before) / count;
        }
        finally
        {
            foreach (var turn in turns)
                turn.Dispose();
        }
    }

    private static void Flood(RelayProcess relay, List<TurnClient> turns, ref bool stop)
    {
        using var sender = new FloodSender(Frame());
        while (!Volatile.Read(ref stop))
        {
            foreach (var turn in turns)
                sender.Send(turn.Socket);
        }
    }

    private static byte[] Frame()
    {
        var frame = new byte[ChannelData.HeaderLength + PayloadBytes];
        ChannelData.WriteHeader(frame, Channel, PayloadBytes);
        return frame;
    }

    private static void Open(DatagramReactor reactor, out int socket, out Endpoint bound)
    {
        var fault = reactor.Open(Endpoint.V4(0x7F00_0001, 0), shared: false, out socket, out bound);
        if (fault != SocketError.Success)
            throw new SocketException((int)fault);
    }
}
