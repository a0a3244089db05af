using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Node.Tests.Doctor;

/// <summary>A machine at 10.1.0.2 behind a router at 203.0.113.11, and two servers of STUN beyond, at 203.0.113.2 and .3: network namespaces (root, iproute2 and nftables).</summary>
internal sealed class Nat : IAsyncDisposable
{
    private static int count;
    private readonly string _mark = $"d{Environment.ProcessId % 10_000}x{Interlocked.Increment(ref count)}";
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Socket> _servers = [];

    private string Machine => _mark + "m";

    private string Router => _mark + "r";

    private string Beyond => _mark + "b";

    /// <param name="post">The rule for what leaves (nftables): how addresses are translated.</param>
    /// <param name="forward">A rule for what is passed on, or nothing.</param>
    public static async Task<Nat> LayAsync(string post, string forward)
    {
        var nat = new Nat();
        try
        {
            foreach (var space in nat.Spaces)
                await RunAsync("ip", "netns", "add", space);
            await RunAsync("ip", "-n", nat.Router, "link", "add", "i", "type", "veth", "peer", "name", "e", "netns", nat.Machine);
            await RunAsync("ip", "-n", nat.Router, "link", "add", "w", "type", "veth", "peer", "name", "e", "netns", nat.Beyond);
            await JoinAsync(nat.Router, "i", "10.1.0.1/24");
            await JoinAsync(nat.Router, "w", "203.0.113.11/24");
            await JoinAsync(nat.Machine, "e", "10.1.0.2/24");
            await JoinAsync(nat.Beyond, "e", "203.0.113.2/24", "203.0.113.3/24");
            await RunAsync("ip", "-n", nat.Machine, "route", "add", "default", "via", "10.1.0.1");
            await RunAsync("ip", "netns", "exec", nat.Router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
            await RunAsync("ip", "netns", "exec", nat.Router, "nft",
                $"table ip n {{ chain post {{ type nat hook postrouting priority 100; oifname \"w\" {post}; }}; chain pass {{ type filter hook forward priority 0; policy drop; "
                + $"{forward} ct state established,related accept; iifname \"i\" accept; }}; }}");
            await InAsync(nat.Beyond, () =>
            {
                nat.Serve("203.0.113.2");
                nat.Serve("203.0.113.3");
                return Task.FromResult(true);
            });
            return nat;
        }
        catch
        {
            await nat.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins something on the machine behind the router: the sockets that it makes before it first waits are there.</summary>
    public Task<T> BehindAsync<T>(Func<Task<T>> work) => InAsync(Machine, work);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _servers.ForEach(server => server.Dispose());
        foreach (var space in Spaces)
        {
            using var removing = Process.Start(new ProcessStartInfo("ip", ["netns", "delete", space]) { RedirectStandardError = true })!;
            await removing.WaitForExitAsync();
        }

        _ending.Dispose();
    }

    private IEnumerable<string> Spaces => [Machine, Router, Beyond];

    private static async Task JoinAsync(string space, string device, params string[] addresses)
    {
        foreach (var address in addresses)
            await RunAsync("ip", "-n", space, "address", "add", address, "dev", device);
        await RunAsync("ip", "-n", space, "link", "set", device, "up");
    }

    private void Serve(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _servers.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 3478));
        _ = AnswerAsync(socket);
    }

    private async Task AnswerAsync(Socket socket)
    {
        var buffer = new byte[1_500];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _ending.Token);
                var from = (IPEndPoint)received.RemoteEndPoint;
                await socket.SendToAsync(Answer(buffer.AsSpan(0, received.ReceivedBytes), Endpoint.From(from.Address, (ushort)from.Port)), from, _ending.Token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The lab is taken down.
        }
    }

    private static byte[] Answer(ReadOnlySpan<byte> request, Endpoint from)
    {
        Assert.True(StunMessage.TryRead(request, out var message, out _));
        var bytes = new byte[100];
        var writer = new StunWriter(bytes, StunClass.Success, StunMethod.Binding, message.TransactionId);
        XorMappedAddress.Write(ref writer, from);
        Assert.True(writer.TryFinish(out var length));
        return bytes[..length];
    }

    private static async Task<T> InAsync<T>(string space, Func<Task<T>> work)
    {
        var begun = new TaskCompletionSource<Task<T>>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own: it never comes back from the namespace.
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle("/run/netns/" + space);
                if (SetNamespace((int)handle.DangerousGetHandle(), NewNet) != 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeError()}");
                begun.SetResult(work());
            }
            catch (Exception fault) when (fault is IOException or InvalidOperationException or SocketException)
            {
                begun.SetException(fault);
            }
        });
        thread.Start();
        return await await begun.Task;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var running = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = await running.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (running.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
    }

    // setns(2): CLONE_NEWNET.
    private const int NewNet = 0x4000_0000;

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNamespace(int space, int kind);
}
