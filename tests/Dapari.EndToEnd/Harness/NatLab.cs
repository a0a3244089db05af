using System.Diagnostics;

namespace Dapari.EndToEnd;

/// <summary>How a router treats what goes out and what comes in (RFC 4787 §4, §5).</summary>
public enum Nat
{
    /// <summary>One outside port for each inside port; whoever sends there comes in.</summary>
    FullCone,

    /// <summary>The same; in comes only what has an address that was first sent to, from any port.</summary>
    AddressRestricted,

    /// <summary>One outside port for each inside port; in comes only what was first sent to, address and port.</summary>
    PortRestricted,

    /// <summary>Another outside port for each destination: what was learned at one is useless at another.</summary>
    Symmetric,

    /// <summary>No UDP at all, as behind strict firewalls; TCP goes out.</summary>
    UdpBlocked,
}

/// <summary>
/// Two homes, each behind a router of its own, and a server on the Internet between them, as network namespaces of this machine (Linux, root,
/// iproute2, nftables). Names carry this process's id, so that two labs do not meet.
/// </summary>
/// <remarks>
/// home A 10.71.0.2 – router 10.71.0.1 / 10.70.0.11 – Internet 10.70.0.0/24 – 10.70.0.12 / 10.72.0.1 router – 10.72.0.2 home B;
/// the server is 10.70.0.2. Private addresses, as without a certificate an app takes plain HTTP only from those.
/// </remarks>
public sealed partial class NatLab : IAsyncDisposable
{
    /// <summary>Where the server is.</summary>
    public const string ServerAddress = "10.70.0.2";

    private static int count;
    private readonly string mark = $"d{Environment.ProcessId % 10_000}x{Interlocked.Increment(ref count)}";

    private NatLab()
    {
    }

    /// <summary>Whether this machine lets such networks be built.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Find("ip") is not null && Find("nft") is not null;

