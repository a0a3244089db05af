using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

public sealed class QuotaTests
{
    private static readonly Endpoint Peer = World.At("9.9.9.9:7000");

    [Fact]
    public void A_credential_has_so_many_allocations_over_all_cores_and_renewing_it_gives_no_more()
    {
        var world = new World(new RelayOptions { AllocationsPerCredential = 2 }, cores: 2);
        var first = world.Client("192.0.2.10:1").Allocate();
        world.Client("192.0.2.10:2", core: 1).Allocate();
        Assert.Equal(486, world.Client("192.0.2.10:3").TryAllocate().Code);
        Assert.Equal(486, world.Client("192.0.2.10:4", world.Credential(seconds: 99)).TryAllocate().Code);
        Assert.Equal(0, world.Client("192.0.2.10:5", world.Credential("bob")).TryAllocate().Code);
        first.Refresh(0);
        Assert.Equal(0, world.Client("192.0.2.10:3").TryAllocate().Code);
        Assert.Equal(2, world.Shared.Read(RelayCount.OverQuota));
    }

    [Fact]
    public void A_core_that_ends_gives_back_all_and_its_counts_stay()
    {
        var world = new World(cores: 3);
        world.Client("192.0.2.10:1").Allocate(static (ref writer) => EvenPort.Write(ref writer, true));
        world.Client("192.0.2.10:2", core: 1).Allocate();
        world.Cores[0].End();
        world.Cores[2].End();
        Assert.Equal(1, world.Shared.Live);
        Assert.Single(world.Bound);
        Assert.Equal((2, 1), (world.Shared.Read(RelayCount.Allocated), world.Shared.Read(RelayCount.Ended)));
        world.Cores[1].End();
        world.Cores[1].End();
        Assert.Equal((2, 2), (world.Shared.Read(RelayCount.Allocated), world.Shared.Read(RelayCount.Ended)));
    }

