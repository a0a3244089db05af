using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>RFC 8656 §7.2, step by step.</summary>
public sealed class AllocateTests
{
    private static readonly Endpoint Bind6 = World.At("[2001:db8::1]:0");

    [Fact]
    public void A_client_with_credentials_gets_a_relayed_address()
    {
        var world = new World();
        var client = world.Client();
        var answer = client.TryAllocate();
        Assert.Equal(0, answer.Code);
        var relayed = Assert.Single(answer.Relayed);
        Assert.True(relayed.HasSameAddress(World.Server));
        Assert.InRange(relayed.Port, (ushort)49152, (ushort)65535);
        Assert.Equal(client.Endpoint, answer.Mapped);
        Assert.Equal(600u, answer.Seconds);
        Assert.Equal(relayed, Assert.Single(world.Ports[0].Open).Value);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        Assert.True(MessageIntegrity.Check(message, StunCredentials.LongTermKey(client.Credential.Username, "dapari", client.Credential.Password, PasswordAlgorithmId.Md5)));
    }

    [Fact]
    public void A_repetition_gets_the_same_answer_and_no_second_allocation()
    {
        var world = new World();
        var client = world.Client();
        var first = client.TryAllocate();
        var second = client.TryAllocate(keepId: true);
        Assert.Equal(first.Bytes, second.Bytes);
        Assert.Equal(1, world.Core.Allocations);
        Assert.Equal(437, client.TryAllocate().Code);
        Assert.Equal(1, world.Shared.Live);
    }

    [Fact]
    public void An_external_address_is_what_clients_are_told()
    {
        var world = new World(new RelayOptions { ExternalV4 = World.At("203.0.113.9:0") });
        var answer = world.Client().TryAllocate();
        Assert.True(answer.Relayed[0].HasSameAddress(World.At("203.0.113.9:0")));
        Assert.Equal(World.Server.WithPort(answer.Relayed[0].Port), Assert.Single(world.Bound).Key);
    }

    [Fact]
    public void Without_a_transport_it_is_a_bad_request() => Assert.Equal(400, new World().Client().Request(StunMethod.Allocate, null).Code);

    [Fact]
    public void Tcp_to_peers_is_not_supported() =>
        Assert.Equal(442, new World().Client().Request(StunMethod.Allocate, static (ref writer) => RequestedTransport.Write(ref writer, 6)).Code);

    [Fact]
    public void Dont_fragment_is_answered_as_by_a_server_that_cannot()
    {
        var answer = new World().Client().TryAllocate(static (ref writer) => DontFragment.Write(ref writer));
        Assert.Equal(420, answer.Code);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        var types = new ushort[4];
        Assert.True(UnknownAttributes.TryRead(message, types, out var count));
        Assert.Equal((1, (int)DontFragment.Type), (count, types[0]));
    }

    [Fact]
    public void What_must_be_understood_and_is_not_is_listed()
    {
        var answer = new World().Client().TryAllocate(static (ref writer) =>
        {
            writer.Add(0x7F00, [1]);
            writer.Add(0xFF00, [1]);
            writer.Add(0x7F01, []);
        });
        Assert.Equal(420, answer.Code);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        var types = new ushort[4];
        Assert.True(UnknownAttributes.TryRead(message, types, out var count));
        Assert.Equal([0x7F00, 0x7F01], types[..count]);
    }