    /// <summary>Builds the networks.</summary>
    public static async Task<NatLab> BuildAsync(Nat a, Nat b)
    {
        var lab = new NatLab();
        try
        {
            await lab.LayCablesAsync();
            await lab.SetUpRouterAsync("A", a);
            await lab.SetUpRouterAsync("B", b);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The namespace of a place: hA, hB, srv.</summary>
    public string Place(string name) => $"{mark}{name}";

    /// <summary>A script that runs a program inside a place with the arguments that it gets.</summary>
    public string Wrapper(string place, string program)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("dapari-nat-").FullName, place + ".sh");
        File.WriteAllText(file, $"#!/bin/sh\nexec ip netns exec {Place(place)} {program} \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return file;
    }

    /// <summary>A home goes from its cable to another network of the same router: another interface and address; the former are gone.</summary>
    public async Task ChangeNetworkAsync(string side)
    {
        var network = ChangedNetwork(side);
        await Ip("link", "add", "in2", "netns", Place("n" + side), "type", "veth", "peer", "name", "wifi", "netns", Place("h" + side));
        await Ip("-n", Place("n" + side), "addr", "add", network + ".1/24", "dev", "in2");
        await Ip("-n", Place("n" + side), "link", "set", "in2", "up");
        await Ip("-n", Place("h" + side), "link", "set", "eth", "down");
        await Ip("-n", Place("h" + side), "addr", "add", network + ".2/24", "dev", "wifi");
        await Ip("-n", Place("h" + side), "link", "set", "wifi", "up");
        await Ip("-n", Place("h" + side), "route", "add", "default", "via", network + ".1");
    }

    /// <summary>The first three numbers of the addresses there.</summary>
    public static string ChangedNetwork(string side) => side == "A" ? "10.73.0" : "10.74.0";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in places) await RunAsync("ip", null, mustWork: false, "netns", "del", Place(name));
    }

    private async Task LayCablesAsync()
    {
        foreach (var name in places)
        {
            await Ip("netns", "add", Place(name));
            await Ip("-n", Place(name), "link", "set", "lo", "up");
        }

        await Ip("-n", Place("net"), "link", "add", "bridge", "type", "bridge");
        await Ip("-n", Place("net"), "link", "set", "bridge", "up");
        foreach (var (name, address) in ((string, string)[])[("srv", ServerAddress), ("nA", "10.70.0.11"), ("nB", "10.70.0.12")])
        {
            await Ip("link", "add", "out", "netns", Place(name), "type", "veth", "peer", "name", "to" + name, "netns", Place("net"));
            await Ip("-n", Place("net"), "link", "set", "to" + name, "master", "bridge", "up");
            await Ip("-n", Place(name), "addr", "add", address + "/24", "dev", "out");
            await Ip("-n", Place(name), "link", "set", "out", "up");
        }

        foreach (var (side, network) in ((string, string)[])[("A", "10.71.0"), ("B", "10.72.0")])
        {
            await Ip("link", "add", "in", "netns", Place("n" + side), "type", "veth", "peer", "name", "eth", "netns", Place("h" + side));
            await Ip("-n", Place("n" + side), "addr", "add", network + ".1/24", "dev", "in");
            await Ip("-n", Place("n" + side), "link", "set", "in", "up");
            await Ip("-n", Place("h" + side), "addr", "add", network + ".2/24", "dev", "eth");
            await Ip("-n", Place("h" + side), "link", "set", "eth", "up");
            await Ip("-n", Place("h" + side), "route", "add", "default", "via", network + ".1");
        }
    }

    private Task SetUpRouterAsync(string side, Nat kind) =>
        SetUpRouterAsync(side, kind, $"10.70.0.1{(side == "A" ? 1 : 2)}", side == "A" ? "10.71.0.2" : "10.72.0.2");

    /// <param name="home">The only machine behind it, to which all that may come in is sent.</param>
    private async Task SetUpRouterAsync(string side, Nat kind, string outside, string home)
    {
        var router = Place("n" + side);
        await RunAsync("ip", null, mustWork: true, "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        var translate = kind is Nat.Symmetric or Nat.UdpBlocked ? "masquerade fully-random" : $"snat to {outside} persistent";
        var isCone = kind is Nat.FullCone or Nat.AddressRestricted;
        // A router that answers what nobody asked for spoils its own mappings: it stays silent.
        await RunAsync("ip", $$"""
            table ip home {
              set met { type ipv4_addr; flags dynamic,timeout; timeout 10m; }
              chain arrive { type nat hook prerouting priority -100; {{(isCone ? $"iifname \"out\" udp dport 1024-65535 dnat to {home}" : "")}}
              }
              chain leave { type nat hook postrouting priority 100; oifname "out" {{translate}}; }
              chain pass { type filter hook forward priority 0; policy drop;
                {{(kind == Nat.UdpBlocked ? "meta l4proto udp drop" : "")}}
                {{(kind == Nat.AddressRestricted ? "oifname \"out\" update @met { ip daddr }" : "")}}
                ct state established,related accept
                iifname "in*" accept
                {{(kind == Nat.FullCone ? "ct status dnat accept" : kind == Nat.AddressRestricted ? "ip saddr @met ct status dnat accept" : "")}}
              }
              chain own { type filter hook input priority 0; iifname "out" ct state new drop; }
            }
            """, mustWork: true, "netns", "exec", router, "nft", "-f", "-");
    }

    private static Task Ip(params string[] arguments) => RunAsync("ip", null, mustWork: true, arguments);

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Append("/usr/sbin").Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static async Task RunAsync(string program, string? input, bool mustWork, params string[] arguments)
    {
        var start = new ProcessStartInfo(Find(program) ?? program) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var running = Process.Start(start) ?? throw new InvalidOperationException(program + " did not start.");
        if (input is not null) await running.StandardInput.WriteAsync(input);
        running.StandardInput.Close();
        var said = running.StandardError.ReadToEndAsync();
        await running.WaitForExitAsync();
        if (mustWork && running.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await said}");
    }
}
