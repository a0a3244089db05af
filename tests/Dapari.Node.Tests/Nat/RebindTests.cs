using System.Net;
using Dapari.Node.Paths.Rtc;
using Xunit;

namespace Dapari.Node.Tests.Nat;

/// <summary>What a path outlives that happens between its ends.</summary>
public sealed class RebindTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_path_outlives_a_router_that_forgets_its_mapping(bool beforeOfferer)
    {
        using var router = new ForgetfulRouter();
        await using var pair = new LinkPair(Rtc, Rtc);
        pair.Route = (byOne, signal) => router.Route(byOne == beforeOfferer, signal);
        await pair.OpenAsync();
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 1 }));
        Assert.Equal([1], await pair.Other.ReceiveAsync());
        router.Forget();
        // Both are under way while nothing comes through.
        Assert.True(pair.One.Link.TrySend(1, new byte[] { 2 }));
        Assert.True(pair.Other.Link.TrySend(1, new byte[] { 3 }));
        Assert.Equal([2], await pair.Other.ReceiveAsync());
        Assert.Equal([3], await pair.One.ReceiveAsync());
        Assert.False(pair.One.Closed.Task.IsCompleted || pair.Other.Closed.Task.IsCompleted);
    }

    private static RtcPathLink Rtc() => new(new RtcPathParts([IPAddress.Loopback], null, null, (_, _, _, _) => false, TimeProvider.System));
}