    [Fact]
    public void A_kept_port_and_a_second_family_count()
    {
        var world = new World(new RelayOptions { AllocationsPerCredential = 1, BindV6 = World.At("[2001:db8::1]:0") });
        Assert.Equal(486, world.Client().TryAllocate(static (ref writer) => EvenPort.Write(ref writer, true)).Code);
        Assert.Equal(486, world.Client().TryAllocate(static (ref writer) => AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6)).Code);
        Assert.Equal(0, world.Shared.Live);
        Assert.Equal(0, world.Client().TryAllocate().Code);
    }

    [Fact]
    public void The_relay_has_so_many_in_all()
    {
        var world = new World(new RelayOptions { Allocations = 3, AllocationsPerCredential = 3 });
        for (var i = 0; i < 3; i++)
            Assert.Equal(0, world.Client("192.0.2.10:" + (i + 1), world.Credential("user" + i)).TryAllocate().Code);
        Assert.Equal(508, world.Client("192.0.2.10:9", world.Credential("user9")).TryAllocate().Code);
        Assert.Equal(3, world.Shared.Live);
    }

    [Fact]
    public void An_allocation_has_so_many_permissions_and_expired_ones_make_room()
    {
        var world = new World(new RelayOptions { PermissionsPerAllocation = 3 });
        var client = world.Client().Allocate();
        Assert.Equal(508, client.Permit([.. Enumerable.Range(1, 4).Select(Number)]).Code);
        Assert.Equal(0, client.Permit(Number(1), Number(2), Number(3)).Code);
        Assert.Equal(508, client.Permit(Number(4)).Code);
        Assert.Equal(508, client.Bind(0x4000, Number(4)).Code);
        Assert.Equal(0, client.Permit(Number(2)).Code);
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, client.Permit(Number(4), Number(5), Number(6)).Code);
        Assert.Null(client.SendTo(Number(1), [1]));
    }

    [Fact]
    public void An_allocation_has_so_many_channels()
    {
        var client = new World(new RelayOptions { ChannelsPerAllocation = 2 }).Client().Allocate();
        Assert.Equal(0, client.Bind(0x4000, Number(1)).Code);
        Assert.Equal(0, client.Bind(0x4001, Number(1).WithPort(9)).Code);
        Assert.Equal(508, client.Bind(0x4002, Number(2)).Code);
        Assert.Equal(0, client.Bind(0x4001, Number(1).WithPort(9)).Code);
    }

    [Fact]
    public void Bytes_a_second_are_bounded_for_a_credential_in_each_direction_whatever_it_allocates()
    {
        var world = new World(new RelayOptions { BytesPerSecond = 100_000 });
        var clients = Enumerable.Range(1, 4).Select(i => world.Client("192.0.2.10:" + i).Allocate()).ToArray();
        foreach (var client in clients)
            client.Bind(0x4000, Peer);
        var other = world.Client("192.0.2.20:1", world.Credential("bob")).Allocate();
        other.Bind(0x4000, Peer);
        long up = 0, down = 0;
        var payload = new byte[1000];
        for (var ms = 0; ms < 3000; ms++)
        {
            world.Advance(TimeSpan.FromMilliseconds(1));
            foreach (var client in clients)
            {
                up += client.SendOn(0x4000, payload) is null ? 0 : payload.Length;
                down += world.FromPeer(client.Relayed, Peer, payload) is null ? 0 : payload.Length;
            }
        }

        // Three seconds' worth and the one that was saved up.
        Assert.InRange(up, 380_000, 400_000);
        Assert.InRange(down, 380_000, 400_000);
        Assert.Equal(24_000 - ((up + down) / 1000), world.Shared.Read(RelayCount.DroppedBandwidth));
        Assert.NotNull(other.SendOn(0x4000, payload));

        // Giving back and asking anew fills no bucket.
        clients[0].Refresh(0);
        clients[0].Allocate().Bind(0x4000, Peer);
        Assert.InRange(Enumerable.Range(0, 100).Count(_ => clients[0].SendOn(0x4000, payload) is not null), 0, 3);
    }

    [Fact]
    public void Without_a_bound_nothing_is_dropped()
    {
        var world = new World(new RelayOptions { BytesPerSecond = 0 });
        var client = world.Client().Allocate();
        client.Bind(0x4000, Peer);
        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.NotNull(client.SendOn(0x4000, new byte[1200])));
        Assert.Equal(12_000_000, world.Shared.Read(RelayCount.BytesUp));
    }

    [Fact]
    public void Unproved_sources_get_so_many_answers_a_second_and_the_proved_go_on()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 10 });
        var proved = world.Client().Allocate();
        var victim = world.Client("192.0.2.10:9999");
        var answers = Enumerable.Range(0, 1000).Count(i => victim.Send(victim.Build(i % 2 == 0 ? StunMethod.Allocate : StunMethod.Binding, null, sign: false)) is not null);
        Assert.InRange(answers, 1, 20);
        Assert.Equal(0, proved.Refresh(600).Code);
        // Ports do not multiply it, time does.
        var otherPort = world.Client("192.0.2.10:10000");
        Assert.Null(otherPort.Send(otherPort.Build(StunMethod.Binding, null, sign: false)));
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(Enumerable.Range(0, 100).Count(_ => victim.Send(victim.Build(StunMethod.Binding, null, sign: false)) is not null), 10, 10);
    }

    [Fact]
    public void An_ipv6_network_is_one_source()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 10 });
        var answers = Enumerable.Range(1, 200).Count(i =>
        {
            var client = world.Client($"[2a00:1:2:3::{i:x}]:5");
            return client.Send(client.Build(StunMethod.Binding, null, sign: false)) is not null;
        });
        Assert.Equal(20, answers);
    }

    [Fact]
    public void Made_up_sources_get_no_more_than_the_table_has_buckets()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 1 });
        var answers = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var client = world.Client();
            var spoofed = new TestClient(world, 0, world.UdpLocals[0], Endpoint.V4(0x0B000000u + (uint)i, 5), client.Credential);
            answers += spoofed.Send(spoofed.Build(StunMethod.Binding, null, sign: false)) is null ? 0 : 1;
        }

        Assert.InRange(answers, 8192, 2 * 8192);
    }

    [Fact]
    public void Streams_are_proved_sources()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 1 });
        var client = world.StreamClient();
        Assert.All(Enumerable.Range(0, 100), _ => Assert.NotNull(client.Send(client.Build(StunMethod.Binding, null, sign: false))));
    }

    [Fact]
    public void Wrong_passwords_are_bounded_too()
    {
        var world = new World(new RelayOptions { UnprovenAnswersPerSecond = 5 });
        var client = world.Client(credential: world.Credential() with { Password = "guess" });
        client.Greet();
        Assert.InRange(Enumerable.Range(0, 100).Count(_ => client.Send(client.Build(StunMethod.Allocate, null)) is not null), 1, 9);
    }

    [Fact]
    public void The_options_name_what_is_wrong()
    {
        Assert.Null(new RelayOptions().Validate());
        RelayOptions[] wrong =
        [
            new() { Realm = "" }, new() { Realm = "a:b" }, new() { Realm = new string('a', 128) }, new() { PortLow = 80 }, new() { PortLow = 60_000, PortHigh = 50_000 },
            new() { PortHigh = 70_000 }, new() { ExternalV4 = World.At("[::1]:0") }, new() { BindV6 = World.At("1.1.1.1:0") }, new() { Allocations = 0 },
            new() { AllocationsPerCredential = 0 }, new() { PermissionsPerAllocation = 257 }, new() { ChannelsPerAllocation = 0 }, new() { BytesPerSecond = 100 },
            new() { UnprovenAnswersPerSecond = 0 }, new() { Lifetime = TimeSpan.FromSeconds(5) }, new() { LongestLifetime = TimeSpan.FromDays(2) },
            new() { NonceLifetime = TimeSpan.FromSeconds(1) },
        ];
        Assert.All(wrong, options => Assert.NotNull(options.Validate()));
        Assert.All(wrong, options => Assert.Throws<ArgumentException>(() => new RelayShared(options, new Credentials.RelaySecrets(World.Key(1)), new SeededEntropy(1))));
    }

    [Fact]
    public void Forwarding_allocates_nothing()
    {
        var world = new World();
        var client = world.Client().Allocate();
        client.Bind(0x4000, Peer);
        client.Permit(World.At("8.8.8.8:1"));
        var port = world.Bound[client.Relayed].Port;
        var up = new byte[2048];
        byte[] frame = [0x40, 0, 4, 0xB0];
        var key = client.Key;
        var other = World.At("8.8.8.8:1");
        var indication = client.Build(StunMethod.Send, (ref writer) => { XorPeerAddress.Write(ref writer, other); Data.Write(ref writer, new byte[100]); }, sign: false, kind: StunClass.Indication);
        Forward();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Forward();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Forward()
        {
            frame.CopyTo(up, RelayCore.HeadRoom);
            var good = world.Core.FromClient(key, up, RelayCore.HeadRoom, 1204, out _) == RelayAction.ToPeer
                && world.Core.FromPeer(port, Peer, up, RelayCore.HeadRoom, 1200, out _) == RelayAction.ToClient
                && world.Core.FromPeer(port, other, up, RelayCore.HeadRoom, 1200, out _) == RelayAction.ToClient;
            indication.CopyTo(up, RelayCore.HeadRoom);
            good &= world.Core.FromClient(key, up, RelayCore.HeadRoom, indication.Length, out _) == RelayAction.ToPeer;
            world.Core.Advance(world.Now);
            if (!good || world.Core.NextDeadline == 0)
                throw new InvalidOperationException();
        }
    }

    private static Endpoint Number(int i) => World.At("9.9.9." + i + ":7");
}
