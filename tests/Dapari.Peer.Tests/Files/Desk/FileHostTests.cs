using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Testing;
using Dapari.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>The host's seam for files.</summary>
public sealed class FileHostTests
{
    private readonly World _world = new();
    private readonly NoLinks _links = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<PeerHost> StartAsync(MemoryPeerStore store, IFileLink? files) => PeerHost.StartAsync(
        store, _links, _links, null, files, new SeededRandom(5), new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(_world.MomentOf(_world.People[0]).WallMs)), Cancellation);

    [Fact]
    public async Task Without_a_driver_there_are_no_files()
    {
        var (alice, bob) = _world.Sending(paths: false);
        bob.WantNothingUnasked();
        var id = alice.Send(bob, alice.Bytes(10));
        var want = new Command { WantFiles = new WantFiles { TransferId = id.ToByteString() } };
        await using var host = await StartAsync(bob.Store.Copy(), null);
        Assert.Equal(CommandRefusal.NoFiles, (await host.ExecuteAsync(want, Cancellation)).Refusal);
        // What was offered is still shown.
        Assert.Single(host.Snapshot.Transfers);
        await using var unable = await StartAsync(bob.Store.Copy(), new MemoryFileLink(new MemoryFileLine(), _ => null) { IsSupported = false });
        Assert.Equal(CommandRefusal.NoFiles, (await unable.ExecuteAsync(want, Cancellation)).Refusal);
    }

    [Fact]
    public async Task A_host_opens_sources_and_destinations_again_and_hears_what_came_of_it()
    {
        var (alice, bob) = _world.Sending(paths: false);
        bob.WantNothingUnasked();
        alice.Files.Chunks = 0;
        var id = alice.Send(bob, alice.Bytes(Senders.Chunk));
        var store = alice.Store.Copy();
        var files = new MemoryFileLink(new MemoryFileLine(), _ => null);
        await using (var host = await StartAsync(store, files))
        {
            // A command is carried out behind the start, and the driver's answer behind that.
            await host.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
            await host.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
            Assert.Equal(TransferTrouble.SourceNotReady, Assert.Single(host.Snapshot.Transfers).Trouble);
            files.Sources[id] = alice.Files.Sources[id];
            await host.ExecuteAsync(new Command { SourceChosen = new SourceChosen { TransferId = id.ToByteString() } }, Cancellation);
            await host.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
            Assert.NotEqual(TransferTrouble.SourceNotReady, Assert.Single(host.Snapshot.Transfers).Trouble);
            Assert.Equal(CommandRefusal.Unspecified, (await host.ExecuteAsync(new Command { CancelFiles = new CancelFiles { TransferId = id.ToByteString() } }, Cancellation)).Refusal);
            await host.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
        }

        Assert.Contains(id, files.Released);
        Assert.Equal(FileOutcome.Cancelled, store.Messages(bob.Id).Single(message => message.Kind == MessageKind.Files).File.End.Outcome);
        var there = new MemoryFileLink(new MemoryFileLine(), _ => null) { FullDisks = 1 };
        await using var recipient = await StartAsync(bob.Store.Copy(), there);
        Assert.Equal(CommandRefusal.Unspecified, (await recipient.ExecuteAsync(new Command { WantFiles = new WantFiles { TransferId = id.ToByteString() } }, Cancellation)).Refusal);
        await recipient.ExecuteAsync(new Command { RetryNow = new RetryNow() }, Cancellation);
        Assert.Equal(TransferTrouble.NoRoom, Assert.Single(recipient.Snapshot.Transfers).Trouble);
    }
}
