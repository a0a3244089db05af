using System.Globalization;
using System.Net;
using System.Threading.Channels;
using Dapari.Rtc.Mapping;
using Dapari.Rtc.Sockets.Mapping;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Rtc.Sockets.Tests.Mapping;

/// <summary>Real sockets to a router of our own making; the clock is the test's where minutes count.</summary>
public sealed class PortMapperTests
{
    public static TheoryData<bool, bool, bool, string> Kinds => new()
    {
        { true, true, true, "pcp" }, { false, true, true, "natpmp" }, { false, false, true, "igd" },
    };

    [Theory, MemberData(nameof(Kinds))]
    public async Task The_best_protocol_that_a_router_speaks_is_used_and_at_the_end_it_has_everything_back(bool pcp, bool natPmp, bool igd, string word)
    {
        await using var router = new RouterDouble(pcp, natPmp, igd);
        await using (var end = new End(router, TimeProvider.System))
        {
            using var tcp = end.Mapper.Want(MappingTransport.Tcp, 40_001);
            var mapped = await end.NextAsync();
            Assert.Equal($"{word} Tcp 40001 3600", await router.NextAsync());
            Assert.Equal((MappingTransport.Tcp, Endpoint.V4(0x7F00_0001, 40_001)), (mapped.Transport, mapped.Internal));
            Assert.Equal(router.Outside.WithPort(router.Table[(MappingTransport.Tcp, 40_001)]), mapped.External);
            using (end.Mapper.Want(MappingTransport.Udp, 40_002))
            {
                Assert.Equal(MappingTransport.Udp, (await end.NextAsync()).Transport);
                Assert.Equal(2, router.Table.Count);
                Assert.Equal(2, end.Mapper.Current.Count);
                Assert.Equal(word, end.Mapper.Routers.Single().Protocol.ToString()!.ToLowerInvariant());
            }

            // Not wanted any more: given back.
            Assert.Equal(MappingTransport.Udp, (await end.NextLostAsync()).Transport);
            Assert.Single(router.Table);
        }

        Assert.Empty(router.Table);
    }

    [Fact]
    public async Task A_mapping_is_renewed_at_half_its_time()
    {
        var time = new FakeTimeProvider();
        await using var router = new RouterDouble(pcp: true, natPmp: false, igd: false) { Lifetime = 600 };
        await using var end = new End(router, time);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_003);
        await end.NextAsync();
        Assert.Equal("pcp Tcp 40003 3600", await router.NextAsync());
        for (var i = 0; i < 3; i++)
        {
            router.Epoch += 301;
            var asked = router.NextAsync();
            await time.UntilAsync(TimeSpan.FromSeconds(301), asked);
            Assert.Equal("pcp Tcp 40003 3600", await asked);
        }

