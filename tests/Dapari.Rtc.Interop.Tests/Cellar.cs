using System.Diagnostics;
using System.Net;
using Xunit;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A place of which a wire leads here, by which perhaps no UDP goes: a network namespace (root, iproute2 and nftables; ./test installs them).</summary>
internal sealed class Cellar : IAsyncDisposable
{
    private static int count;
    private readonly string _mark = $"c{Environment.ProcessId % 10_000}x{Interlocked.Increment(ref count)}";

    private Cellar()
    {
    }

    public string Space => _mark + "n";

    public string Folder { get; } = Directory.CreateTempSubdirectory("dapari-tcp-").FullName;

    /// <summary>This end of the wire.</summary>
    public IPAddress Here { get; } = IPAddress.Parse("10.79.0.1");

    public static async Task<Cellar> DigAsync(bool stopsUdp = true)
    {
        var cellar = new Cellar();
        try
        {
            await RunAsync("ip", "netns", "add", cellar.Space);
            await RunAsync("ip", "link", "add", cellar._mark + "v", "type", "veth", "peer", "name", "eth0", "netns", cellar.Space);
            await RunAsync("ip", "address", "add", "10.79.0.1/24", "dev", cellar._mark + "v");
            await RunAsync("ip", "link", "set", cellar._mark + "v", "up");
            await RunAsync("ip", "-n", cellar.Space, "address", "add", "10.79.0.2/24", "dev", "eth0");
            await RunAsync("ip", "-n", cellar.Space, "link", "set", "eth0", "up");
            await RunAsync("ip", "-n", cellar.Space, "route", "add", "default", "via", "10.79.0.1");
            if (!stopsUdp)
                return cellar;
            var rules = Path.Combine(cellar.Folder, "rules.nft");
            await File.WriteAllTextAsync(rules, """
                table inet cellar {
                  chain in { type filter hook input priority 0; meta l4proto udp counter drop; }
                  chain out { type filter hook output priority 0; meta l4proto udp counter drop; }
                }
                """);
            await RunAsync("ip", "netns", "exec", cellar.Space, "nft", "-f", rules);
            return cellar;
        }
        catch
        {
            await cellar.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether UDP was tried, and stopped.</summary>
    public async Task<bool> HasStoppedUdpAsync() =>
        (await RunAsync("ip", "netns", "exec", Space, "nft", "list", "table", "inet", "cellar")).Split('\n').Any(line => line.Contains("counter packets", StringComparison.Ordinal) && !line.Contains("packets 0 ", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        using var removing = Process.Start(new ProcessStartInfo("ip", ["netns", "delete", Space]) { RedirectStandardError = true })!;
        await removing.WaitForExitAsync();
        // Its end of the wire went with it; where that was not laid yet, this one is alone.
        using var rest = Process.Start(new ProcessStartInfo("ip", ["link", "delete", _mark + "v"]) { RedirectStandardError = true })!;
        await rest.WaitForExitAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var running = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = running.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await running.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        return running.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await errors}");
    }
}
