using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Dapari.Rtc.Mapping;
using Dapari.Rtc.Sockets.Mapping;
using Xunit;

namespace Dapari.Rtc.Sockets.Tests.Mapping;

/// <summary>
/// miniupnpd, as many routers run it, between a home and an Internet of network namespaces: root, iproute2, nftables and miniupnpd-nftables (./test installs them).
/// home 10.75.0.2 – 10.75.0.1 router 11.75.0.11 – 11.75.0.2 outside.
/// </summary>
public sealed partial class MiniupnpdTests
{
    private const string InsideVariable = "DAPARI_TEST_MAPPING";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData(MappingProtocol.Pcp)]
    [InlineData(MappingProtocol.NatPmp)]
    [InlineData(MappingProtocol.Igd)]
    public async Task Who_is_outside_reaches_a_port_that_the_router_maps(MappingProtocol protocol)
    {
        await using var lab = await Lab.BuildAsync();
        // The part inside the home is a process of its own, in that network.
        using var inside = lab.Start("home", Environment.ProcessPath!, environment: (InsideVariable, protocol.ToString()),
            "-method", $"{typeof(MiniupnpdTests).FullName}.{nameof(Inside)}", "-explicit", "only", "-noColor", "-showLiveOutput");
        var (said, external) = ("", "");
        while (external.Length == 0 && await inside.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken) is { } line)
        {
            said += line + "\n";
            external = MappedLine().Match(line).Groups[1].Value;
        }

        Assert.True(external.StartsWith("11.75.0.11:", StringComparison.Ordinal), said);
        var port = external.Split(':')[1];
        Assert.Contains("dnat", await lab.DoAsync("router", "nft", "list", "table", "inet", "igd"), StringComparison.Ordinal);
        await lab.DoAsync("outside", "bash", "-c", $"exec 3<>/dev/tcp/11.75.0.11/{port}; head -c 5 <&3 | grep hello");
        said += await inside.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await inside.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(inside.ExitCode == 0, said);
        // Given back at the end.
        Assert.DoesNotContain("dnat", await lab.DoAsync("router", "nft", "list", "table", "inet", "igd"), StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Inside()
    {
        var protocol = Enum.Parse<MappingProtocol>(Environment.GetEnvironmentVariable(InsideVariable)!);
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var mapped = new TaskCompletionSource<MappedPort>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var mapper = new PortMapper(Entropy.System, TimeProvider.System, order: [protocol]);
        mapper.Mapped += port => mapped.TrySetResult(port);
        using var wish = mapper.Want(MappingTransport.Tcp, (ushort)((IPEndPoint)listener.LocalEndpoint).Port);
        var told = await mapped.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(protocol, told.Protocol);
        Console.WriteLine($"MAPPED {told.External}");
        // The runner holds a line's end back until there is more.
        Console.WriteLine();
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("MAPPED ([0-9.:]+)")]
    private static partial Regex MappedLine();

    private sealed class Lab : IAsyncDisposable
    {
        private static int count;
        private readonly string _mark = $"m{Environment.ProcessId % 10_000}x{Interlocked.Increment(ref count)}";
        private readonly string _folder = Directory.CreateTempSubdirectory("dapari-igd-").FullName;
        private Process? _daemon;

        public static async Task<Lab> BuildAsync()
        {
            var lab = new Lab();
            try
            {
                await lab.LayAsync();
                return lab;
            }
            catch
            {
                await lab.DisposeAsync();
                throw;
            }
        }

        public Process Start(string place, string program, (string Name, string Value)? environment, params string[] arguments)
        {
            var start = new ProcessStartInfo("ip") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])["netns", "exec", _mark + place, program, .. arguments])
                start.ArgumentList.Add(argument);
            if (environment is { } variable)
                start.Environment[variable.Name] = variable.Value;
            return Process.Start(start)!;
        }

        /// <summary>Runs a program at a place; gives what it wrote.</summary>
        public async Task<string> DoAsync(string place, string program, params string[] arguments)
        {
            using var running = Start(place, program, null, arguments);
            var errors = running.StandardError.ReadToEndAsync();
            var output = await running.StandardOutput.ReadToEndAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
            await running.WaitForExitAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
            return running.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {output}{await errors}");
        }

        public async ValueTask DisposeAsync()
        {
            if (_daemon is not null)
            {
                _daemon.Kill();
                await _daemon.WaitForExitAsync();
                _daemon.Dispose();
            }

            foreach (var place in (string[])["home", "router", "outside"])
                await Ip(mustWork: false, "netns", "del", _mark + place);
            Directory.Delete(_folder, recursive: true);
        }

        private static async Task Ip(bool mustWork, params string[] arguments)
        {
            var start = new ProcessStartInfo("ip") { RedirectStandardError = true };
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
            using var running = Process.Start(start)!;
            var errors = await running.StandardError.ReadToEndAsync();
            await running.WaitForExitAsync();
            if (mustWork && running.ExitCode != 0)
                throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {errors}");
        }

        private static Task Ip(params string[] arguments) => Ip(mustWork: true, arguments);

        private async Task LayAsync()
        {
            foreach (var place in (string[])["home", "router", "outside"])
            {
                await Ip("netns", "add", _mark + place);
                await Ip("-n", _mark + place, "link", "set", "lo", "up");
            }

            foreach (var (place, device, own, other) in ((string, string, string, string)[])[("home", "in", "10.75.0.1/24", "10.75.0.2/24"), ("outside", "out", "11.75.0.11/24", "11.75.0.2/24")])
            {
                await Ip("link", "add", device, "netns", _mark + "router", "type", "veth", "peer", "name", "eth", "netns", _mark + place);
                await Ip("-n", _mark + "router", "addr", "add", own, "dev", device);
                await Ip("-n", _mark + "router", "link", "set", device, "up");
                await Ip("-n", _mark + place, "addr", "add", other, "dev", "eth");
                await Ip("-n", _mark + place, "link", "set", "eth", "up");
            }

            await Ip("-n", _mark + "home", "route", "add", "default", "via", "10.75.0.1");
            await Ip("-n", _mark + "router", "route", "add", "default", "via", "11.75.0.2");
            await DoAsync("router", "sysctl", "-qw", "net.ipv4.ip_forward=1");
            var rules = Path.Combine(_folder, "rules");
            await File.WriteAllTextAsync(rules, """
                table inet igd {
                  chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "in" accept; jump mapped; }
                  chain mapped { }
                  chain pre { type nat hook prerouting priority -100; jump premapped; }
                  chain post { type nat hook postrouting priority 100; jump postmapped; oifname "out" ip saddr 10.75.0.0/24 masquerade; }
                  chain premapped { }
                  chain postmapped { }
                }
                """);
            await DoAsync("router", "nft", "-f", rules);
            var settings = Path.Combine(_folder, "settings");
            await File.WriteAllTextAsync(settings, """
                ext_ifname=out
                ext_ip=11.75.0.11
                listening_ip=in
                enable_natpmp=yes
                enable_upnp=yes
                secure_mode=yes
                upnp_table_name=igd
                upnp_nat_table_name=igd
                upnp_forward_chain=mapped
                upnp_nat_chain=premapped
                upnp_nat_postrouting_chain=postmapped
                allow 1024-65535 10.75.0.0/24 1024-65535
                deny 0-65535 0.0.0.0/0 0-65535

                """);
            var start = new ProcessStartInfo("ip") { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (var argument in (string[])["netns", "exec", _mark + "router", "miniupnpd", "-d", "-f", settings, "-P", Path.Combine(_folder, "pid")])
                start.ArgumentList.Add(argument);
            var daemon = _daemon = Process.Start(start)!;
            var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var said = new System.Collections.Concurrent.ConcurrentQueue<string>();
            void Heard(string? line)
            {
                said.Enqueue(line ?? "(end)");
                if (line is null || line.Contains("istening for NAT-PMP/PCP", StringComparison.Ordinal))
                    listens.TrySetResult();
            }

            daemon.ErrorDataReceived += (_, line) => Heard(line.Data);
            daemon.OutputDataReceived += (_, line) => Heard(line.Data);
            daemon.BeginErrorReadLine();
            daemon.BeginOutputReadLine();
            await listens.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
            if (said.Contains("(end)"))
                throw new InvalidOperationException("miniupnpd ended: " + string.Join('\n', said));
        }
    }
}
