using System.Globalization;

namespace Dapari.EndToEnd;

/// <summary>Many homes at once, each with a router of its own kind, or none: h0, h1, … on one Internet with the server.</summary>
public sealed partial class NatLab
{
    private IReadOnlyList<string> places = ["hA", "hB", "nA", "nB", "net", "srv"];

    /// <summary>Builds homes h0, h1, …; null: a machine on the Internet itself, with no router before it.</summary>
    public static async Task<NatLab> BuildTownAsync(params Nat?[] homes)
    {
        var lab = new NatLab { places = [.. homes.SelectMany((_, i) => (string[])[$"h{i}", $"n{i}"]), "net", "srv"] };
        try
        {
            foreach (var name in lab.places)
            {
                await Ip("netns", "add", lab.Place(name));
                await Ip("-n", lab.Place(name), "link", "set", "lo", "up");
            }

            await lab.LayBridgeAsync("net", "bridge", [("srv", "out", ServerAddress), .. homes.Select((kind, i) => (kind is null ? $"h{i}" : $"n{i}", kind is null ? "eth" : "out", OutsideAddress(i)))]);
            for (var i = 0; i < homes.Length; i++)
            {
                if (homes[i] is not { } kind)
                    continue;
                await lab.LayHomeAsync(i, "in", "eth", $"10.{80 + i}.0");
                await lab.SetUpRouterAsync(i.ToString(CultureInfo.InvariantCulture), kind, OutsideAddress(i), $"10.{80 + i}.0.2");
            }

            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The line of a town's home, in both directions.</summary>
    /// <param name="hasRouter">Whether it has one.</param>
    public async Task ShapeTownAsync(int home, bool hasRouter, int megabits)
    {
        await ShapeAsync(hasRouter ? $"n{home}" : $"h{home}", hasRouter ? "out" : "eth", megabits);
        await ShapeAsync("net", $"to{(hasRouter ? 'n' : 'h')}{home}", megabits);
    }

    /// <summary>A machine of a town with no router goes to another address of the same network; the former is gone.</summary>
    public async Task RenumberAsync(int home)
    {
        await Ip("-n", Place($"h{home}"), "addr", "del", OutsideAddress(home) + "/24", "dev", "eth");
        await Ip("-n", Place($"h{home}"), "addr", "add", $"10.70.0.{100 + home}/24", "dev", "eth");
    }

    /// <summary>A home of a town goes from its cable to another network of the same router: another interface and address; the former are gone.</summary>
    public async Task MoveAsync(int home)
    {
        await Ip("-n", Place($"h{home}"), "link", "set", "eth", "down");
        await LayHomeAsync(home, "in2", "wifi", $"10.{110 + home}.0");
    }

    /// <summary>This process's own network gets an address on a town's Internet, as a machine with no router. Only in a network namespace that this process was started in alone.</summary>
    public async Task JoinTownAsync(string address)
    {
        await Ip("link", "add", "town", "type", "veth", "peer", "name", "totown", "netns", Place("net"));
        await Ip("-n", Place("net"), "link", "set", "totown", "master", "bridge", "up");
        await Ip("addr", "add", address + "/24", "dev", "town");
        await Ip("link", "set", "town", "up");
    }

    /// <summary>Nothing goes between a town's machine and others any more, in neither direction, without a word; with nobody named everything goes again.</summary>
    public Task CutAsync(int home, params int[] others) => RunAsync("ip", others.Length == 0 ? "table inet cut { }\ndelete table inet cut\n" : $$"""
        table inet cut {
          chain came { type filter hook input priority 0; ip saddr { {{string.Join(", ", others.Select(OutsideAddress))}} } drop; }
          chain goes { type filter hook output priority 0; ip daddr { {{string.Join(", ", others.Select(OutsideAddress))}} } drop; }
        }
        """, mustWork: true, "netns", "exec", Place($"h{home}"), "nft", "-f", "-");

    /// <summary>A town's router forgets whom it let out and under which ports, as one that was switched off and on.</summary>
    public Task ForgetAsync(int home) => RunAsync("ip", null, mustWork: true, "netns", "exec", Place($"n{home}"), "conntrack", "-F");

    private async Task LayHomeAsync(int home, string inside, string device, string network)
    {
        var (house, router) = (Place($"h{home}"), Place($"n{home}"));
        await Ip("link", "add", inside, "netns", router, "type", "veth", "peer", "name", device, "netns", house);
        await Ip("-n", router, "addr", "add", network + ".1/24", "dev", inside);
        await Ip("-n", router, "link", "set", inside, "up");
        await Ip("-n", house, "addr", "add", network + ".2/24", "dev", device);
        await Ip("-n", house, "link", "set", device, "up");
        await Ip("-n", house, "route", "add", "default", "via", network + ".1");
    }

    /// <summary>On a town's Internet: a machine's without a router, or its router's.</summary>
    public static string OutsideAddress(int home) => $"10.70.0.{11 + home}";
}
