using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Commands;
using Dapari.Node.Hosting;
using Dapari.Node.Paths.Rtc;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Server.Relays;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>`dapari relay`, as a process of its own, with credentials that a real server hands out.</summary>
public sealed class RelayCommandTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-relay-").FullName;
    private readonly List<Process> _relays = [];

    [Fact]
    public async Task Peers_meet_at_a_relay_that_a_server_names_and_at_the_other_when_one_is_killed()
    {
        var secret = Path.Combine(_folder, "keys", "relay.secret");
        var (first, other) = (await StartAsync(secret), await StartAsync(secret));
        await using var post = await Post.OpenAsync(relay: new RelayServing { On = false, SecretFile = secret, Urls = [first.Urls[0], other.Urls[0], other.Urls[1]] });
        var servers = await ServersAsync(post);
        Assert.Equal("relay", (await WayAsync(servers)).Place);
        _relays[0].Kill();
        await _relays[0].WaitForExitAsync(TestContext.Current.CancellationToken);
        var way = await WayAsync(servers);
        Assert.Equal(("relay", TurnTransport.Udp), (way.Place, way.Relay ?? TurnTransport.Udp));
        Assert.True(way.Here == "relay" || way.There == "relay", way.ToString());
    }

    [Fact]
    public async Task With_another_servers_keys_nothing_is_lent()
    {
        var relay = await StartAsync(Path.Combine(_folder, "one"));
        var strange = Path.Combine(_folder, "other");
        await StartAsync(strange);
        await using var post = await Post.OpenAsync(relay: new RelayServing { On = false, SecretFile = strange, Urls = [relay.Urls[0]] });
        var told = new System.Collections.Concurrent.ConcurrentQueue<Signal>();
        await using var pair = new LinkPair(Rtc, Rtc)
        {
            Servers = await ServersAsync(post),
            Route = (toOther, signal) =>
            {
                if (toOther)
                    told.Enqueue(signal);
                return OnlyRelayed(toOther, signal);
            },
        };
        pair.Begin();
        await Waiting.UntilAsync("the search for addresses ends", () => Task.FromResult(told.Any(signal => signal.PartCase == Signal.PartOneofCase.EndOfCandidates)));
        Assert.Contains(told, signal => signal.PartCase == Signal.PartOneofCase.Candidate);
        Assert.DoesNotContain(told, signal => signal.PartCase == Signal.PartOneofCase.Candidate && OnlyRelayed(true, signal));
    }

    [Fact]
    public async Task What_it_writes_is_a_command_line_of_the_servers_and_a_wrong_one_of_its_own_is_told()
    {
        var secret = Path.Combine(_folder, "keys");
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new Heard();
        using var errors = new Heard();
        var running = RunAsync(output, errors, ends.Token, "relay", "--secret-file", secret, "--address", "127.0.0.1", "--port", "0", "--name", "relay.example.org");
        var line = await output.FirstAsync();
        Assert.StartsWith("dapari-server serve --relay off --relay-secret keys --relay-url \"turn:relay.example.org:", line, StringComparison.Ordinal);
        Assert.Contains($"New keys are in {secret}", errors.ToString(), StringComparison.Ordinal);
        // Only its owner reads the keys.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
        Assert.True(Dapari.Server.Options.OptionsReader.TryRead(
            [.. line.Split(' ').Skip(2).Select(word => word.Trim('"') is "keys" ? secret : word.Trim('"'))], _ => null, out var options, out var wrong), string.Join('\n', wrong));
        Assert.Equal(2, options.Relay.Urls.Count);
        await ends.CancelAsync();
        Assert.Equal(ExitCode.Done, await running);

        await File.WriteAllTextAsync(secret, "no key\n", TestContext.Current.CancellationToken);
        using var quiet = new Heard();
        Assert.Equal(ExitCode.Usage, await RunAsync(quiet, errors, TestContext.Current.CancellationToken, "relay", "--secret-file", secret, "--address", "127.0.0.1", "--port", "0"));
        Assert.Equal("", quiet.ToString());
        Assert.Equal(ExitCode.Usage, await RunAsync(quiet, errors, TestContext.Current.CancellationToken, "relay", "--address", "nowhere"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
        {
            if (!relay.HasExited)
                relay.Kill();
            await relay.WaitForExitAsync();
            relay.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<RelayBody> StartAsync(string secret)
    {
        var start = new ProcessStartInfo("dotnet", [
            Path.Combine(AppContext.BaseDirectory, "dapari.dll"), "relay", "--json", "--secret-file", secret, "--address", "127.0.0.1", "--port", "0", "--allow", "127.0.0.0/8",
        ]) { RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        _relays.Add(process);
        return JsonSerializer.Deserialize((await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, ApiJson.Default.RelayBody)!;
    }

    /// <summary>What the server tells a peer that has a mailbox there.</summary>
    private static async Task<IReadOnlyList<IceServer>> ServersAsync(Post post)
    {
        var alice = await post.BornAsync("Alice");
        // A server gives access only to who has a mailbox there.
        await alice.DoAsync("invite", "--no-qr");
        var (peer, fault) = await NodePeer.TryStartAsync(new NodeOptions { Home = alice.Folder, Direct = true, Addresses = [IPAddress.Loopback], Nearby = false, MapPorts = false }, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(NodeFault.None, fault);
        await using (peer)
        {
            await Waiting.UntilAsync("the server names its relays", () => Task.FromResult(peer!.Host.IceServers.Any(server => server.Username.Length > 0)));
            return [.. peer!.Host.IceServers.Select(server => server.Clone())];
        }
    }

    private static async Task<Paths.WayFacts> WayAsync(IReadOnlyList<IceServer> servers)
    {
        await using var pair = new LinkPair(Rtc, Rtc) { Servers = servers, Route = OnlyRelayed };
        await pair.OpenAsync();
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 7 }));
        Assert.Equal([7], await pair.Other.ReceiveAsync());
        return (await ((RtcPathLink)pair.One.Link).Find(1)!.FactsAsync(TestContext.Current.CancellationToken))!;
    }

    // Nobody hears of an address that is not lent.
    private static bool OnlyRelayed(bool toOther, Signal signal) =>
        signal.PartCase != Signal.PartOneofCase.Candidate || signal.Candidate.Candidate_.Contains("typ relay", StringComparison.Ordinal);

    private static async Task<int> RunAsync(TextWriter output, TextWriter errors, CancellationToken cancellation, params string[] line)
    {
        using var input = new StringReader("");
        return await CommandTree.RunAsync(new Frame(output, errors, input, _ => null, TimeProvider.System), line, cancellation);
    }

    private static RtcPathLink Rtc() => new(new RtcPathParts([IPAddress.Loopback], null, null, (_, _, _, _) => false, TimeProvider.System));

    /// <summary>What was written, and the first line as soon as it is.</summary>
    private sealed class Heard : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstAsync() => _first.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            _first.TrySetResult(value ?? "");
        }
    }
}
