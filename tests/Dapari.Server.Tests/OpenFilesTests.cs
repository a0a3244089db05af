using System.Net;
using System.Net.Sockets;
using Dapari.Server.Hosting;
using Dapari.Server.Options;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class OpenFilesTests
{
    private static readonly ServerOptions Usual = new() { Data = "/" };
    private static readonly ServerOptions NoRelay = Usual with { Relay = Usual.Relay with { On = false } };

    private static readonly string[] Table =
    [
        "Limit                     Soft Limit           Hard Limit           Units     ",
        "Max processes             94000                94000                processes ",
        "Max open files            20000                1048576              files     ",
        "Max locked memory         unlimited            unlimited            bytes     ",
    ];

    [Fact]
    public void The_limit_in_force_is_read_from_the_system_s_table() => Assert.Equal(20_000, OpenFiles.Limit(Table));

    [Theory]
    [InlineData("Max open files            unlimited            unlimited            files     ")]
    [InlineData("Max open files")]
    [InlineData("")]
    public void Where_no_number_stands_there_is_no_limit(string line) => Assert.Null(OpenFiles.Limit([line]));

    [Fact]
    public void This_process_has_a_limit_that_it_can_read() => Assert.True(OpenFiles.Limit() > 0);

    [Fact]
    public void What_fits_stays_and_nothing_is_said()
    {
        Assert.Same(Usual, OpenFiles.Fit(Usual, OpenFiles.Needed(Usual)));
        Assert.Same(Usual, OpenFiles.Fit(Usual, null));
        Assert.Null(OpenFiles.Advice(Usual, Usual));
    }

    [Fact]
    public void Whatever_was_asked_for_at_most_as_much_is_taken_as_there_are_files()
    {
        for (var files = 64; files < 100_000; files += 97)
        {
            foreach (var options in (ServerOptions[])[Usual, NoRelay, Usual with { MaxConnections = 1_000_000 }, NoRelay with { MaxConnections = 300 }])
            {
                var fitted = OpenFiles.Fit(options, files);
                Assert.InRange(fitted.MaxConnections, 1, options.MaxConnections);
                Assert.InRange(fitted.Relay.Allocations, 1, options.Relay.Allocations);
                var taken = OpenFiles.Connections(fitted) + (options.Relay.On ? 2 * fitted.Relay.Allocations : 0);
                Assert.True(taken <= files - Math.Min(500, files / 2), $"{taken} of {files}");
            }
        }
    }

    [Fact]
    public void Fewer_than_asked_for_are_told_to_the_operator_with_what_to_do()
    {
        var asked = Usual with { MaxConnections = 50_000 };
        var advice = OpenFiles.Advice(asked, OpenFiles.Fit(asked, 20_000));
        Assert.Contains(" not 50000", advice, StringComparison.Ordinal);
        Assert.Contains($"open {OpenFiles.Needed(asked)} files", advice, StringComparison.Ordinal);
        Assert.Contains("relayed", advice, StringComparison.Ordinal);
        Assert.DoesNotContain("relayed", OpenFiles.Advice(NoRelay, OpenFiles.Fit(NoRelay, 1024)), StringComparison.Ordinal);
    }

    /// <summary>Before it knew the limit, the server took connections until not one file was left; then the runtime could not collect garbage and ended it, "Out of memory".</summary>
    [Fact]
    public async Task A_crowd_of_connections_does_not_take_the_last_files()
    {
        const int Files = 900;
        var data = Directory.CreateTempSubdirectory("dapari-test-").FullName;
        try
        {
            using var server = await ChildServer.StartAsync(data, Files, "--relay", "off", "--connections-per-address", "100000");
            await using var peer = await TestClient.HelloAsync(server.Uri);
            var crowd = new List<Socket>();
            for (var i = 0; i < 2 * Files; i++)
            {
                var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(one);
                try
                {
                    await one.ConnectAsync(IPAddress.Loopback, server.Uri.Port, TestContext.Current.CancellationToken);
                }
                catch (SocketException)
                {
                    // Shut out while it came: as good.
                }

                if (i % 20 == 0)
                    Assert.True(server.OpenFiles < Files - 100, $"{server.OpenFiles} files are open after {i + 1} connections");
            }

            Assert.Equal(ServerFrame.KindOneofCase.Done, (await peer.CreateAsync(new TestMailbox())).KindCase);
            crowd.ForEach(one => one.Dispose());
            await using var next = await ComeAsync(server.Uri);
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await next.CreateAsync(new TestMailbox())).KindCase);
            server.Kill();
            Assert.Contains("Too few files", await server.Greeting, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    // The server learns of those who left one after the other.
    private static async Task<TestClient> ComeAsync(Uri server)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await TestClient.HelloAsync(server);
            }
            catch (System.Net.WebSockets.WebSocketException) when (tries < 1000)
            {
                await Task.Yield();
            }
        }
    }
}
