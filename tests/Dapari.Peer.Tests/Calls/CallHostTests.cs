using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace Dapari.Peer.Tests.Calls;

/// <summary>The host's seam for media.</summary>
public sealed class CallHostTests
{
    private readonly World _world = new();
    private readonly NoLinks _links = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<PeerHost> StartAsync(MemoryPeerStore store, IMediaLink? media) =>
        PeerHost.StartAsync(store, _links, _links, media, new SeededRandom(5), new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(_world.MomentOf(_world.People[0]).WallMs)), Cancellation);

    [Fact]
    public async Task Without_a_media_link_there_are_no_calls()
    {
        var (alice, bob) = _world.Verified();
        await using var host = await StartAsync(alice.Store.Copy(), null);
        var start = new Command { StartCall = new StartCall { ContactIds = { bob.Id.ToByteString() } } };
        Assert.Equal(CommandRefusal.NoCalls, (await host.ExecuteAsync(start, Cancellation)).Refusal);
        await using var unable = await StartAsync(alice.Store.Copy(), new Media { IsSupported = false });
        Assert.Equal(CommandRefusal.NoCalls, (await unable.ExecuteAsync(start, Cancellation)).Refusal);
    }

    [Fact]
    public async Task A_host_that_starts_into_a_call_shows_it_and_one_that_cannot_ends_it()
    {
        var (alice, bob) = _world.Verified();
        var id = alice.Call(bob);
        bob.Answer(id);
        _world.Pass(1_000);
        await using var host = await StartAsync(alice.Store.Copy(), new Media());
        Assert.Equal(id, Assert.Single(host.Snapshot.Calls).CallId);
        var store = alice.Store.Copy();
        await using var unable = await StartAsync(store, null);
        // A command is carried out behind the start, so the start is done.
        await unable.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
        Assert.Equal(CallOutcome.Lost, store.Messages(bob.Id).Single(message => message.Kind == MessageKind.Call).Call.Outcome);
        Assert.Equal(CommandRefusal.UnknownCall, (await host.ExecuteAsync(new Command { EndCall = new EndCall { CallId = bob.Snapshot.Self.IdentityKey } }, Cancellation)).Refusal);
        Assert.Equal(CommandRefusal.Unspecified, (await host.ExecuteAsync(new Command { EndCall = new EndCall { CallId = id } }, Cancellation)).Refusal);
    }

    private sealed class Media : IMediaLink
    {
        // No leg is ever opened here: nothing comes of it.
        public event Action<ulong, Signal>? SignalMade
        {
            add { }
            remove { }
        }

        public event Action<ulong, LegFacts>? FactsChanged
        {
            add { }
            remove { }
        }

        public event Action<ulong>? Closed
        {
            add { }
            remove { }
        }

        public bool IsSupported { get; init; } = true;

        public void Open(ulong leg, bool offerer, bool polite, bool relayOnly, IReadOnlyList<IceServer> iceServers)
        {
        }

        public void Accept(ulong leg, Signal signal)
        {
        }

        public void Restart(ulong leg, bool relayOnly, IReadOnlyList<IceServer> iceServers)
        {
        }

        public void Close(ulong leg)
        {
        }
    }
}
