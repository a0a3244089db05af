using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Kind = Dapari.Wire.V1.ClientFrame.KindOneofCase;

namespace Dapari.Peer.Tests.Calls;

/// <summary>Credentials for the home server's relay.</summary>
public sealed class RelayTests
{
    private readonly World _world = new();

    private int Asked => _world.Server.Said.GetValueOrDefault(Kind.TakeRelayAccess);

    private static RelayAccess Access(string name, uint seconds = 3_600) => new()
    {
        Urls = { "turn:home.example:3478?transport=udp", "file:///etc/passwd" }, Username = name, Password = "secret", LifetimeSeconds = seconds,
    };

    [Fact]
    public void They_are_asked_for_when_a_mailbox_is_open_and_used_for_calls_and_paths()
    {
        _world.Server.RelayAccess = Access("first");
        var (alice, bob) = _world.Acquainted(paths: true);
        Assert.Equal(2, Asked);
        _world.Pass(3_000);
        var server = Assert.Single(alice.Effects.OfType<PeerEffect.OpenPath>().Last().IceServers);
        Assert.Equal("first", server.Username);
        Assert.Equal(["turn:home.example:3478?transport=udp"], server.Urls);
        bob.Answer(alice.Call(bob));
        Assert.Equal("first", Assert.Single(_world.Media.Only(bob).Servers).Username);
        Assert.Equal(Reason.ContactNotVerified, alice.OnlyCall().Legs.Single().Reason);
    }

    [Fact]
    public void They_are_renewed_before_they_run_out_and_kept_across_connections()
    {
        _world.Server.RelayAccess = Access("first", 1_000);
        var (alice, _) = _world.Acquainted();
        _world.StopServer();
        _world.StartServer();
        _world.Pass(60_000);
        Assert.Equal(2, Asked);
        _world.Server.RelayAccess = Access("second", 1_000);
        _world.Pass(695_000);
        Assert.Equal(4, Asked);
        Assert.Equal("second", alice.Engine.Parts.IceServers.Single().Username);
    }

    [Fact]
    public void A_call_that_needs_them_waits_while_the_server_puts_it_off()
    {
        _world.Server.RelayAccess = Access("first");
        var (alice, bob) = _world.Acquainted();
        bob.Answer(alice.Call(bob));
        _world.Pass(2_000);
        _world.Server.PutsRelayOff = true;
        bob.Restart();
        _world.Pass(5_000);
        Assert.Empty(_world.Media.LegsOf(bob));
        _world.Server.PutsRelayOff = false;
        _world.Pass(5_000);
        Assert.Equal("first", Assert.Single(_world.Media.Only(bob).Servers).Username);
    }

    [Fact]
    public void They_are_not_used_when_they_ran_out()
    {
        _world.Server.RelayAccess = Access("first", 100);
        var (alice, bob) = _world.Acquainted();
        _world.StopServer();
        _world.Pass(110_000);
        Assert.Equal(CommandRefusal.NoRelay, alice.TryCall(bob).Refusal);
    }

    [Fact]
    public void A_server_without_a_relay_is_asked_once_for_each_connection()
    {
        var (alice, bob) = _world.Acquainted();
        _world.Pass(600_000);
        Assert.Equal(2, Asked);
        Assert.Equal(CommandRefusal.NoRelay, alice.TryCall(bob, way: Policy.ServerOnly).Refusal);
        _world.StopServer();
        _world.StartServer();
        _world.Pass(60_000);
        Assert.Equal(4, Asked);
    }
}
