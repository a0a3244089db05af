using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Bench.Far;

/// <summary>
/// Two places, 10.99.0.1 and 10.99.0.2, each a network namespace, with a long line between them: what either sends is held back, thinned out at random by a
/// seed, and slowed to a rate with a queue before it, by two threads that pass packets between two TUN devices. What the kernel does with TCP there is what it
/// does on any such line. Linux and root.
/// </summary>
internal sealed class FarLine : IDisposable
{
    private const int Mtu = 1_500;
    private readonly string _name = "dapari" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private readonly SafeFileHandle[] _ends = new SafeFileHandle[2];
    private readonly Direction[] _directions = new Direction[2];

    /// <summary>Lays it.</summary>
    /// <param name="delay">Of one direction.</param>
    /// <param name="loss">Part of the packets, at each direction.</param>
    /// <param name="rate">Bytes a second.</param>
    /// <param name="queue">Bytes that wait for the line at the most.</param>
    public FarLine(TimeSpan delay, double loss, double rate, int queue, int seed)
    {
        try
        {
            for (var i = 0; i < 2; i++)
            {
                var device = $"far{i}{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";
                _ends[i] = Tun.Open(device);
                Ip("netns", "add", Place(i));
                Ip("link", "set", device, "netns", Place(i));
                Ip("-n", Place(i), "link", "set", "lo", "up");
                Ip("-n", Place(i), "addr", "add", Address(i) + "/24", "dev", device);
                Ip("-n", Place(i), "link", "set", device, "mtu", Mtu.ToString(CultureInfo.InvariantCulture), "up");
            }

            for (var i = 0; i < 2; i++)
                _directions[i] = new Direction(_ends[i], _ends[1 - i], delay, loss, rate, queue, new Random(seed + i));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether this machine can have one.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/dev/net/tun");

    public static string Address(int end) => end == 0 ? "10.99.0.1" : "10.99.0.2";

    /// <summary>Packets that went, and of these that the line lost by chance, both directions; not those that found its queue full.</summary>
    public (long Went, long Lost) Count => (_directions.Sum(d => d.Went), _directions.Sum(d => d.Lost));

    /// <summary>A program of the bench in one of the places; it reads and writes lines.</summary>
    public Process Start(int end, params string[] arguments)
    {
        var start = new ProcessStartInfo("ip") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["netns", "exec", Place(end), "dotnet", typeof(FarLine).Assembly.Location, .. arguments])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public void Dispose()
    {
        foreach (var direction in _directions)
            direction?.Stop();
        for (var i = 0; i < 2; i++)
        {
            _ends[i]?.Dispose();
            Ip(mustWork: false, "netns", "delete", Place(i));
        }
    }

    private string Place(int end) => _name + (end == 0 ? "a" : "b");

    private static void Ip(params string[] arguments) => Ip(mustWork: true, arguments);

    private static void Ip(bool mustWork, params string[] arguments)
    {
        using var running = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var said = running.StandardError.ReadToEnd();
        running.WaitForExit();
        if (mustWork && running.ExitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {said}");
    }

    /// <summary>One way: a thread that takes packets in, and one that lets them out when it is time.</summary>
    private sealed class Direction
    {
        private readonly SafeFileHandle _from;
        private readonly SafeFileHandle _to;
        private readonly TimeSpan _delay;
        private readonly double _loss;
        private readonly double _rate;
        private readonly int _queue;
        private readonly Random _random;
        private readonly Queue<(long Due, byte[] Packet, int Length)> _held = [];
        private readonly Stack<byte[]> _spare = [];
        private volatile bool _stopped;

        public Direction(SafeFileHandle from, SafeFileHandle to, TimeSpan delay, double loss, double rate, int queue, Random random)
        {
            (_from, _to, _delay, _loss, _rate, _queue, _random) = (from, to, delay, loss, rate, queue, random);
            new Thread(TakeIn) { IsBackground = true }.Start();
            new Thread(LetOut) { IsBackground = true }.Start();
        }

        public long Went { get; private set; }

        public long Lost { get; private set; }

        public void Stop() => _stopped = true;

        private void TakeIn()
        {
            var packet = new byte[Mtu];
            var free = Stopwatch.GetTimestamp();
            while (!_stopped)
            {
                var length = Tun.Read(_from, packet);
                if (length <= 0)
                    return;
                var now = Stopwatch.GetTimestamp();
                Went++;
                if (_random.NextDouble() < _loss)
                {
                    Lost++;
                    continue;
                }

                // The line is busy with what came before; what would wait behind too much of it finds no room.
                free = Math.Max(free, now);
                if ((free - now) * _rate / Stopwatch.Frequency > _queue)
                    continue;

                free += (long)(length / _rate * Stopwatch.Frequency);
                lock (_held)
                {
                    _held.Enqueue((free + (long)(_delay.TotalSeconds * Stopwatch.Frequency), packet, length));
                    Monitor.Pulse(_held);
                    packet = _spare.TryPop(out var spare) ? spare : new byte[Mtu];
                }
            }
        }

        private void LetOut()
        {
            while (!_stopped)
            {
                (long Due, byte[] Packet, int Length) next;
                lock (_held)
                {
                    while (!_held.TryDequeue(out next))
                        Monitor.Wait(_held, 100);
                }

                // Sleeping is exact to about a tenth of a millisecond: the last of it is waited out.
                while (next.Due - Stopwatch.GetTimestamp() is > 0 and var left)
                {
                    if (left > Stopwatch.Frequency / 5_000)
                        Thread.Sleep(TimeSpan.FromSeconds(((double)left / Stopwatch.Frequency) - 0.000_15));
                    else
                        Thread.SpinWait(20);
                }

                Tun.Write(_to, next.Packet.AsSpan(0, next.Length));
                lock (_held)
                    _spare.Push(next.Packet);
                if (_to.IsClosed)
                    return;
            }
        }
    }
}

/// <summary>Linux' TUN devices: packets of IP by reading and writing.</summary>
internal static class Tun
{
    // linux/if_tun.h: TUNSETIFF; IFF_TUN | IFF_NO_PI.
    private const nuint SetInterface = 0x400454ca;
    private const short Flags = 0x1001;

    public static SafeFileHandle Open(string name)
    {
        var handle = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var request = new byte[40];
        Encoding.ASCII.GetBytes(name).CopyTo(request, 0);
        BitConverter.TryWriteBytes(request.AsSpan(16), Flags);
        if (Ioctl(handle, SetInterface, request) != 0)
            throw new Win32Exception();
        return handle;
    }

    public static int Read(SafeFileHandle handle, byte[] packet)
    {
        try
        {
            return (int)Read(handle, packet, (nuint)packet.Length);
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    public static void Write(SafeFileHandle handle, ReadOnlySpan<byte> packet)
    {
        try
        {
            _ = Write(handle, packet.ToArray(), (nuint)packet.Length);
        }
        catch (ObjectDisposedException)
        {
            // The line was taken up.
        }
    }

#pragma warning disable SYSLIB1054 // A bench has no generated interop: that needs unsafe code.
    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Ioctl(SafeFileHandle handle, nuint what, byte[] request);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(SafeFileHandle handle, byte[] bytes, nuint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(SafeFileHandle handle, byte[] bytes, nuint count);
#pragma warning restore SYSLIB1054
}
