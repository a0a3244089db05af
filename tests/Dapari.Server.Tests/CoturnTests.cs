using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dapari.Relay.Peers;
using Dapari.Server.Relays;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>coturn's own tools against this relay. They have to be installed: eng/common.sh, need_coturn.</summary>
public sealed class CoturnTests
{
    private const int Messages = 25;

    // UDP, TCP and TLS; with channels and with indications; between two clients of the relay (-y), both of one kind.
    [Theory]
    [InlineData("", false)]
    [InlineData("-s", false)]
    [InlineData("-t", false)]
    [InlineData("-t -s", false)]
    [InlineData("-t -S", true)]
    [InlineData("-t -S -s", true)]
    [InlineData("-y", false)]
    [InlineData("-y -s", false)]
    [InlineData("-y -t", false)]
    [InlineData("-y -t -S", true)]
    public async Task Turnutils_uclient_loses_nothing(string arguments, bool tls)
    {
        await using var server = await StartAsync();
        var access = await AccessAsync(server);
        using var peer = new EchoPeer(IPAddress.Loopback);
        var port = tls ? server.Uri.Port : server.Host.Relay.Ports!.Udp;
        var (code, output) = await RunAsync("turnutils_uclient",
            $"{arguments} -n {Messages} -m 2 -l 700 -z 2 -e 127.0.0.1 -r {peer.Port} -u {access.Username} -w {access.Password} -p {port} 127.0.0.1");
        Assert.True(code == 0, output);
        Assert.True(output.Contains("Total lost packets 0 (", StringComparison.Ordinal), output);
        Assert.True(output.Contains(string.Create(CultureInfo.InvariantCulture, $"tot_recv_msgs={(arguments.Contains("-y", StringComparison.Ordinal) ? 4 : 2) * Messages}"), StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-s")]
    [InlineData("-t")]
    public async Task Turnutils_uclient_loses_nothing_over_IPv6(string arguments)
    {
        await using var server = await StartAsync(IPAddress.IPv6Loopback);
        var access = await AccessAsync(server);
        using var peer = new EchoPeer(IPAddress.IPv6Loopback);
        var (code, output) = await RunAsync("turnutils_uclient",
            $"{arguments} -x -n {Messages} -m 2 -l 700 -z 2 -e ::1 -r {peer.Port} -u {access.Username} -w {access.Password} -p {server.Host.Relay.Ports!.Udp} ::1");
        Assert.True(code == 0, output);
        Assert.True(output.Contains("Total lost packets 0 (", StringComparison.Ordinal), output);
        Assert.True(output.Contains(string.Create(CultureInfo.InvariantCulture, $"tot_recv_msgs={2 * Messages}"), StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("turnutils_stunclient", "-p {0} 127.0.0.1")]
    [InlineData("turnutils_natdiscovery", "-m -p {0} 127.0.0.1")]
    public async Task The_STUN_tools_are_told_their_address(string tool, string arguments)
    {
        await using var server = await StartAsync();
        var (_, output) = await RunAsync(tool, string.Format(CultureInfo.InvariantCulture, arguments, server.Host.Relay.Ports!.Udp));
        Assert.Contains("UDP reflexive addr: 127.0.0.1:", output, StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAsync(params IPAddress[] more) => TestServer.StartAsync(o => o with
    {
        Https = true, TrustListen = new IPEndPoint(IPAddress.Loopback, 0),
        Relay = new RelayServing { Port = 0, Addresses = [IPAddress.Loopback, .. more], Allowed = [IpRange.Parse("127.0.0.0/8"), IpRange.Parse("::1/128")] },
    });

    private static async Task<RelayAccess> AccessAsync(TestServer server)
    {
        await using var client = await TestClient.ConnectAsync(server.Uri, configure: o => o.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null);
        await client.HelloAsync();
        await client.CreateAsync(new TestMailbox());
        return (await client.AskAsync(new ClientFrame { TakeRelayAccess = new TakeRelayAccess() })).RelayAccess;
    }

    private static async Task<(int Code, string Output)> RunAsync(string tool, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            process.Kill();
        }

        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Sends back what comes to a port and to the next one, as turnutils_peer does.</summary>
    private sealed class EchoPeer : IDisposable
    {
        private readonly UdpClient _first;
        private readonly UdpClient _second;
        private readonly CancellationTokenSource _stop = new();

        public EchoPeer(IPAddress address)
        {
            (_first, _second) = Open(address);
            _ = EchoAsync(_first);
            _ = EchoAsync(_second);
        }

        public int Port => PortOf(_first);

        public void Dispose()
        {
            _stop.Cancel();
            _first.Dispose();
            _second.Dispose();
            _stop.Dispose();
        }

        private static int PortOf(UdpClient socket) => ((IPEndPoint)socket.Client.LocalEndPoint!).Port;

        private static (UdpClient First, UdpClient Second) Open(IPAddress address)
        {
            while (true)
            {
                var first = new UdpClient(new IPEndPoint(address, 0));
                try
                {
                    return (first, new UdpClient(new IPEndPoint(address, PortOf(first) + 1)));
                }
                catch (SocketException)
                {
                    first.Dispose(); // Somebody has the next one: another pair.
                }
            }
        }

        private async Task EchoAsync(UdpClient socket)
        {
            try
            {
                while (true)
                {
                    var received = await socket.ReceiveAsync(_stop.Token);
                    await socket.SendAsync(received.Buffer, received.RemoteEndPoint, _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
