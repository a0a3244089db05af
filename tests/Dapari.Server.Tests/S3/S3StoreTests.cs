using System.Net;
using Dapari.Server.Blobs.S3;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>Drop-offs in a store that is well.</summary>
public sealed class S3StoreTests
{
    private const int Piece = S3Names.PieceBytes;
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_drop_off_is_taken_in_any_pieces_read_by_any_ranges_and_leaves_nothing()
    {
        const int Size = (2 * Piece) + 700_000;
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.BeginAsync(Size);
        var offset = 0;
        foreach (var (count, pieces) in new[] { (1, 1), (Piece - 2, 1), (1, 1), (1000, 2), (Piece + 5, 3), (Size - (2 * Piece) - 1005, 3) })
        {
            using var put = await user.PutAsync(drop, offset, count);
            offset += count;
            Assert.Equal((HttpStatusCode.NoContent, (long)offset), (put.StatusCode, BlobUser.Offset(put)));
            // What is there can be read while more is to come.
            using var part = await user.GetAsync(drop, $"bytes={offset - 1}-");
            Assert.Equal(drop.Content[(offset - 1)..offset], await part.Content.ReadAsByteArrayAsync(Token));
            // Short pieces that were replaced go.
            await Wait.UntilAsync(() => world.Store.Pieces().Count == pieces, "replaced pieces to go");
        }

        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
        foreach (var (first, last) in new[] { (0, 0), (Piece - 1, Piece), (Piece, (2 * Piece) - 1), (5, Size - 1), (2 * Piece, Size - 1), (Size - 1, Size - 1) })
        {
            using var range = await user.GetAsync(drop, $"bytes={first}-{last}");
            Assert.Equal(HttpStatusCode.PartialContent, range.StatusCode);
            Assert.Equal(drop.Content[first..(last + 1)], await range.Content.ReadAsByteArrayAsync(Token));
        }

        Assert.Equal(Size, world.Host.Blobs.StoredBytes);
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Read)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync(drop)).StatusCode);
        await Wait.UntilAsync(() => world.Store.Pieces().Count == 0, "the store to be empty");
        Assert.Equal(0, world.Host.Blobs.StoredBytes);
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_kept_as_far_as_it_came_and_the_upload_goes_on()
    {
        const int Size = Piece + 900_000;
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.BeginAsync(Size);
        var never = new TaskCompletionSource();
        var put = user.PutSlowlyAsync(drop, 0, Size, Piece + 300_000, never.Task);
        await Wait.UntilAsync(() => world.Store.Pieces().Count == 1, "the first piece to be sent while the rest is to come");
        never.SetException(new IOException("The device went away."));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => put);

        // A newer request ends the older one, which keeps what it had.
        var there = (int)await user.ReceivedAsync(drop);
        while (true)
        {
            using var rest = await user.PutAsync(drop, there, Size - there);
            if (rest.StatusCode == HttpStatusCode.NoContent)
                break;
            Assert.Equal(HttpStatusCode.Conflict, rest.StatusCode);
            Assert.InRange(BlobUser.Offset(rest), there + 1, Piece + 300_000);
            there = (int)BlobUser.Offset(rest);
        }

        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task What_was_confirmed_is_there_after_a_new_start_and_the_upload_goes_on()
    {
        await using var world = await S3World.StartAsync();
        DropOff drop;
        await using (var before = await world.ConnectAsync())
        {
            drop = await before.BeginAsync(Piece + 5000);
            using var put = await before.PutAsync(drop, 0, Piece + 1000);
            Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        }

        await world.RestartAsync();
        Assert.Equal(Piece + 1000, world.Host.Blobs.StoredBytes);
        await using var user = await world.ConnectAsync();
        using var rest = await user.PutAsync(drop, Piece + 1000, 4000);
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task The_round_removes_what_no_row_needs_and_nothing_else()
    {
        const int Strays = 1100; // More than one page of a list.
        await using var world = await S3World.StartAsync();
        await using var user = await world.ConnectAsync();
        var drop = await user.StoreAsync(Piece + 5000);
        var own = world.Store.Names();
        var folder = own.First(n => !n.EndsWith("dapari-owner", StringComparison.Ordinal)).Split('/')[1];
        world.Store.Plant($"files/{folder}/00000001-7"); // A short piece that a longer one replaced.
        world.Store.Plant($"files/{folder}/00000000-1000");
        var gone = new string('f', 32);
        for (var i = 0; i < Strays; i++)
            world.Store.Plant($"files/{gone}/{i:x8}");
        world.Store.Plant("files/notes"); // Not ours.
        world.Store.Plant($"others/{gone}/00000000");

        Assert.Equal(Strays + 2, await world.Place.SweepAsync(Token));
        Assert.Equal(own.Append("files/notes").Order(StringComparer.Ordinal), world.Store.Names());
        Assert.Single(world.Store.Names("others"));
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_clock_that_is_months_behind_is_put_right_by_the_stores()
    {
        await using var store = await TestStore.StartAsync();
        await using var server = await TestServer.StartAsync(o => o with { Blobs = new() { S3 = store.Serving } }); // Its clock is of another season.
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(1000);
        using var get = await user.GetAsync(drop);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(Token));
        // What has expired goes from the store too.
        server.Time.Advance(TimeSpan.FromDays(15));
        await server.Host.Housekeeping.SweepAsync();
        await Wait.UntilAsync(() => store.Pieces().Count == 0, "the store to be empty");
    }

    [Fact]
    public async Task The_server_s_cap_ends_an_upload_and_what_came_is_kept()
    {
        await using var store = await TestStore.StartAsync();
        await using var server = await TestServer.StartAsync(o => o with { Blobs = new() { S3 = store.Serving, TotalBytes = Piece + 2_000_000 } });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var (one, two) = (await user.BeginAsync(Piece), await user.BeginAsync(Piece));
        using var first = await user.PutAsync(one, 0, Piece);
        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        using var second = await user.PutAsync(two, 0, Piece);
        Assert.Equal(HttpStatusCode.InsufficientStorage, second.StatusCode);
        Assert.Equal(await user.ReceivedAsync(two), server.Host.Blobs.StoredBytes - Piece);
        Assert.InRange(await user.ReceivedAsync(two), 1, 2_000_000);
    }
}

/// <summary>Waits for what becomes true elsewhere.</summary>
internal static class Wait
{
    public static async Task UntilAsync(Func<bool> isTrue, string what)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!isTrue())
        {
            if (end.IsCancellationRequested)
                throw new TimeoutException($"Waited in vain for {what}.");
            await tick.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
