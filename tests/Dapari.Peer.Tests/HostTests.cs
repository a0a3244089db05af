using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Testing;
using Dapari.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace Dapari.Peer.Tests;

public sealed class HostTests
{
    private readonly MemoryPeerStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
    private readonly Links _links = new();

    private Task<PeerHost> StartAsync() =>
        PeerHost.StartAsync(_store, _links, _links, new SeededRandom(5), _time, TestContext.Current.CancellationToken);

    private static Command Create(string name) => new() { CreateIdentity = new CreateIdentity { Name = name, HomeServer = "https://home.example" } };

    [Fact]
    public async Task A_command_is_completed_after_its_commit_and_seen_in_the_snapshot()
    {
        await using var host = await StartAsync();
        Assert.Equal(new Snapshot { Revision = host.Snapshot.Revision }, host.Snapshot);
        var result = await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        Assert.Equal(CommandRefusal.Unspecified, result.Refusal);
        Assert.Contains(_store.State, row => row.Key == "self");
        Assert.Equal("Alice", host.Snapshot.Self.Name);
        Assert.Equal(["https://home.example"], _links.Wanted);
    }

    [Theory]
    [InlineData(StoreFault.Full)]
    [InlineData(StoreFault.Failed)]
    public async Task A_commit_that_fails_is_said_and_the_next_begins_from_what_was_kept(StoreFault fault)
    {
        await using var host = await StartAsync();
        _store.Faults.Enqueue(fault);
        var refused = await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        Assert.Equal(CommandRefusal.StoreFailed, refused.Refusal);
        Assert.Empty(_store.State);
        var again = host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        while (!again.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(CommandRefusal.Unspecified, (await again).Refusal);
        Assert.Equal("Alice", host.Snapshot.Self.Name);
    }

    [Fact]
    public async Task A_new_host_goes_on_from_the_store()
    {
        await using (var first = await StartAsync())
            await first.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        Assert.Equal(["https://home.example"], _links.Closed);
        await using var second = await StartAsync();
        Assert.Equal("Alice", second.Snapshot.Self.Name);
        Assert.Equal(CommandRefusal.HasIdentity, (await second.ExecuteAsync(Create("B"), TestContext.Current.CancellationToken)).Refusal);
    }

    [Fact]
    public async Task A_deleted_identity_leaves_an_empty_host()
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        var gone = new TaskCompletionSource();
        host.Changed += notice =>
        {
            if (notice.Snapshot is not null && notice.Snapshot.Self is null)
                gone.TrySetResult();
        };
        await host.ExecuteAsync(new Command { DeleteIdentity = new DeleteIdentity() }, TestContext.Current.CancellationToken);
        await gone.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Empty(_store.State);
        Assert.Equal(CommandRefusal.Unspecified, (await host.ExecuteAsync(Create("Anna"), TestContext.Current.CancellationToken)).Refusal);
    }

    [Fact]
    public async Task After_its_end_a_host_carries_out_nothing()
    {
        var host = await StartAsync();
        await host.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken));
        await host.DisposeAsync();
    }

    private sealed class Links : IServerLink, IPathLink
    {
        // Nothing ever comes in by these links.
        event Action<string>? IServerLink.Connected
        {
            add { }
            remove { }
        }

        event Action<string>? IServerLink.Disconnected
        {
            add { }
            remove { }
        }

        event Action<string, byte[]>? IServerLink.Received
        {
            add { }
            remove { }
        }

        event Action<ulong, Signal>? IPathLink.SignalMade
        {
            add { }
            remove { }
        }

        event Action<ulong, PathFacts>? IPathLink.Opened
        {
            add { }
            remove { }
        }

        event Action<ulong, PathFacts>? IPathLink.FactsChanged
        {
            add { }
            remove { }
        }

        event Action<ulong>? IPathLink.Closed
        {
            add { }
            remove { }
        }

        event Action<ulong, byte[]>? IPathLink.Received
        {
            add { }
            remove { }
        }

        event Action? IPathLink.NetworkChanged
        {
            add { }
            remove { }
        }

        public List<string> Wanted { get; } = [];

        public List<string> Closed { get; } = [];

        public bool IsSupported => false;

        public void Connect(string origin) => Wanted.Add(origin);

        public void Send(string origin, ReadOnlyMemory<byte> frame)
        {
        }

        public void Disconnect(string origin) => Closed.Add(origin);

        public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
        {
        }

        public void Accept(ulong path, Signal signal)
        {
        }

        public void Restart(ulong path)
        {
        }

        public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => false;

        public void Close(ulong path)
        {
        }
    }
}
