using System.Net;
using Dapari.Node.Commands;
using Dapari.Node.Doctor;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Node.Tests.Doctor;

/// <summary>The doctor behind routers of the kernel's own, with two servers to ask.</summary>
public sealed class NatTests
{
    [Theory]
    [InlineData("snat to 203.0.113.11 persistent", "", "mapping-steady", "The router shows everyone the same port")]
    [InlineData("masquerade fully-random", "", "mapping-varies", "The router shows everyone another port")]
    [InlineData("masquerade", "meta l4proto udp drop;", "udp-blocked", "This network lets no UDP through")]
    public async Task What_the_router_does_is_said_in_one_sentence(string post, string forward, string conclusion, string sentence)
    {
        await using var nat = await Nat.LayAsync(post, forward);
        var servers = new IceServer();
        servers.Urls.Add("stun:203.0.113.2:3478");
        servers.Urls.Add("stun:203.0.113.3:3478");
        var body = await nat.BehindAsync(() => RouteDoctor.ExamineAsync(
            [servers], true, null, false, (_, _, _, _) => false, TimeProvider.System, TestContext.Current.CancellationToken,
            [IPAddress.Parse("10.1.0.2")])); // The runtime looks at the namespace of the process, not of the thread.
        Assert.Equal(conclusion, body.Conclusion);
        Assert.Equal(2, body.Seen.Count);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        DoctorSpeech.Write(new Terminal(output, errors, TextReader.Null, false, false), body);
        Assert.StartsWith(sentence, output.ToString(), StringComparison.Ordinal);
    }
}
