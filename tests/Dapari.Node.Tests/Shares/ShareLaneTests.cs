using System.Net;
using System.Text;
using Dapari.Node.Files.Https;
using Dapari.Node.Shares;
using Dapari.Node.Tests.Files.Https;
using Dapari.Wire;
using Xunit;

namespace Dapari.Node.Tests.Shares;

/// <summary>A visitor's lane by HTTPS: it goes down alone, and opens nothing once it is over.</summary>
public sealed class ShareLaneTests
{
    [Fact]
    public async Task A_door_has_so_many_lanes_and_no_more()
    {
        await using var scene = await HttpsScene.BeginAsync();
        var lanes = Enumerable.Range(0, HttpsDoor.MostLanes).Select(_ => ShareLane.TryOpen(scene.Door, HttpsScene.Page, RandomSource.System, TimeProvider.System)!).ToList();
        Assert.DoesNotContain(null, lanes);
        Assert.Null(ShareLane.TryOpen(scene.Door, HttpsScene.Page, RandomSource.System, TimeProvider.System));
        await lanes[0].DisposeAsync();
        lanes[0] = ShareLane.TryOpen(scene.Door, HttpsScene.Page, RandomSource.System, TimeProvider.System)!;
        Assert.NotNull(lanes[0]);
        foreach (var lane in lanes)
            await lane.DisposeAsync();
    }

    [Fact]
    public async Task A_visitors_lane_takes_nothing_and_ends_with_its_connection()
    {
        await using var scene = await HttpsScene.BeginAsync();
        var lane = ShareLane.TryOpen(scene.Door, HttpsScene.Page, RandomSource.System, TimeProvider.System)!;
        Assert.Equal(LaneWord.Offer, lane.Offer[0]);
        Assert.Equal(scene.Door.Address, Encoding.ASCII.GetString(lane.Offer.AsSpan(81)));
        var ticket = Convert.ToHexStringLower(lane.Offer.AsSpan(1, 16));
        scene.Use(lane.Offer);
        Assert.False(lane.IsOpen);
        await using var body = await (await scene.AskAsync(HttpMethod.Get, "/" + ticket)).Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await scene.ReadAsync(body, 0));
        lane.Acknowledge(1);
        Assert.True(lane.IsOpen);
        Assert.True(await lane.TrySendAsync(HttpsScene.Piece(0), TestContext.Current.CancellationToken));
        Assert.Equal(HttpsScene.Piece(0), await scene.ReadAsync(body, 1));

        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Post, $"/{ticket}/0", scene.Seal(0, HttpsScene.Piece(1)))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Get, "/" + ticket, origin: "https://other.example")).StatusCode);
        Assert.True(lane.IsOpen);

        lane.End();
        Assert.Equal(HttpsScene.Piece(0), Assert.Single(lane.Rescue()));
        Assert.False(await lane.TrySendAsync(HttpsScene.Piece(1), TestContext.Current.CancellationToken));
        await lane.DisposeAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await scene.AskAsync(HttpMethod.Get, "/" + ticket)).StatusCode);
    }
}
