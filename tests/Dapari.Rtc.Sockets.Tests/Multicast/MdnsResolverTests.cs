using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Mdns;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Rtc.Sockets.Tests.Peers;
using Xunit;

namespace Dapari.Rtc.Sockets.Tests.Multicast;

/// <summary>Real groups, on loopback: whoever runs the tests may have no network, and nobody else hears it.</summary>
public sealed class MdnsResolverTests : IAsyncDisposable
{
    private readonly MulticastPort _first = new(MulticastLink.Loopback);
    private readonly MulticastPort _second = new(MulticastLink.Loopback);

    public static TheoryData<string> Addresses => Socket.OSSupportsIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Theory, MemberData(nameof(Addresses))]
    public async Task A_name_is_found_at_another_end_that_shares_the_port(string text)
    {
        var address = IPAddress.Parse(text);
        var name = MdnsAgent.NewName(Entropy.System);
        using var asker = new MdnsResolver(_first, TimeProvider.System);
        using var owner = new MdnsResolver(_second, TimeProvider.System);
        using var published = owner.Publish(name, address);
        Assert.NotNull(published);
        Assert.Equal(Endpoint.From(address, 0), await asker.ResolveAsync(name, TestContext.Current.CancellationToken).Soon());
    }

    [Fact]
    public async Task A_name_that_is_told_later_is_found_by_a_later_question()
    {
        var name = MdnsAgent.NewName(Entropy.System);
        using var asker = new MdnsResolver(_first, TimeProvider.System);
        using var owner = new MdnsResolver(_second, TimeProvider.System);
        var asked = asker.ResolveAsync(name, TestContext.Current.CancellationToken);
        using var published = owner.Publish(name, IPAddress.Loopback);
        // The first question may have gone unheard: the second comes a quarter of a second later.
        Assert.Equal(Endpoint.V4(0x7F00_0001, 0), await asked.Soon());
    }

    [Fact]
    public async Task Nobody_answers_for_names_that_are_withdrawn_or_whose_address_is_of_another_network()
    {
        using var asker = new MdnsResolver(_first, TimeProvider.System);
        using var owner = new MdnsResolver(_second, TimeProvider.System);
        var (withdrawn, elsewhere) = (MdnsAgent.NewName(Entropy.System), MdnsAgent.NewName(Entropy.System));
        owner.Publish(withdrawn, IPAddress.Loopback)!.Dispose();
        using var published = owner.Publish(elsewhere, IPAddress.Parse("192.0.2.77"));
        Assert.NotNull(published);
        Assert.True((await asker.ResolveAsync("example.com", TestContext.Current.CancellationToken)).IsNone);
        var (first, second) = (asker.ResolveAsync(withdrawn, TestContext.Current.CancellationToken), asker.ResolveAsync(elsewhere, TestContext.Current.CancellationToken));
        Assert.True((await first.Soon()).IsNone);
        Assert.True((await second.Soon()).IsNone);
    }

    [Fact]
    public async Task When_it_ends_whoever_waits_is_answered()
    {
        var asker = new MdnsResolver(_first, TimeProvider.System);
        var asked = asker.ResolveAsync(MdnsAgent.NewName(Entropy.System), TestContext.Current.CancellationToken);
        asker.Dispose();
        Assert.True((await asked.Soon()).IsNone);
    }
}
