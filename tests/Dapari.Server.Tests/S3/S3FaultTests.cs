using System.Net;
using Dapari.Server.Blobs.S3;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>Drop-offs while the store, or the way to it, is not well.</summary>
public sealed class S3FaultTests
{
    private const int Piece = S3Names.PieceBytes;
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_that_is_too_busy_is_asked_again()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var refusals = 0;
        world.Faulty.Decide = (method, _) => method == "PUT" && Interlocked.Increment(ref refusals) <= 2 ? new Fault(503, "SlowDown") : null;
        var drop = await user.StoreAsync(10_000);
        Assert.Equal(3, refusals);
        refusals = 0;
        world.Faulty.Decide = (method, _) => method == "GET" && Interlocked.Increment(ref refusals) <= 2 ? new Fault(500, "InternalError") : null;
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task While_the_store_is_away_uploads_are_told_to_come_again_and_messages_go_on()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var (kept, drop) = (await user.StoreAsync(5000), await user.BeginAsync(Piece + 1000));
        using (var first = await user.PutAsync(drop, 0, 1000))
            Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        world.Faulty.Decide = (_, _) => new Fault(503, "ServiceUnavailable");
        using (var away = await user.PutAsync(drop, 1000, Piece))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (away.StatusCode, away.Headers.RetryAfter is not null));
            Assert.Equal(1000, BlobUser.Offset(away));
        }

        using (var get = await user.GetAsync(kept))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, get.StatusCode);
        Assert.Equal(1000, await user.ReceivedAsync(drop));
        Assert.Equal(6000, world.Host.Blobs.StoredBytes);
        Assert.Equal(HttpStatusCode.OK, (await world.ReadyAsync()).Status);
        await using var sender = await TestClient.HelloAsync(world.Uri);
        await sender.OpenSenderAsync(user.Box);
        Assert.NotNull((await sender.PostAsync(user.Box, EnvelopeId.Random(RandomSource.System), [1])).Posted);
        // A removal is done for whoever asked, whatever the store does.
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(kept, kept.Owner)).StatusCode);

        world.Faulty.Decide = (_, _) => null;
        using var rest = await user.PutAsync(drop, 1000, Piece);
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        using var whole = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await whole.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_store_that_says_nothing_is_given_up_after_half_a_minute()
    {
        await using var store = await TestStore.StartAsync();
        await using var faulty = await FaultyStore.StartAsync(store.Uri);
        await using var server = await TestServer.StartAsync(o => o with { Blobs = new() { S3 = store.Serving with { Endpoint = faulty.Uri } } });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(1000);
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        faulty.Decide = (method, _) =>
        {
            if (method != "PUT")
                return null;
            came.TrySetResult();
            return new Fault(Hold: Task.Delay(Timeout.Infinite, Token));
        };
        var put = user.PutAsync(drop, 0, 1000);
        await came.Task.WaitAsync(TimeSpan.FromSeconds(90), Token);
        server.Time.Advance(TimeSpan.FromSeconds(31)); // Its deadline is set before it leaves.
        using (var answer = await put)
            Assert.Equal((HttpStatusCode.ServiceUnavailable, 0L), (answer.StatusCode, BlobUser.Offset(answer)));
        faulty.Decide = (_, _) => null;
        using var again = await user.PutAsync(drop, 0, 1000);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Fact]
    public async Task A_store_that_goes_away_amid_an_upload_costs_what_was_not_confirmed_alone()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.BeginAsync(3 * Piece);
        world.Faulty.Decide = (method, path) => method == "PUT" && path.Contains("/00000001", StringComparison.Ordinal) ? new Fault(500, "InternalError") : null;
        using (var put = await user.PutAsync(drop, 0, 3 * Piece))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, put.StatusCode);
            Assert.Equal(Piece, BlobUser.Offset(put));
        }

        Assert.Equal(Piece, world.Host.Blobs.StoredBytes);
        world.Faulty.Decide = (_, _) => null;
        using var rest = await user.PutAsync(drop, Piece, 2 * Piece);
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_asked_for_again_from_there()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.StoreAsync(Piece + 300_000);
        var cuts = 0;
        world.Faulty.Decide = (method, _) => method == "GET" && Interlocked.Increment(ref cuts) % 2 == 1 ? new Fault(CutAfter: 150_000) : null;
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
        Assert.True(cuts >= 4, $"{cuts} requests");
    }

    [Fact]
    public async Task A_piece_that_the_store_lost_ends_a_download_short_of_its_promise_and_an_upload_goes_back_behind_it()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.BeginAsync((2 * Piece) + 1000);
        using (var put = await user.PutAsync(drop, 0, (2 * Piece) + 500))
            Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        world.Store.Lose(world.Store.Pieces()[2]);
        using (var gone = await user.PutAsync(drop, (2 * Piece) + 500, 500))
            Assert.Equal((HttpStatusCode.Conflict, 2L * Piece), (gone.StatusCode, BlobUser.Offset(gone)));
        using (var rest = await user.PutAsync(drop, 2 * Piece, 1000))
            Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);

        world.Store.Lose(world.Store.Pieces()[1]);
        using var get = await user.GetAsync(drop);
        await Assert.ThrowsAnyAsync<Exception>(() => get.Content.ReadAsByteArrayAsync(Token));
        using var first = await user.GetAsync(drop, $"bytes={Piece}-");
        Assert.Equal(HttpStatusCode.NotFound, first.StatusCode);
    }

    [Fact]
    public async Task A_wrong_key_at_the_start_is_said_the_server_is_not_ready_and_messages_go_on()
    {
        await using var world = await S3World.StartAsync(s => s with { Secret = new S3Secret("another") });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await world.ReadyAsync()).Status);
        await using (var user = await world.ConnectAsync())
        {
            Assert.Equal(Refusal.Storage, await user.RefusedAsync(1000));
            await using var sender = await TestClient.HelloAsync(world.Uri);
            await sender.OpenSenderAsync(user.Box);
            Assert.NotNull((await sender.PostAsync(user.Box, EnvelopeId.Random(RandomSource.System), [1])).Posted);
        }

        await world.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await world.ReadyAsync()).Status);
    }

    [Theory]
    [InlineData(403, "InvalidAccessKeyId", false)]
    [InlineData(403, "SignatureDoesNotMatch", false)]
    [InlineData(404, "NoSuchBucket", false)]
    [InlineData(301, "PermanentRedirect", false)]
    [InlineData(400, "AuthorizationHeaderMalformed", false)]
    [InlineData(503, "SlowDown", true)]
    public async Task At_the_start_what_settings_must_mend_is_told_from_what_will_pass(int status, string code, bool isReady)
    {
        await using var world = await S3World.StartAsync();
        world.Faulty.Decide = (_, _) => new Fault(status, code);
        Assert.False(await world.Place.TryBeginAsync());
        Assert.Equal(isReady, world.Host.NotReady is null);
        world.Faulty.Decide = (_, _) => null;
        Assert.True(await world.Place.TryBeginAsync());
        Assert.Null(world.Host.NotReady);
    }

    [Fact]
    public async Task A_bucket_of_another_server_is_left_alone()
    {
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.StoreAsync(1000);
        await using (var other = await TestServer.StartAsync(o => o with { Blobs = new() { S3 = world.Store.Serving } }))
        {
            Assert.Equal("files", other.Host.NotReady);
            await using var stranger = await BlobUser.ConnectAsync(other.Uri);
            Assert.Equal(Refusal.Storage, await stranger.RefusedAsync(1000));
        }

        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
        // Beside it, under a prefix of its own, there is room.
        await using var beside = await TestServer.StartAsync(o => o with { Blobs = new() { S3 = world.Store.Serving with { Prefix = "files-2/" } } });
        Assert.Null(beside.Host.NotReady);
    }

    [Fact]
    public async Task Uploads_beyond_the_memory_for_them_are_asked_to_come_later()
    {
        await using var world = await S3World.StartAsync(s => s with { BufferBytes = (2 * Piece) + 1000 });
        await using var user = await world.ConnectAsync();
        var (large, other, small) = (await user.BeginAsync(3 * Piece), await user.BeginAsync(Piece), await user.BeginAsync(1000));
        var goOn = new TaskCompletionSource();
        var put = user.PutSlowlyAsync(large, 0, 3 * Piece, Piece + 300_000, goOn.Task);
        await Wait.UntilAsync(() => world.Store.Pieces().Count == 1, "the first piece");
        using (var busy = await user.PutAsync(other, 0, Piece))
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (busy.StatusCode, busy.Headers.RetryAfter is not null));
        using (var fits = await user.PutAsync(small, 0, 1000))
            Assert.Equal(HttpStatusCode.NoContent, fits.StatusCode);
        goOn.SetResult();
        using (var done = await put)
            Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        using var now = await user.PutAsync(other, 0, Piece);
        Assert.Equal(HttpStatusCode.NoContent, now.StatusCode);
    }
}
