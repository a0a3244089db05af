using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Tests.Harness;

namespace Dapari.Peer.Tests;

/// <summary>A path that one end's network took with it stands again within seconds.</summary>
public sealed class PathRecoveryTests
{
    private readonly World _world = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_lost_a_path_with_its_network_tells_the_other_and_another_is_begun(bool offererLoses)
    {
        var (offerer, other) = WithPath();
        var loser = offererLoses ? offerer : other;
        loser.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.LosePaths(loser);
        _world.Pass(1_500);
        BothOpen(offerer, other);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_could_not_be_told_without_a_connection_is_told_by_the_next(bool offererLoses)
    {
        var (offerer, other) = WithPath();
        var loser = offererLoses ? offerer : other;
        _world.Strand(loser);
        loser.Inputs.Enqueue(new PeerInput.ServerDisconnected(World.Home));
        loser.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.LosePaths(loser);
        _world.Pass(1_500);
        BothOpen(offerer, other);
    }

    [Fact]
    public void Other_ways_are_looked_for_by_the_server_and_not_by_the_path_that_may_be_gone()
    {
        var (offerer, other) = WithPath();
        _world.PathsSilent = _world.RestartsMend = true;
        other.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.Pass(500);
        Assert.False(_world.PathsSilent);
        _world.Pass(2_500);
        BothOpen(offerer, other);
        Assert.Single(offerer.Effects.OfType<PeerEffect.OpenPath>());
    }

    [Fact]
    public void Signals_that_a_dead_connection_swallowed_are_made_again_when_it_is_replaced()
    {
        var (offerer, other) = WithPath();
        _world.PathsSilent = _world.RestartsMend = true;
        _world.Strand(other);
        other.Inputs.Enqueue(new PeerInput.NetworkChanged());
        // The connection is doubted: four seconds without an answer end it.
        _world.Pass(5_500);
        Assert.False(_world.PathsSilent);
        _world.Pass(2_500);
        BothOpen(offerer, other);
        Assert.Single(offerer.Effects.OfType<PeerEffect.OpenPath>());
    }

    [Fact]
    public void Signals_go_by_the_server_where_the_connection_nearby_is_gone_with_the_address_too()
    {
        _world.Together = true;
        var (offerer, other) = WithPath();
        Assert.True(_world.NearbyMessages > 0);
        _world.NearbySilent = _world.PathsSilent = _world.RestartsMend = true;
        // The other end of both hears nothing of the change but what comes by the server.
        other.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.Pass(500);
        Assert.False(_world.PathsSilent);
        _world.Pass(2_500);
        BothOpen(offerer, other);
    }

    [Fact]
    public void Without_a_server_signals_go_on_nearby_whatever_is_doubted()
    {
        _world.Together = true;
        var (offerer, other) = WithPath();
        _world.StopServer();
        _world.PathsSilent = _world.RestartsMend = true;
        other.Inputs.Enqueue(new PeerInput.NetworkChanged());
        _world.Pass(500);
        Assert.False(_world.PathsSilent);
        BothOpen(offerer, other);
    }

    [Fact]
    public void A_hiccup_looks_for_nothing_and_a_silence_of_seconds_looks_once()
    {
        var (alice, bob) = WithPath();
        _world.PathsSilent = true;
        alice.Write(bob, "perso?");
        _world.Pass(1_000);
        Assert.Empty(alice.Effects.OfType<PeerEffect.RestartPath>());
        _world.Pass(4_000);
        Assert.Single(alice.Effects.OfType<PeerEffect.RestartPath>());
    }

    private (Person Offerer, Person Other) WithPath()
    {
        var (alice, bob) = _world.Acquainted(paths: true);
        _world.Pass(3_000);
        BothOpen(alice, bob);
        return alice.Effects.OfType<PeerEffect.OpenPath>().Single().Offerer ? (alice, bob) : (bob, alice);
    }

    private static void BothOpen(Person one, Person other)
    {
        Assert.Equal(PathState.Open, one.See(other).Path.State);
        Assert.Equal(PathState.Open, other.See(one).Path.State);
    }
}
