using System.Net;
using System.Net.Sockets;
using System.Text;
using Dapari.Server.Blobs;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Offsets, several uploads of one drop-off, slow and broken connections, full and failing disks.</summary>
public sealed class BlobUploadTests
{
    private const int Piece = BlobStore.PieceBytes;

    [Fact]
    public async Task Only_the_right_offset_and_no_more_than_announced_are_taken()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(1000);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 500)).StatusCode);
        foreach (var (offset, count) in new[] { (0, 500), (499, 1), (501, 1) })
        {
            using var wrong = await user.PutAsync(drop, offset, count);
            Assert.Equal((HttpStatusCode.Conflict, 500L), (wrong.StatusCode, BlobUser.Offset(wrong)));
        }

        foreach (var offset in new long[] { 500, 1000, 1001, long.MaxValue })
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await user.SendAsync(HttpMethod.Put, drop.Id, drop.Upload, offset, new ByteArrayContent(new byte[501]))).StatusCode);
        foreach (var query in new[] { "", "?offset=", "?offset=-1", "?offset=x", "?offset=500&offset=500", "?offset=99999999999999999999999", "?offset=%2b500", "?Offset=" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/blobs/{drop.Id}{query}") { Content = new ByteArrayContent([1]) };
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + drop.Upload.ToText());
            Assert.Equal(HttpStatusCode.BadRequest, (await user.Http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
        }

        using var chunked = new HttpRequestMessage(HttpMethod.Put, $"/blobs/{drop.Id}?offset=500") { Content = new ByteArrayContent(drop.Content, 500, 500) };
        chunked.Headers.TryAddWithoutValidation("Authorization", "Bearer " + drop.Upload.ToText());
        chunked.Headers.TransferEncodingChunked = true;
        Assert.Equal(HttpStatusCode.LengthRequired, (await user.Http.SendAsync(chunked, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 500, 0)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 500, 500)).StatusCode);
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_newer_upload_takes_over_from_one_that_hangs_and_nothing_of_it_is_lost()
    {
        var disk = new FaultyDisk();
        await using var server = await StartAsync(disk);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(4 * Piece);
        var hang = new TaskCompletionSource();
        var first = user.PutSlowlyAsync(drop, 0, 4 * Piece, Piece, hang.Task);
        await disk.WrittenAsync(Piece);
        using var over = await user.PutAsync(drop, 0, 4 * Piece);
        Assert.Equal((HttpStatusCode.Conflict, (long)Piece), (over.StatusCode, BlobUser.Offset(over)));
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, Piece, 3 * Piece)).StatusCode);
        hang.SetResult();
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(first));
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(4L * Piece, server.Host.Blobs.StoredBytes);
        Assert.Equal(1, disk.NameFlushes);
    }

    [Fact]
    public async Task Many_appends_at_once_to_one_drop_off_never_mix()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(64 * 10_000);
        var appends = Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var offset = await user.ReceivedAsync(drop); offset < drop.Content.Length;)
            {
                using var put = await user.PutAsync(drop, offset, Math.Min(10_000, drop.Content.Length - (int)offset));
                Assert.Contains(put.StatusCode, new[] { HttpStatusCode.NoContent, HttpStatusCode.Conflict });
                var there = BlobUser.Offset(put);
                Assert.True(there >= offset);
                offset = there;
            }
        });
        await Task.WhenAll(appends).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_what_had_come()
    {
        var disk = new FaultyDisk();
        await using var server = await StartAsync(disk);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(4 * Piece);
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(server.Uri.Host, server.Uri.Port, TestContext.Current.CancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"PUT /blobs/{drop.Id}?offset=0 HTTP/1.1\r\nHost: {server.Uri.Authority}\r\nAuthorization: Bearer {drop.Upload.ToText()}\r\nContent-Length: {drop.Content.Length}\r\n\r\n"));
            for (var sent = 0; sent < Piece;)
                sent += await socket.SendAsync(drop.Content.AsMemory(sent, Piece - sent), TestContext.Current.CancellationToken);
            await disk.WrittenAsync(Piece);
            socket.LingerState = new LingerOption(true, 0); // RST.
        }

        using var over = await user.PutAsync(drop, 4 * Piece, 0); // Waits until the broken one has ended.
        Assert.Equal(Piece, BlobUser.Offset(over));
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, Piece, 3 * Piece)).StatusCode);
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_sends_nothing_for_too_long_is_ended_and_what_had_come_is_kept()
    {
        var disk = new FaultyDisk();
        await using var server = await StartAsync(disk);
        var time = new WatchedTime(server.Time.GetUtcNow(), server.Host.Options.Blobs.PieceDeadline);
        await server.RestartAsync(time);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(3 * Piece);
        var hang = new TaskCompletionSource();
        var put = user.PutSlowlyAsync(drop, 0, 3 * Piece, Piece, hang.Task);
        await disk.WrittenAsync(Piece);
        await time.SetAsync(2);
        time.Advance(server.Host.Options.Blobs.PieceDeadline);
        using var over = await user.PutAsync(drop, 3 * Piece, 0);
        Assert.Equal(Piece, BlobUser.Offset(over));
        hang.SetResult();
        Assert.Equal(HttpStatusCode.RequestTimeout, await StatusAsync(put));
    }

    [Fact]
    public async Task Who_reads_nothing_for_too_long_is_cut_off()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(48 << 20);
        using var get = await user.GetAsync(drop);
        await using var stream = await get.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        // Next to nothing is read: with every buffer full the server waits for room, and that is too long when the time is over.
        using var cut = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var buffer = new byte[1 << 20];
        var total = 0L;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (total < drop.Content.Length)
            {
                server.Time.Advance(server.Host.Options.Blobs.PieceDeadline);
                var read = await stream.ReadAsync(buffer.AsMemory(0, 1000), cut.Token);
                total += read;
                if (read == 0)
                    throw new EndOfStreamException();
            }
        });
        Assert.False(cut.IsCancellationRequested);
        Assert.True(total < drop.Content.Length);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_the_upload_goes_on_when_there_is_room()
    {
        var disk = new FaultyDisk { FullAt = 8 * Piece };
        await using var server = await StartAsync(disk);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(20 * Piece);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 4 * Piece)).StatusCode);
        using var full = await user.PutAsync(drop, 4 * Piece, 16 * Piece);
        Assert.Equal(HttpStatusCode.InsufficientStorage, full.StatusCode);
        Assert.Contains("full", await full.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var kept = BlobUser.Offset(full);
        // How much of the second request was written before depends on how it was cut.
        Assert.InRange(kept, 4 * Piece, 8 * Piece);
        Assert.Equal((kept, kept), (await user.ReceivedAsync(drop), server.Host.Blobs.StoredBytes));

        disk.FullAt = long.MaxValue;
        disk.Free = server.Host.Options.Blobs.ReserveBytes + 10;
        Assert.Equal(HttpStatusCode.InsufficientStorage, (await user.PutAsync(drop, kept, 20 * Piece - (int)kept)).StatusCode);
        Assert.Equal(Dapari.Wire.V1.Refusal.Storage, await user.RefusedAsync(11));
        Assert.Equal(10UL, (await user.UsageAsync()).RoomBytes);
        disk.Free = null;
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, kept, 20 * Piece - (int)kept)).StatusCode);
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_could_not_be_flushed_is_not_confirmed()
    {
        var disk = new FaultyDisk();
        await using var server = await StartAsync(disk);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(2000);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 1000)).StatusCode);
        disk.FlushFails = true;
        using var failed = await user.PutAsync(drop, 1000, 1000);
        Assert.Equal((HttpStatusCode.InsufficientStorage, 1000L), (failed.StatusCode, BlobUser.Offset(failed)));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await user.GetAsync(drop, "bytes=1000-")).StatusCode);
        disk.FlushFails = false;
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 1000, 1000)).StatusCode);
        Assert.Equal((drop.Content.Length, 2000L), ((await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length, server.Host.Blobs.StoredBytes));
    }

    [Fact]
    public async Task A_removal_ends_the_upload()
    {
        var disk = new FaultyDisk();
        await using var server = await StartAsync(disk);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(4 * Piece);
        var hang = new TaskCompletionSource();
        var put = user.PutSlowlyAsync(drop, 0, 4 * Piece, Piece, hang.Task);
        await disk.WrittenAsync(Piece);
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Owner)).StatusCode);
        hang.SetResult();
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(put));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")));
        Assert.Equal(0, server.Host.Blobs.StoredBytes);
    }

    [Fact]
    public async Task More_transfers_than_slots_are_told_to_come_back()
    {
        var disk = new FaultyDisk();
        await using var server = await TestServer.StartAsync(o => o with { Blobs = new BlobServing { Disk = disk, TransfersPerAddress = 1 } });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(2 * Piece);
        var hang = new TaskCompletionSource();
        var put = user.PutSlowlyAsync(drop, 0, 2 * Piece, Piece, hang.Task);
        await disk.WrittenAsync(Piece);
        using var second = await user.GetAsync(drop, "bytes=0-1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        hang.SetResult();
        Assert.Equal(HttpStatusCode.NoContent, await StatusAsync(put));
        Assert.Equal(HttpStatusCode.PartialContent, (await user.GetAsync(drop, "bytes=0-1")).StatusCode);
    }

    private static Task<TestServer> StartAsync(FaultyDisk disk) => TestServer.StartAsync(o => o with { Blobs = new BlobServing { Disk = disk } });

    private static async Task<HttpStatusCode> StatusAsync(Task<HttpResponseMessage> put) => (await put.WaitAsync(TimeSpan.FromSeconds(60))).StatusCode;
}
