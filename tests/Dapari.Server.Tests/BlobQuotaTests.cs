using System.Net;
using Dapari.Server.Blobs;
using Dapari.Server.Storage.Operations;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Quotas, caps and time.</summary>
public sealed class BlobQuotaTests
{
    [Fact]
    public async Task The_quota_is_held_to_the_byte_and_given_back()
    {
        await using var server = await StartAsync(new BlobServing { Quota = new BlobQuota(100_000, 10) });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        await using var other = await BlobUser.ConnectAsync(server.Uri);
        Assert.Equal(Refusal.TooLarge, await user.RefusedAsync(100_001));
        var drop = await user.StoreAsync(99_000); // 99 %.
        Assert.Equal((99_000UL, 100_000UL, 1_000UL), await user.UsageAsync() is var used ? (used.UsedBytes, used.QuotaBytes, used.RoomBytes) : default);
        Assert.Equal(Refusal.BlobQuota, await user.RefusedAsync(1_001));
        Assert.Equal(Refusal.Unspecified, await other.RefusedAsync(100_000)); // Everybody has a quota of their own.
        var last = await user.BeginAsync(1_000); // Begun is counted, and never fails for the quota.
        Assert.Equal(Refusal.BlobQuota, await user.RefusedAsync(1));
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(last, 0, 1_000)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Read)).StatusCode);
        Assert.Equal(99_000UL, (await user.UsageAsync()).RoomBytes);
        Assert.Equal(Refusal.Unspecified, await user.RefusedAsync(99_000));
    }

    [Fact]
    public async Task An_upload_that_was_broken_off_may_be_announced_smaller_and_only_smaller()
    {
        await using var server = await StartAsync(new BlobServing { Quota = new BlobQuota(100_000, 10) });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(90_000);
        var (id, read, owner) = (drop.Id, drop.Read, drop.Owner);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 30_000)).StatusCode);
        // What came stays, and counts.
        Assert.Equal(30_000UL, (await user.BeginAsync(id, 20_000, read, owner)).BlobBegun.Usage.UsedBytes);
        Assert.Equal(70_000UL, (await user.UsageAsync()).RoomBytes);
        Assert.Equal(Refusal.Taken, (await user.BeginAsync(id, 30_001, read, owner)).Refused.Refusal);
        Assert.Equal(Refusal.Taken, (await user.BeginAsync(id, 10_000, read, BlobUser.Token())).Refused.Refusal);
        await server.RestartAsync();
        await using var back = await BlobUser.ConnectAsync(server.Uri, user.Box);
        Assert.Equal(70_000UL, (await back.UsageAsync()).RoomBytes);
        using var whole = await back.GetAsync(drop);
        Assert.Equal((HttpStatusCode.OK, 30_000), (whole.StatusCode, (await whole.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length));
    }

    [Fact]
    public async Task The_number_and_the_whole_server_have_caps()
    {
        await using var server = await StartAsync(new BlobServing { Quota = new BlobQuota(1 << 20, 2), TotalBytes = 150_000 });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var first = await user.StoreAsync(100_000);
        Assert.Equal(Refusal.Storage, await user.RefusedAsync(50_001));
        Assert.Equal(50_000UL, (await user.UsageAsync()).RoomBytes);
        // Two that each had room when they were begun: the second meets the cap on its way, keeps nothing too much, and goes on later.
        await using var other = await BlobUser.ConnectAsync(server.Uri);
        var (second, third) = (await user.BeginAsync(40_000), await other.BeginAsync(40_000));
        Assert.Equal(Refusal.TooMany, await user.RefusedAsync(1));
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(second, 0, 40_000)).StatusCode);
        using var full = await other.PutAsync(third, 0, 40_000);
        Assert.Equal((HttpStatusCode.InsufficientStorage, 0L, 140_000L), (full.StatusCode, BlobUser.Offset(full), server.Host.Blobs.StoredBytes));
        await user.DeleteAsync(first, first.Owner);
        Assert.Equal(HttpStatusCode.NoContent, (await other.PutAsync(third, 0, 40_000)).StatusCode);
        await server.RestartAsync();
        Assert.Equal(80_000, server.Host.Blobs.StoredBytes);
    }

    [Fact]
    public async Task Expired_is_gone_at_once_for_everybody_and_swept_from_the_disk()
    {
        await using var server = await StartAsync(new BlobServing { Days = 14 });
        var box = new TestMailbox();
        DropOff two, all;
        await using (var user = await BlobUser.ConnectAsync(server.Uri, box))
        {
            two = await user.StoreAsync(1000, days: 2);
            all = await user.StoreAsync(2000, days: 400); // No longer than the server's.
            server.Time.Advance(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(1));
            Assert.Equal(HttpStatusCode.OK, (await user.GetAsync(two)).StatusCode);
            server.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync(two)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await user.PutAsync(two, 0, 0)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await user.DeleteAsync(two, two.Owner)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await user.GetAsync(all)).StatusCode);
        }

        await server.Host.Housekeeping.SweepAsync();
        await using var back = await BlobUser.ConnectAsync(server.Uri, box);
        Assert.Equal((2000UL, 1U), await back.UsageAsync() is var used ? (used.UsedBytes, used.UsedBlobs) : default);
        Assert.Equal((1, 2000L), (Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")).Count(), server.Host.Blobs.StoredBytes));
        server.Time.Advance(TimeSpan.FromDays(12));
        Assert.Equal(HttpStatusCode.NotFound, (await back.GetAsync(all)).StatusCode);
        await server.Host.Housekeeping.SweepAsync();
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")));
        Assert.Equal(0, server.Host.Blobs.StoredBytes);
    }

    [Fact]
    public async Task An_expired_id_can_be_begun_anew_before_the_sweep()
    {
        await using var server = await StartAsync(new BlobServing());
        var box = new TestMailbox();
        DropOff drop;
        await using (var user = await BlobUser.ConnectAsync(server.Uri, box))
            drop = await user.StoreAsync(1000, days: 1);
        server.Time.Advance(TimeSpan.FromDays(1));
        await using var back = await BlobUser.ConnectAsync(server.Uri, box);
        var begun = (await back.BeginAsync(drop.Id, 1000, drop.Read, drop.Owner)).BlobBegun;
        Assert.Equal((0UL, 1000UL), (begun.Received, begun.Usage.UsedBytes));
        Assert.Equal(HttpStatusCode.NoContent, (await back.PutAsync(drop with { Upload = BlobUser.Token(begun) }, 0, 1000)).StatusCode);
        await server.Host.Housekeeping.SweepAsync();
        Assert.Equal(drop.Content, await (await back.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal((1, 1000L), (Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")).Count(), server.Host.Blobs.StoredBytes));
    }

    [Fact]
    public async Task A_clock_that_went_back_removes_nothing_early()
    {
        await using var server = await StartAsync(new BlobServing());
        DropOff drop;
        await using (var user = await BlobUser.ConnectAsync(server.Uri))
            drop = await user.StoreAsync(1000, days: 1);
        await server.RestartAsync(new FakeTimeProvider(server.Time.GetUtcNow() - TimeSpan.FromDays(3000)));
        await server.Host.Housekeeping.SweepAsync();
        await using var back = await BlobUser.ConnectAsync(server.Uri);
        Assert.Equal(HttpStatusCode.OK, (await back.GetAsync(drop)).StatusCode);
    }

    [Fact]
    public async Task A_removed_mailbox_begins_nothing_and_leaves_what_was_left()
    {
        await using var server = await StartAsync(new BlobServing());
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(1000);
        await user.AskAsync(new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = user.Box.Id.ToByteString() } });
        Assert.Equal(Refusal.NotOpen, await user.RefusedAsync(1));
        Assert.Equal(HttpStatusCode.OK, (await user.GetAsync(drop)).StatusCode);
    }

    [Fact]
    public async Task Malformed_beginnings_close_the_connection()
    {
        await using var server = await StartAsync(new BlobServing());
        foreach (var spoil in new Action<BeginBlob>[] { f => f.Size = 0, f => f.Size = (1UL << 50) + 1, f => f.BlobId = ByteString.Empty, f => f.ReadTokenHash = ByteString.CopyFrom(1) })
        {
            await using var client = await server.ConnectAsync();
            var frame = new BeginBlob
            {
                MailboxId = ByteString.CopyFrom(new byte[16]), BlobId = ByteString.CopyFrom(new byte[16]), Size = 1,
                ReadTokenHash = ByteString.CopyFrom(new byte[32]), OwnerTokenHash = ByteString.CopyFrom(new byte[32]),
            };
            spoil(frame);
            await client.SendAsync(new ClientFrame { BeginBlob = frame });
            Assert.Equal(Refusal.Malformed, (await client.UntilClosedAsync()).Single().Refused.Refusal);
        }
    }

    private static Task<TestServer> StartAsync(BlobServing serving) => TestServer.StartAsync(o => o with { Blobs = serving });
}