        Assert.Single(end.Mapper.Current);
    }

    [Fact]
    public async Task When_the_router_began_anew_everything_is_asked_for_again()
    {
        var time = new FakeTimeProvider();
        await using var router = new RouterDouble(pcp: false, natPmp: true, igd: false);
        await using var end = new End(router, time);
        using var first = end.Mapper.Want(MappingTransport.Tcp, 40_004);
        await end.NextAsync();
        Assert.Equal("natpmp Tcp 40004 3600", await router.NextAsync());
        // It loses its table, and a second wish lets this end see it.
        router.Table.Clear();
        router.Epoch = 1;
        using var second = end.Mapper.Want(MappingTransport.Udp, 40_005);
        await end.NextAsync();
        var asked = new[] { await router.NextAsync(), await router.NextAsync() };
        Assert.Contains("natpmp Udp 40005 3600", asked);
        Assert.Contains("natpmp Tcp 40004 3600", asked);
    }

    [Fact]
    public async Task An_address_that_changes_is_told()
    {
        var time = new FakeTimeProvider();
        await using var router = new RouterDouble(pcp: true, natPmp: false, igd: false);
        await using var end = new End(router, time);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_006);
        var before = await end.NextAsync();
        router.Outside = Endpoint.V4(0xCB00_7108, 0);
        var changed = end.NextAsync();
        await time.UntilAsync(TimeSpan.FromSeconds(1_801), changed);
        Assert.Equal(before, await end.NextLostAsync());
        Assert.Equal(router.Outside.WithPort(before.External.Port), (await changed).External);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public async Task A_router_that_tells_nonsense_is_not_passed_on(string outside)
    {
        await using var router = new RouterDouble(pcp: true, natPmp: false, igd: false) { Outside = Endpoint.From(IPAddress.Parse(outside), 0) };
        await using var end = new End(router, TimeProvider.System);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_007);
        await router.NextAsync();
        // A second wish is looked at after the first was judged.
        router.Outside = Endpoint.V4(0xCB00_7107, 0);
        using var second = end.Mapper.Want(MappingTransport.Udp, 40_008);
        Assert.Equal(40_008, (await end.NextAsync()).Internal.Port);
        Assert.Single(end.Mapper.Current);
    }

    [Fact]
    public async Task UPnP_a_taken_port_is_another_and_who_wants_no_end_gets_none()
    {
        await using var router = new RouterDouble(pcp: false, natPmp: false, igd: true) { OnlyEternal = true, TakenPort = 40_009 };
        await using var end = new End(router, TimeProvider.System);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_009);
        var mapped = await end.NextAsync();
        Assert.NotEqual(40_009, mapped.External.Port);
        Assert.Equal("igd Tcp 40009 0", await router.NextAsync());
    }

    [Fact]
    public async Task UPnP_a_description_that_leads_elsewhere_leads_nowhere()
    {
        await using var victim = new RouterDouble(pcp: false, natPmp: false, igd: true);
        await using var router = new RouterDouble(pcp: false, natPmp: false, igd: true)
        {
            ControlAt = string.Create(CultureInfo.InvariantCulture, $"http://{victim.Address}:{victim.Http}/ctl"),
        };
        await using var end = new End(router, TimeProvider.System);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_010);
        await Until(() => end.Mapper.Routers.SingleOrDefault() is { Protocol: null, Fault: MappingFault.NotSpoken });
        Assert.Empty(end.Mapper.Current);
        Assert.Empty(victim.Table);
    }

    [Fact]
    public async Task Without_a_router_that_maps_nothing_is_told_and_the_end_comes_at_once()
    {
        await using var router = new RouterDouble(pcp: false, natPmp: false, igd: false);
        await using var end = new End(router, TimeProvider.System);
        using var wish = end.Mapper.Want(MappingTransport.Tcp, 40_011);
        await Until(() => end.Mapper.Routers.SingleOrDefault() is { Fault: MappingFault.NotSpoken });
        Assert.Empty(end.Mapper.Current);
    }

    [Fact]
    public async Task Wishes_have_an_end()
    {
        await using var mapper = new PortMapper(Entropy.System, TimeProvider.System, () => []);
        for (ushort port = 1; port <= PortMapper.MostWishes; port++)
            Assert.NotNull(mapper.Want(MappingTransport.Udp, port));
        Assert.Null(mapper.Want(MappingTransport.Udp, 1_000));
        Assert.NotNull(mapper.Want(MappingTransport.Udp, 1));
    }

    private static async Task Until(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds())
            await pause.WaitForNextTickAsync(limit.Token);
    }

    private sealed class End : IAsyncDisposable
    {
        private readonly Channel<MappedPort> _mapped = Channel.CreateUnbounded<MappedPort>();
        private readonly Channel<MappedPort> _lost = Channel.CreateUnbounded<MappedPort>();

        public End(RouterDouble router, TimeProvider time)
        {
            Mapper = new PortMapper(Entropy.System, time, () => [new Gateway(router.Address, IPAddress.Loopback)]);
            Mapper.Mapped += port => _mapped.Writer.TryWrite(port);
            Mapper.Lost += port => _lost.Writer.TryWrite(port);
        }

        public PortMapper Mapper { get; }

        public Task<MappedPort> NextAsync() => NextAsync(_mapped);

        public Task<MappedPort> NextLostAsync() => NextAsync(_lost);

        public ValueTask DisposeAsync() => Mapper.DisposeAsync();

        private static async Task<MappedPort> NextAsync(Channel<MappedPort> channel)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            return await channel.Reader.ReadAsync(late.Token);
        }
    }
}

internal static class Clocks
{
    /// <summary>Time goes by, step for step, until something is there: whoever waits for a time may not have begun to.</summary>
    public static async Task UntilAsync(this FakeTimeProvider time, TimeSpan first, Task there)
    {
        time.Advance(first);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!there.IsCompleted && await pause.WaitForNextTickAsync())
            time.Advance(TimeSpan.FromSeconds(1));
        await there;
    }
}
