using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Dapari.EndToEnd;

/// <summary>Lines as people have them, and what crosses the server's.</summary>
public sealed partial class NatLab
{
    /// <summary>The port of <see cref="ServerProcess.StartInAsync"/>'s server, and of its relay.</summary>
    private const string ServerPorts = "8080, 3478";

    /// <summary>Two devices in one home, hA 10.71.0.2 and hB 10.71.0.3, behind one router; the server is on the Internet as ever.</summary>
    public static async Task<NatLab> BuildHomeAsync()
    {
        var lab = new NatLab { places = ["hA", "hB", "nA", "net", "srv"] };
        try
        {
            foreach (var name in lab.places)
            {
                await Ip("netns", "add", lab.Place(name));
                await Ip("-n", lab.Place(name), "link", "set", "lo", "up");
            }

            await lab.LayBridgeAsync("net", "bridge", ("srv", "out", ServerAddress), ("nA", "out", "10.70.0.11"));
            await lab.LayBridgeAsync("nA", "in", ("hA", "eth", "10.71.0.2"), ("hB", "eth", "10.71.0.3"));
            await Ip("-n", lab.Place("nA"), "addr", "add", "10.71.0.1/24", "dev", "in");
            foreach (var home in (string[])["hA", "hB"]) await Ip("-n", lab.Place(home), "route", "add", "default", "via", "10.71.0.1");
            await lab.SetUpRouterAsync("A", Nat.PortRestricted);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>One machine alone, the place "srv": all that its programs say to each other goes over its loopback.</summary>
    public static async Task<NatLab> BuildAloneAsync()
    {
        var lab = new NatLab { places = ["srv"] };
        try
        {
            await Ip("netns", "add", lab.Place("srv"));
            await Ip("-n", lab.Place("srv"), "link", "set", "lo", "up");
            // Chromium finds no candidates on lo: it wants an interface with a default route. What goes to its own address goes over lo all the same.
            await Ip("-n", lab.Place("srv"), "link", "add", "out", "type", "veth", "peer", "name", "end");
            await Ip("-n", lab.Place("srv"), "link", "set", "end", "up");
            await Ip("-n", lab.Place("srv"), "addr", "add", ServerAddress + "/24", "dev", "out");
            await Ip("-n", lab.Place("srv"), "link", "set", "out", "up");
            await Ip("-n", lab.Place("srv"), "route", "add", "default", "via", "10.70.0.1");
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The home's own cables, in both directions: of <see cref="BuildHomeAsync"/> only.</summary>
    /// <param name="megabits">A second.</param>
    public async Task ShapeHomeAsync(int megabits)
    {
        foreach (var home in (string[])["hA", "hB"])
        {
            await ShapeAsync(home, "eth", megabits);
            await ShapeAsync("nA", "to" + home, megabits);
        }
    }

    /// <summary>The line of a home to the Internet.</summary>
    /// <param name="side">A or B.</param>
    /// <param name="down">Megabits a second towards the home.</param>
    /// <param name="up">Megabits a second away from it.</param>
    public async Task ShapeLineAsync(string side, int down, int up)
    {
        await ShapeAsync("n" + side, "out", up);
        await ShapeAsync("net", "ton" + side, down);
    }

    /// <summary>Begins to count what crosses the server and its relay: headers and everything said again included.</summary>
    public Task CountServerAsync() => RunAsync("ip", $$"""
        table inet crossing {
          counter came { }
          counter went { }
          chain in { type filter hook input priority 0; meta l4proto { tcp, udp } th dport { {{ServerPorts}} } counter name came; }
          chain out { type filter hook output priority 0; meta l4proto { tcp, udp } th sport { {{ServerPorts}} } counter name went; }
        }
        """, mustWork: true, "netns", "exec", Place("srv"), "nft", "-f", "-");

    /// <summary>Bytes so far to and from the server.</summary>
    public async Task<long> CrossedServerAsync()
    {
        var start = new ProcessStartInfo("ip") { RedirectStandardOutput = true };
        foreach (var argument in (string[])["netns", "exec", Place("srv"), "nft", "list", "counters"]) start.ArgumentList.Add(argument);
        using var running = Process.Start(start) ?? throw new InvalidOperationException("ip did not start.");
        var said = await running.StandardOutput.ReadToEndAsync();
        await running.WaitForExitAsync();
        var counts = Regex.Matches(said, "bytes ([0-9]+)");
        return counts.Count == 2 ? counts.Sum(count => long.Parse(count.Groups[1].ValueSpan, CultureInfo.InvariantCulture)) : throw new InvalidOperationException("The server's line is not counted: " + said);
    }

    private async Task LayBridgeAsync(string place, string bridge, params (string Place, string Device, string Address)[] ends)
    {
        await Ip("-n", Place(place), "link", "add", bridge, "type", "bridge");
        await Ip("-n", Place(place), "link", "set", bridge, "up");
        foreach (var (end, device, address) in ends)
        {
            await Ip("link", "add", device, "netns", Place(end), "type", "veth", "peer", "name", "to" + end, "netns", Place(place));
            await Ip("-n", Place(place), "link", "set", "to" + end, "master", bridge, "up");
            await Ip("-n", Place(end), "addr", "add", address + "/24", "dev", device);
            await Ip("-n", Place(end), "link", "set", device, "up");
        }
    }

    // A bucket of about 4 ms of the line (at least 32 KiB, or large packets are cut), and a queue of 50 ms as routers have it.
    private Task ShapeAsync(string place, string device, int megabits) => RunAsync(
        "tc", null, mustWork: true, "-n", Place(place), "qdisc", "add", "dev", device, "root", "tbf",
        "rate", megabits.ToString(CultureInfo.InvariantCulture) + "mbit", "burst", Math.Max(32_768, megabits * 500).ToString(CultureInfo.InvariantCulture), "latency", "50ms");
}
