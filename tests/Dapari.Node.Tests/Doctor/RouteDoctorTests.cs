using System.Net;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Doctor;
using Dapari.Rtc;
using Xunit;

namespace Dapari.Node.Tests.Doctor;

/// <summary>What is concluded of what was found.</summary>
public sealed class RouteDoctorTests
{
    private const string One = "198.51.100.1:3478";
    private const string Two = "198.51.100.2:3478";

    [Theory]
    [InlineData("203.0.113.5:40000", "203.0.113.5:40000", "off", "mapping-steady", "endpoint-independent")]
    [InlineData("203.0.113.5:40000", "203.0.113.5:40001", "off", "mapping-varies", "address-dependent")]
    [InlineData("203.0.113.5:40000", "203.0.113.5:40001", "mapped", "mapped-by-router", "address-dependent")]
    [InlineData("203.0.113.5:40000", null, "off", "mapping-unknown", "unknown")]
    [InlineData(null, null, "off", "udp-blocked", "unknown")]
    [InlineData("192.168.1.2:50000", "192.168.1.2:50000", "off", "open", "none")]
    public void What_two_servers_see_decides(string? first, string? second, string ports, string conclusion, string mapping)
    {
        var body = RouteDoctor.Judge(new Findings([IPAddress.Parse("192.168.1.2")], true, 50_000, [(At(One)!.Value, At(first)), (At(Two)!.Value, At(second))], [], ports, false));
        Assert.Equal((conclusion, mapping), (body.Conclusion, body.Mapping));
    }

    [Fact]
    public void Without_a_network_or_a_server_nothing_else_is_concluded()
    {
        Assert.Equal("no-network", RouteDoctor.Judge(new Findings([], false, 0, [], [], "off", false)).Conclusion);
        Assert.Equal("server-unreachable", RouteDoctor.Judge(new Findings([IPAddress.Parse("192.168.1.2")], false, 0, [], [], "off", false)).Conclusion);
        Assert.Equal("nothing-to-ask", RouteDoctor.Judge(new Findings([IPAddress.Parse("192.168.1.2")], true, 0, [], [], "off", false)).Conclusion);
    }

    [Fact]
    public async Task The_command_says_one_conclusion_with_a_daemon_and_without()
    {
        await using var post = await Post.OpenAsync();
        var alice = await post.BornAsync("Alice");
        foreach (var daemon in (bool[])[false, true])
        {
            if (daemon)
            {
                await alice.UpAsync();
                await Waiting.UntilAsync("the daemon is online", async () => (await alice.DoAsync("status", "--json")).Contains("\"online\"", StringComparison.Ordinal));
            }

            var (code, output, _) = await alice.RunAsync("route", "--json");
            var body = JsonSerializer.Deserialize(output, ApiJson.Default.DoctorBody)!;
            Assert.Equal(code == 0, body.Conclusion is "open" or "mapped-by-router" or "mapping-steady" or "mapping-unknown");
            if (daemon)
                Assert.NotEqual("server-unreachable", body.Conclusion);
            else
                Assert.Equal("off", body.PortMapping);
        }
    }

    [Fact]
    public async Task Of_a_contact_who_is_there_and_has_no_direct_path_it_is_said_what_the_network_here_does()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        await bob.KillAsync();
        await bob.UpAsync("--no-direct");
        await alice.SayAsync("Bob", "Ci sei?", "delivered");
        await Waiting.UntilAsync("the network is spoken of", async () => (await alice.DoAsync("route", "Bob", "--timeout", "1")).Contains("IPv6: ", StringComparison.Ordinal));
        await alice.DoAsync("policy", "server-only", "Bob");
        Assert.DoesNotContain("IPv6: ", (await alice.RunAsync("route", "Bob", "--timeout", "1")).Output, StringComparison.Ordinal);
    }

    private static Endpoint? At(string? text) => text is not null && Endpoint.TryParse(text, out var endpoint) ? endpoint : null;
}
