using System.Diagnostics;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>A network of two machines and a switch, and nothing beyond: network namespaces (root and iproute2; ./test installs them).</summary>
internal sealed class Lan : IAsyncDisposable
{
    private static int count;
    private readonly string _mark = $"l{Environment.ProcessId % 10_000}x{Interlocked.Increment(ref count)}";

    private Lan()
    {
    }

    /// <summary>The namespace of a machine: 1 or 2.</summary>
    public string this[int machine] => $"{_mark}m{machine}";

    private string Switch => _mark + "s";

    /// <param name="addresses">Of the two machines, with their prefix: <c>10.76.0.1/24</c>. None: link-local ones of IPv6 alone.</param>
    public static async Task<Lan> LayAsync(params string[] addresses)
    {
        var lan = new Lan();
        try
        {
            await IpAsync("netns", "add", lan.Switch);
            await IpAsync("-n", lan.Switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
            await IpAsync("-n", lan.Switch, "link", "set", "br0", "up");
            for (var machine = 1; machine <= 2; machine++)
            {
                await IpAsync("netns", "add", lan[machine]);
                await IpAsync("-n", lan[machine], "link", "add", "eth0", "type", "veth", "peer", "name", "port" + machine, "netns", lan.Switch);
                await IpAsync("-n", lan.Switch, "link", "set", "port" + machine, "master", "br0", "up");
                foreach (var address in addresses.Skip(machine - 1).Take(1))
                    await IpAsync("-n", lan[machine], "address", "add", address, "dev", "eth0");
                await IpAsync("-n", lan[machine], "link", "set", "eth0", "up");
            }

            return lan;
        }
        catch
        {
            await lan.DisposeAsync();
            throw;
        }
    }

    /// <summary>Pulls a machine's plug, or puts it in.</summary>
    public Task PlugAsync(int machine, bool isIn) => IpAsync("-n", Switch, "link", "set", "port" + machine, isIn ? "up" : "down");

    /// <summary>Gives a machine an address.</summary>
    public Task AddressAsync(int machine, string address) => IpAsync("-n", this[machine], "address", "add", address, "dev", "eth0");

    /// <summary>The groups that a machine has joined.</summary>
    public Task<string> GroupsAsync(int machine) => IpAsync("-n", this[machine], "maddress", "show");

    public async ValueTask DisposeAsync()
    {
        foreach (var space in (string[])[this[1], this[2], Switch])
        {
            using var removing = Process.Start(new ProcessStartInfo("ip", ["netns", "delete", space]) { RedirectStandardError = true })!;
            await removing.WaitForExitAsync();
        }
    }

    private static async Task<string> IpAsync(params string[] arguments)
    {
        using var running = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = running.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await running.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (running.ExitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {await errors}");
        return output;
    }
}
