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
