using System.Net;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class OptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-options-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Options_win_over_the_environment_and_this_over_the_file()
    {
        File.WriteAllText(Path.Combine(_folder, "dapari.json"), """{"retention-days": 10, "idle-seconds": 90, "mailbox-bytes": "2M", "proxy": ["10.0.0.1", "fd00::/8"]}""");
        var variables = new Dictionary<string, string> { ["DAPARI_RETENTION_DAYS"] = "20", ["DAPARI_IDLE_SECONDS"] = "45", ["DAPARI_HOST"] = "a.example; b.example" };
        Assert.True(OptionsReader.TryRead(["--data", _folder, "--retention-days=25", "--listen", "*:0", "--rate", "posts=5/6", "--rate", "live=off"],
            variables.GetValueOrDefault, out var options, out _));
        Assert.Equal((25, TimeSpan.FromSeconds(45), 2L << 20), (options.RetentionDays, options.IdleDeadline, options.Quota.Bytes));
        Assert.Equal(["a.example", "b.example"], options.Hosts);
        Assert.Equal([IPNetwork.Parse("10.0.0.1/32"), IPNetwork.Parse("fd00::/8")], options.Proxies);
        Assert.Equal((new Rate(5, 6), default(Rate)), (options.Rates.Posts, options.Rates.Live));
    }

    [Fact]
    public void What_is_said_of_the_relay_is_taken_up()
    {
        Assert.True(OptionsReader.TryRead(
            ["--data", _folder, "--relay-port=0", "--relay-listen", "::1", "--relay-external", "192.0.2.1", "--relay-external=2001:db8::1", "--relay-ports", "50000-50099",
                "--relay-allow", "127.0.0.0/8", "--relay-allow", "::1", "--relay-bytes", "off", "--relay-allocations=5"],
            _ => null, out var options, out _));
        var relay = options.Relay;
        Assert.Equal((true, 0, (50_000, 50_099), 0L, 5), (relay.On, relay.Port, relay.Ports, relay.BytesPerSecond, relay.Allocations));
        Assert.Equal([IPAddress.IPv6Loopback], relay.Addresses);
        Assert.Equal((2, 2), (relay.External.Count, relay.Allowed.Count));
        Assert.True(OptionsReader.TryRead(["--data", _folder, "--relay", "off"], _ => null, out options, out _));
        Assert.False(options.Relay.On);
    }

    [Fact]
    public void Drop_offs_are_set_up_by_name()
    {
        Assert.True(OptionsReader.TryRead(["--data", _folder, "--blobs", "off", "--blob-bytes", "3G", "--blob-count", "7", "--blob-days", "5", "--blob-total", "9G", "--blob-reserve", "2M",
            "--blob-transfers", "11", "--blob-transfers-per-address", "3"], _ => null, out var options, out _));
        var blobs = options.Blobs;
        Assert.Equal((false, 3L << 30, 7, 5, 9L << 30, 2L << 20, 11, 3),
            (blobs.On, blobs.Quota.Bytes, blobs.Quota.Blobs, blobs.Days, blobs.TotalBytes, blobs.ReserveBytes, blobs.Transfers, blobs.TransfersPerAddress));
        Assert.False(OptionsReader.TryRead(["--data", _folder, "--blobs", "maybe"], _ => null, out _, out var errors));
        Assert.Equal("--blobs \"maybe\" is not on|off", Assert.Single(errors));
    }

    [Theory]
    [InlineData("there is no option --lisen", "--lisen=x")]
    [InlineData("--listen \"8080\" is not ADDRESS:PORT", "--listen", "8080")]
    [InlineData("--listen needs ADDRESS:PORT", "--listen")]
    [InlineData("\"serve\" is not an option", "serve")]
    [InlineData("--retention-days \"0\" is not a number from 1 to 3650", "--retention-days", "0")]
    [InlineData("--public-url \"ftp://x\" is not URL", "--public-url", "ftp://x")]
    [InlineData("--proxy \"nginx\" is not ADDRESS[/BITS]", "--proxy", "nginx")]
    [InlineData("--rate \"posts=0/1\" is not NAME=BURST/PER_MINUTE", "--rate", "posts=0/1")]
    [InlineData("--ice-server \"http://x\" is not URL[,USER,CREDENTIAL]", "--ice-server", "http://x")]
    [InlineData("--cert: there is no file /nowhere/cert.pem", "--cert", "/nowhere/cert.pem")]
    [InlineData("--key is of no use without --cert", "--key", "/dev/null")]
    [InlineData("--web: there is no index.html in /nowhere", "--web", "/nowhere")]
    [InlineData("--mailbox-bytes is less than one envelope (65536)", "--mailbox-bytes", "1K")]
    [InlineData("--https \"perhaps\" is neither true nor false", "--https=perhaps")]
    [InlineData("--relay \"maybe\" is not on|off", "--relay", "maybe")]
    [InlineData("--relay-port \"65536\" is not a number from 0 to 65535", "--relay-port", "65536")]
    [InlineData("--relay-listen \"*\" is not ADDRESS", "--relay-listen", "*")]
    [InlineData("--relay-allow \"10.0.0.1/8\" is not ADDRESS[/BITS]", "--relay-allow", "10.0.0.1/8")]
    [InlineData("--relay-refuse \"::ffff:10.0.0.0/104\" is not ADDRESS[/BITS]", "--relay-refuse", "::ffff:10.0.0.0/104")]
    [InlineData("--relay-ports \"50000\" is not LOW-HIGH", "--relay-ports", "50000")]
    [InlineData("--relay-ports, --relay-bytes: The ports that are lent lie between 1024 and 65535, the low one first.", "--relay-ports", "60000-50000")]
    [InlineData("--relay-external: one IPv4 and one IPv6 address at most", "--relay-external", "192.0.2.1", "--relay-external", "192.0.2.2")]
    [InlineData("--relay-url \"https://relay.example\" is not URL", "--relay-url", "https://relay.example")]
    [InlineData("--relay-url needs --relay-secret: the other relay's keys", "--relay-url", "turn:relay.example")]
    [InlineData("--relay-secret: there is no file /nowhere/secret", "--relay-secret", "/nowhere/secret")]
    [InlineData("/nowhere/dapari.json: there is no such file", "--config", "/nowhere/dapari.json")]
    public void A_wrong_setting_is_named_in_one_line(string error, params string[] arguments)
    {
        Assert.False(OptionsReader.TryRead([.. arguments, "--data=" + _folder], _ => null, out _, out var errors));
        Assert.Equal(error, Assert.Single(errors));
    }

    [Theory]
    [InlineData("{", "is not JSON (line 1)")]
    [InlineData("[]", "is not an object of settings")]
    [InlineData("""{"retention": 3}""", "there is no setting \"retention\"")]
    [InlineData("""{"retention-days": [3]}""", "retention-days takes a single value")]
    public void A_wrong_file_is_named_in_one_line(string text, string error)
    {
        var path = Path.Combine(_folder, "dapari.json");
        File.WriteAllText(path, text);
        Assert.False(OptionsReader.TryRead(["--data", _folder], _ => null, out _, out var errors));
        Assert.Equal($"{path}: {error}", Assert.Single(errors));
    }

    [Fact]
    public async Task The_program_ends_with_code_two_and_says_what_is_wrong()
    {
        Assert.Equal(2, await Program.Main(["serve", "--data", _folder, "--idle-seconds", "1"]));
        Assert.Equal(2, await Program.Main(["server"]));
        Assert.Equal(0, await Program.Main(["--version"]));
        Assert.Equal(0, await Program.Main(["serve", "--help"]));
    }

    [Fact]
    public async Task A_taken_port_is_said_and_ends_with_code_one()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(1, await Program.Main(["serve", "--data", _folder, "--listen", $"127.0.0.1:{server.Uri.Port}"]));
    }
}
