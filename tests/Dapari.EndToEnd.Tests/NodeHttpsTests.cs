using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapari.Wire.V1;
using Microsoft.Playwright;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>A browser and a node that it reaches over HTTPS: bytes go there, everything else by the path as before.</summary>
public sealed partial class NodeHttpsTests(Theatre theatre) : FileScene(theatre)
{
    private const long Size = 40L << 20;

    [Fact]
    public async Task Files_go_both_ways_by_https_where_a_browser_accepts_the_certificate()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var trusting = await Chromium.StartTrustingAllAsync(playwright);
        var (sent, received) = await ExchangeAsync(trusting, byHttps: true);
        Assert.True(received > Size / 2, $"Of what the browser sent {received} bytes went by HTTPS.");
        Assert.True(sent > Size / 2, $"Of what the node sent {sent} bytes went by HTTPS.");
    }

    [Fact]
    public async Task Files_go_by_the_data_channel_where_it_does_not()
    {
        var (sent, received) = await ExchangeAsync(Stage.Browser, byHttps: false);
        Assert.True(sent + received < Size / 2);
    }

    private async Task<(long Sent, long Received)> ExchangeAsync(IBrowser browser, bool byHttps)
    {
        var port = FreePort();
        var alice = await SettleAsync("Alice", browser: browser);
        var (certificate, key) = MakeCertificate();
        var bob = Keep(await NodePerson.StartAsync("Bob", Stage.Server.Origin, up: ["--https", $"127.0.0.1:{port}", "--https-certificate", certificate, "--https-key", key]));
        await bob.DoAsync("accept", await alice.InviteAsync());
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.DoAsync("say", "Alice", "Hello", "--wait", "delivered", "--timeout", "90");
        await alice.SeesDirectPathAsync();

        var (path, hash) = MakeFile("from the browser.dat", Size);
        await alice.SendFilesAsync(path);
        var inbox = Path.Combine(Folder(), "inbox");
        await bob.SeesAsync("from the browser.dat", "files");
        await bob.DoAsync("receive", "Alice", "--to", inbox, "--timeout", "600");
        Assert.Equal(hash, await HashAsync(Path.Combine(inbox, "from the browser.dat")));
        await alice.SeesFilesWentAsync("from the browser.dat", Route.Direct);
        await SeesHowAsync(alice, bob, "from the browser.dat", byHttps);
        Assert.Equal(byHttps, JsonDocument.Parse(await bob.DoAsync("--json", "route", "Alice")).RootElement.GetProperty("filesByHttps").GetBoolean());
        var (_, received) = await CountAsync(port);

        (path, hash) = MakeFile("from the terminal.dat", Size);
        await bob.DoAsync("send", "Alice", path, "--wait", "offered", "--timeout", "90");
        await alice.GetFilesAsync("from the terminal.dat");
        await alice.SeesFilesWentAsync("from the terminal.dat", Route.Direct);
        Assert.Equal(("from the terminal.dat", hash), await alice.SaveFileAsync("from the terminal.dat", "from the terminal.dat"));
        await SeesHowAsync(alice, bob, "from the terminal.dat", byHttps);
        return ((await CountAsync(port)).Sent, received);
    }

    // The recipient counted, and told the sender: both show the same.
    private static async Task SeesHowAsync(Person alice, NodePerson bob, string name, bool byHttps)
    {
        await alice.OpenFileDetailsAsync(name);
        var how = alice.Page.GetByText(alice.Words.File.ByHttps, new() { Exact = true });
        await Assertions.Expect(how).ToHaveCountAsync(byHttps ? 1 : 0);
        await alice.Page.GoBackAsync();
        await bob.SeesAsync(name + "\"", "--json", "files");
        await Waiting.UntilAsync("the terminal tells how " + name + " went", async () =>
        {
            var offer = JsonDocument.Parse(await bob.DoAsync("--json", "files")).RootElement.EnumerateArray().Select(one => one.GetProperty("message").GetProperty("files"))
                .Single(files => files.GetProperty("files")[0].GetProperty("name").GetString() == name);
            if (!offer.TryGetProperty("shares", out var shares) || shares.ValueKind != JsonValueKind.Array)
                return false;
            var direct = Assert.Single(shares.EnumerateArray());
            Assert.Equal("direct", direct.GetProperty("route").GetString());
            Assert.Equal(byHttps, direct.TryGetProperty("https", out var bytes) && bytes.ValueKind == JsonValueKind.Number && bytes.GetInt64() > Size / 2);
            return true;
        }, Waiting.Patience);
    }

    private (string Certificate, string Key) MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var files = (Path.Combine(Folder(), "certificate.pem"), Path.Combine(Folder(), "key.pem"));
        File.WriteAllText(files.Item1, made.ExportCertificatePem());
        File.WriteAllText(files.Item2, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // The kernel's own count of the connections at the node's port.
    private static async Task<(long Sent, long Received)> CountAsync(int port)
    {
        using var process = Process.Start(new ProcessStartInfo("ss", ["-tinH", "state", "established", $"( sport = :{port} )"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (Sum(Sent().Matches(text)), Sum(Received().Matches(text)));
    }

    private static long Sum(MatchCollection counts) => counts.Sum(count => long.Parse(count.Groups[1].Value, CultureInfo.InvariantCulture));

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken));
    }

    [GeneratedRegex(@"bytes_acked:(\d+)")]
    private static partial Regex Sent();

    [GeneratedRegex(@"bytes_received:(\d+)")]
    private static partial Regex Received();
}