    [Fact]
    public void Ipv6_is_had_when_there_is_an_address_to_bind()
    {
        Attributes v6 = static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V6);
        Assert.Equal(440, new World().Client().TryAllocate(v6).Code);
        var world = new World(new RelayOptions { BindV6 = Bind6 });
        var answer = world.Client().TryAllocate(v6);
        Assert.Equal(0, answer.Code);
        Assert.True(Assert.Single(answer.Relayed).HasSameAddress(Bind6));
    }

    [Fact]
    public void Another_family_is_not_supported() =>
        Assert.Equal(440, new World().Client().TryAllocate(static (ref writer) => RequestedAddressFamily.Write(ref writer, (RequestedFamily)3)).Code);

    [Fact]
    public void Both_families_at_once()
    {
        var world = new World(new RelayOptions { BindV6 = Bind6 });
        var answer = world.Client().TryAllocate(Both);
        Assert.Equal([4, 6], answer.Relayed.Select(relayed => relayed.Family));
        Assert.Null(answer.AddressError);
        Assert.Equal(2, world.Shared.Live);
    }

    [Fact]
    public void Of_both_families_one_may_be_missing_and_that_is_said()
    {
        var world = new World();
        var answer = world.Client().TryAllocate(Both);
        Assert.Equal(4, Assert.Single(answer.Relayed).Family);
        Assert.Equal(440, answer.AddressError);
        Assert.Equal(1, world.Shared.Live);
    }

    [Fact]
    public void The_additional_family_is_ipv6_or_nothing() =>
        Assert.Equal(400, new World().Client().TryAllocate(static (ref writer) => AdditionalAddressFamily.Write(ref writer, RequestedFamily.V4)).Code);

    [Theory]
    [InlineData(true, true, false, false)]
    [InlineData(true, false, true, false)]
    [InlineData(true, false, false, true)]
    [InlineData(false, false, true, true)]
    [InlineData(false, true, false, true)]
    public void What_cannot_be_asked_together(bool token, bool even, bool family, bool additional) =>
        Assert.Equal(400, new World().Client().TryAllocate((ref writer) =>
        {
            if (token)
                ReservationToken.Write(ref writer, 1);
            if (even)
                EvenPort.Write(ref writer, true);
            if (family)
                RequestedAddressFamily.Write(ref writer, RequestedFamily.V4);
            if (additional)
                AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6);
        }).Code);

    [Fact]
    public void An_even_port_with_the_next_one_kept_for_the_token()
    {
        var world = new World(cores: 2);
        var client = world.Client();
        var answer = client.TryAllocate(static (ref writer) => EvenPort.Write(ref writer, true));
        Assert.Equal(0, answer.Relayed[0].Port % 2);
        Assert.NotNull(answer.Token);
        Assert.Equal(2, world.Shared.Live);
        Assert.Single(world.Bound);
        Attributes show = (ref writer) => ReservationToken.Write(ref writer, answer.Token.Value);

        // Another person's, then the same person's by another core: each 5-tuple may belong to any.
        Assert.Equal(508, world.Client("192.0.2.66:1", world.Credential("mallory")).TryAllocate(show).Code);
        var second = world.Client("192.0.2.10:4001", client.Credential, 1).TryAllocate(show);
        Assert.Equal(answer.Relayed[0].Port + 1, second.Relayed[0].Port);
        Assert.Equal(2, world.Shared.Live);
        Assert.Equal(508, world.Client("192.0.2.10:4002", client.Credential).TryAllocate(show).Code);
        world.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(2, world.Shared.Live);
    }

    [Fact]
    public void A_kept_port_is_free_again_after_thirty_seconds()
    {
        var world = new World();
        var client = world.Client();
        var answer = client.TryAllocate(static (ref writer) => EvenPort.Write(ref writer, true));
        world.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(2, world.Shared.Live);
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, world.Shared.Live);
        Assert.Equal(508, world.Client("192.0.2.10:4001").TryAllocate((ref writer) => ReservationToken.Write(ref writer, answer.Token!.Value)).Code);
    }

    [Fact]
    public void An_even_port_alone()
    {
        var world = new World();
        for (var i = 0; i < 20; i++)
        {
            var answer = world.Client("192.0.2.10:" + (4000 + i)).TryAllocate(static (ref writer) => EvenPort.Write(ref writer, false));
            Assert.Equal(0, answer.Relayed[0].Port % 2);
            Assert.Null(answer.Token);
        }
    }

    [Theory]
    [InlineData(null, 600)]
    [InlineData(1u, 600)]
    [InlineData(1000u, 1000)]
    [InlineData(uint.MaxValue, 3600)]
    public void The_lifetime_lies_between_the_usual_and_the_longest(uint? asked, uint granted)
    {
        var answer = new World().Client().TryAllocate((ref writer) =>
        {
            if (asked is { } seconds)
                Lifetime.Write(ref writer, seconds);
        });
        Assert.Equal(granted, answer.Seconds);
    }

    [Fact]
    public void The_lifetime_ends_with_the_credential()
    {
        var world = new World();
        var client = world.Client(credential: world.Credential(seconds: 100));
        Assert.Equal(100u, client.TryAllocate().Seconds);
        world.Advance(TimeSpan.FromSeconds(99));
        Assert.Equal(1, world.Core.Allocations);
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, world.Core.Allocations);
    }

    [Fact]
    public void Ports_that_others_have_are_passed_over_until_none_is_left()
    {
        var world = new World(new RelayOptions { PortLow = 50000, PortHigh = 50003 });
        world.Elsewhere.Add(World.Server.WithPort(50001));
        var given = Enumerable.Range(0, 3).Select(i => world.Client("192.0.2.10:" + (4000 + i)).TryAllocate().Relayed[0].Port).Select(port => (int)port).Order();
        Assert.Equal([50000, 50002, 50003], given);
        Assert.Equal(508, world.Client("192.0.2.10:4009").TryAllocate().Code);
        Assert.Equal(3, world.Shared.Live);
    }

    [Fact]
    public void A_driver_that_cannot_bind_is_asked_a_bounded_number_of_times()
    {
        var world = new World { NothingBinds = true };
        Assert.Equal(508, world.Client().TryAllocate().Code);
        Assert.InRange(world.Ports[0].Tries, 1, 64);
        Assert.Equal(0, world.Shared.Live);
        world.NothingBinds = false;
        Assert.Equal(0, world.Client("192.0.2.10:4001").TryAllocate().Code);
    }

    [Fact]
    public void By_a_wildcard_side_the_configured_address_is_bound()
    {
        var world = new World(new RelayOptions { BindV4 = World.At("198.51.100.7:0") });
        var local = world.Core.AddLocal(World.At("0.0.0.0:3478"), RelayTransport.Udp);
        var client = new TestClient(world, 0, local, World.At("192.0.2.10:1"), world.Credential());
        Assert.True(client.Allocate().Relayed.HasSameAddress(World.At("198.51.100.7:0")));
    }

    private static void Both(ref StunWriter writer) => AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6);
}
