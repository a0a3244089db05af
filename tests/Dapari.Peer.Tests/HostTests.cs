using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Tests.Harness;
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
    public async Task An_input_ends_the_pause_before_less_urgent_work()
    {
        var pauses = 0;
        await using var host = await PeerHost.StartAsync(_store, _links, _links, new SeededRandom(5), _time, TestContext.Current.CancellationToken, () =>
        {
            pauses++;
            return new TaskCompletionSource().Task;
        });
        Assert.Equal(CommandRefusal.Unspecified, (await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken)).Refusal);
        Assert.Equal(CommandRefusal.HasIdentity, (await host.ExecuteAsync(Create("Bob"), TestContext.Current.CancellationToken)).Refusal);
        Assert.Equal(CommandRefusal.HasIdentity, (await host.ExecuteAsync(Create("Carol"), TestContext.Current.CancellationToken)).Refusal);
        Assert.True(pauses > 0);
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
    public async Task What_was_kept_is_shown_from_the_first_moment_even_where_nothing_can_be_kept_now()
    {
        await using (var first = await StartAsync())
            await first.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        for (var i = 0; i < 100; i++)
            _store.Faults.Enqueue(StoreFault.Full);
        await using var second = await StartAsync();
        Assert.Equal("Alice", second.Snapshot.Self.Name);
    }

    [Theory]
    [InlineData(StoreFault.Full, PeerTrouble.StorageFull)]
    [InlineData(StoreFault.Failed, PeerTrouble.StorageFailed)]
    public async Task Storage_that_refuses_is_said_until_it_keeps_again(StoreFault fault, PeerTrouble trouble)
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        _store.Faults.Enqueue(fault);
        Assert.Equal(CommandRefusal.StoreFailed, (await host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken)).Refusal);
        Assert.Equal((trouble, "Alice"), (host.Snapshot.Trouble, host.Snapshot.Self.Name));
        var again = host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken);
        await PassAsync(() => again.IsCompleted);
        Assert.Equal(CommandRefusal.Unspecified, (await again).Refusal);
        Assert.Equal((PeerTrouble.Unspecified, "Anna"), (host.Snapshot.Trouble, host.Snapshot.Self.Name));
    }

    [Fact]
    public void Who_says_something_while_storage_refuses_waits_no_longer_than_the_first_time() => Pump.Run(async pump =>
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 9; i++)
        {
            _store.Faults.Enqueue(StoreFault.Full);
            var before = _time.GetUtcNow();
            var refused = host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
            for (pump.Settle(); !refused.IsCompleted; pump.Settle())
                _time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Equal(CommandRefusal.StoreFailed, (await refused).Refusal);
            // By the eighth refusal the pause alone would be a minute; a busy machine echoes late, and the fake clock runs on meanwhile.
            Assert.InRange(_time.GetUtcNow() - before, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        }
    });

    [Fact]
    public async Task An_error_of_the_engine_ends_neither_the_host_nor_what_was_kept()
    {
        var failed = new List<Exception>();
        await using var host = await StartAsync();
        host.Failed += failed.Add;
        await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        _store.Throws.Enqueue(new InvalidOperationException("a bug"));
        Assert.Equal(CommandRefusal.PeerFailed, (await host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken)).Refusal);
        Assert.Single(failed);
        var again = host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken);
        await PassAsync(() => again.IsCompleted);
        Assert.Equal(CommandRefusal.Unspecified, (await again).Refusal);
        Assert.Equal("Anna", host.Snapshot.Self.Name);
    }

    [Fact]
    public async Task Errors_again_and_again_end_the_host_which_says_so_and_answers_every_command()
    {
        var host = await StartAsync();
        await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
            _store.Throws.Enqueue(new InvalidOperationException("a bug"));
        for (var i = 0; i < 10; i++)
        {
            var refused = host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken);
            await PassAsync(() => refused.IsCompleted);
            Assert.Equal(CommandRefusal.PeerFailed, (await refused).Refusal);
        }

        Assert.True(host.Completion.IsFaulted);
        Assert.Equal((PeerTrouble.Ended, "Alice"), (host.Snapshot.Trouble, host.Snapshot.Self.Name));
        await host.DisposeAsync();
        await using var second = await StartAsync();
        Assert.Equal("Alice", second.Snapshot.Self.Name);
    }

    [Fact]
    public async Task Errors_that_lie_far_apart_end_nothing()
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync(Create("Alice"), TestContext.Current.CancellationToken);
        for (var i = 0; i < 10; i++)
        {
            _store.Throws.Enqueue(new InvalidOperationException("a bug"));
            var refused = host.ExecuteAsync(Rename("Anna"), TestContext.Current.CancellationToken);
            await PassAsync(() => refused.IsCompleted);
            Assert.Equal(CommandRefusal.PeerFailed, (await refused).Refusal);
            _time.Advance(TimeSpan.FromMinutes(11));
        }

        Assert.False(host.Completion.IsCompleted);
    }

    private static Command Rename(string name) => new() { SetProfile = new SetProfile { Name = name } };

    // The fake clock goes on until what is waited for has come; real time only lets other threads run.
    private async Task PassAsync(Func<bool> done, TimeSpan? step = null)
    {
        while (!done())
        {
            _time.Advance(step ?? TimeSpan.FromSeconds(1));
            for (var i = 0; i < 50 && !done(); i++)
                await Task.Yield();
        }
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
