using System.Net;
using Dapari.Server.Blobs;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>A drop-off's life, what each token may, and ranges.</summary>
public sealed class BlobTests
{
    [Fact]
    public async Task A_drop_off_is_taken_in_pieces_read_whole_and_removed_by_its_reader()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(700_000);
        Assert.Equal(0, await user.ReceivedAsync(drop));
        foreach (var (offset, count) in new[] { (0, 1), (1, 299_999), (300_000, 400_000) })
        {
            using var put = await user.PutAsync(drop, offset, count);
            Assert.Equal((HttpStatusCode.NoContent, (long)offset + count), (put.StatusCode, BlobUser.Offset(put)));
        }

        using var get = await user.GetAsync(drop);
        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
        Assert.Equal(drop.Content, await get.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("application/octet-stream", get.Content.Headers.ContentType?.ToString());
        Assert.Equal("attachment", get.Content.Headers.ContentDisposition?.ToString());
        Assert.Equal("nosniff", get.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-store", get.Headers.CacheControl?.ToString());
        Assert.Equal($"\"{drop.Id}\"", get.Headers.ETag?.Tag);
        Assert.DoesNotContain(get.Headers, h => h.Key.Equals("Access-Control-Allow-Credentials", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(700_000, await user.ReceivedAsync(drop, drop.Read));
        Assert.Equal((700_000UL, 1U), (await user.UsageAsync() is var used ? (used.UsedBytes, used.UsedBlobs) : default));

        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Read)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync(drop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await user.DeleteAsync(drop, drop.Read)).StatusCode);
        Assert.Equal(0UL, (await user.UsageAsync()).UsedBytes);
        Assert.Equal(0, server.Host.Blobs.StoredBytes);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")));
    }

    [Fact]
    public async Task Unknown_id_wrong_token_and_no_token_are_answered_alike()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(1000);
        var stranger = BlobUser.Token();
        var answers = new List<string>();
        foreach (var (method, id, token) in new (HttpMethod, BlobId, BlobToken?)[]
        {
            (HttpMethod.Get, BlobId.Random(RandomSource.System), drop.Read), (HttpMethod.Get, drop.Id, stranger), (HttpMethod.Get, drop.Id, null),
            (HttpMethod.Get, drop.Id, drop.Upload), (HttpMethod.Get, drop.Id, drop.Owner), (HttpMethod.Put, drop.Id, drop.Read), (HttpMethod.Put, drop.Id, drop.Owner),
            (HttpMethod.Delete, drop.Id, drop.Upload), (HttpMethod.Delete, drop.Id, stranger), (HttpMethod.Put, drop.Id, stranger),
        })
            answers.Add(await TextAsync(await user.SendAsync(method, id, token, 0, method == HttpMethod.Put ? new ByteArrayContent([1]) : null)));
        foreach (var path in new[] { "/blobs/", "/blobs/x", $"/blobs/{drop.Id}0", "/blobs/" + drop.Id.ToString().ToUpperInvariant() + "x", "/blobs/../dapari.db", "/blobs/%2e%2e%2fdapari.db" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(user.Http.BaseAddress! + path[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + drop.Read.ToText());
            using var answer = await user.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Single(answers.Distinct());
        Assert.StartsWith("404", answers[0], StringComparison.Ordinal);
        Assert.Equal(1000, await user.ReceivedAsync(drop));

        async Task<string> TextAsync(HttpResponseMessage answer)
        {
            answer.Headers.Date = null;
            return $"{(int)answer.StatusCode}\n{answer.Headers}{answer.Content.Headers}{await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        }
    }

    [Fact]
    public async Task The_owner_may_remove_and_look_but_not_read()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(10);
        Assert.Equal(10, await user.ReceivedAsync(drop, drop.Owner));
        Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync(drop, token: drop.Owner)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Owner)).StatusCode);
    }

    [Theory]
    [InlineData(null, RangeKind.Whole, 0, 0)]
    [InlineData("bytes=0-0", RangeKind.Part, 0, 0)]
    [InlineData("bytes=0-", RangeKind.Part, 0, 99)]
    [InlineData("Bytes=10-19", RangeKind.Part, 10, 19)]
    [InlineData("bytes=90-99999999999999999999999999", RangeKind.Part, 90, 99)]
    [InlineData("bytes=-1", RangeKind.Part, 99, 99)]
    [InlineData("bytes=-100", RangeKind.Part, 0, 99)]
    [InlineData("bytes=-99999999999999999999999", RangeKind.Part, 0, 99)]
    [InlineData("bytes=0000000000000000000000000000005-6", RangeKind.Part, 5, 6)]
    [InlineData("bytes=-0", RangeKind.Unsatisfiable, 0, 0)]
    [InlineData("bytes=100-", RangeKind.Unsatisfiable, 0, 0)]
    [InlineData("bytes=9223372036854775808-", RangeKind.Unsatisfiable, 0, 0)]
    [InlineData("bytes=18446744073709551615-18446744073709551615", RangeKind.Unsatisfiable, 0, 0)]
    [InlineData("bytes=5-4", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=--5", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=5", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=-", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=+1-2", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=0x1-2", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=0-1,5-6", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=0-,0-,0-,0-", RangeKind.Whole, 0, 0)]
    [InlineData("items=0-1", RangeKind.Whole, 0, 0)]
    [InlineData("bytes=\u0661-2", RangeKind.Whole, 0, 0)]
    public void Ranges_of_a_hundred_bytes(string? header, object kind, long first, long last) =>
        Assert.Equal(new ByteRange((RangeKind)kind, first, last), ByteRange.Read(header, 100, 100));

    [Fact]
    public async Task Ranges_are_served_and_what_is_not_there_is_said()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(600_000);
        foreach (var (range, first, last) in new[] { ("bytes=0-0", 0, 0), ("bytes=262160-524319", 262_160, 524_319), ("bytes=-1", 599_999, 599_999), ("bytes=599999-9999999", 599_999, 599_999) })
        {
            using var part = await user.GetAsync(drop, range);
            Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
            Assert.Equal($"bytes {first}-{last}/600000", part.Content.Headers.ContentRange?.ToString());
            Assert.Equal(drop.Content[first..(last + 1)], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        using var beyond = await user.GetAsync(drop, "bytes=600000-");
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "bytes */600000"), (beyond.StatusCode, beyond.Content.Headers.ContentRange?.ToString()));
        using var several = await user.GetAsync(drop, "bytes=0-1,2-3");
        Assert.Equal((HttpStatusCode.OK, 600_000L), (several.StatusCode, several.Content.Headers.ContentLength));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.PartialContent), (await ConditionalAsync("If-Range", "\"other\""), await ConditionalAsync("If-Range", $"\"{drop.Id}\"")));
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.PartialContent), (await ConditionalAsync("If-None-Match", $"\"x\", \"{drop.Id}\""), await ConditionalAsync("If-None-Match", "\"x\"")));

        async Task<HttpStatusCode> ConditionalAsync(string header, string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/blobs/{drop.Id}");
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + drop.Read.ToText());
            request.Headers.TryAddWithoutValidation("Range", "bytes=0-9");
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await user.Http.SendAsync(request, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task While_the_upload_is_under_way_what_is_there_can_be_read()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.BeginAsync(1000);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await user.GetAsync(drop, "bytes=0-")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 600)).StatusCode);
        using var part = await user.GetAsync(drop, "bytes=500-999");
        Assert.Equal("bytes 500-599/1000", part.Content.Headers.ContentRange?.ToString());
        Assert.Equal(drop.Content[500..600], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var ahead = await user.GetAsync(drop, "bytes=600-");
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, 600L), (ahead.StatusCode, BlobUser.Offset(ahead)));
        Assert.Equal(HttpStatusCode.Conflict, (await user.GetAsync(drop)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 600, 400)).StatusCode);
        Assert.Equal(drop.Content, await (await user.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Only_an_owner_begins_and_beginning_again_gives_a_new_token()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        await using var stranger = await BlobUser.ConnectAsync(server.Uri);
        var (id, read, owner) = (BlobId.Random(RandomSource.System), BlobUser.Token(), BlobUser.Token());
        var frame = new BeginBlob
        {
            MailboxId = user.Box.Id.ToByteString(), BlobId = id.ToByteString(), Size = 100, ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(owner.Hash()),
        };
        Assert.Equal(Refusal.NotOpen, (await stranger.AskAsync(new ClientFrame { BeginBlob = frame })).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await stranger.AskAsync(new ClientFrame { GetBlobUsage = new GetBlobUsage { MailboxId = user.Box.Id.ToByteString() } })).Refused.Refusal);

        var first = (await user.AskAsync(new ClientFrame { BeginBlob = frame })).BlobBegun;
        Assert.Equal((0UL, (ulong)TimeSpan.FromDays(14).TotalMilliseconds, 100UL), (first.Received, first.ExpiresInMs, first.Usage.UsedBytes));
        var drop = new DropOff(id, RandomSource.System.Bytes(100), BlobUser.Token(first), read, owner);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 40)).StatusCode);
        var again = (await user.AskAsync(new ClientFrame { BeginBlob = frame })).BlobBegun;
        Assert.Equal((40UL, 100UL, 1U), (again.Received, again.Usage.UsedBytes, again.Usage.UsedBlobs));
        Assert.Equal(HttpStatusCode.NotFound, (await user.PutAsync(drop, 40, 60)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop with { Upload = BlobUser.Token(again) }, 40, 60)).StatusCode);

        foreach (var change in new Action<BeginBlob>[] { f => f.Size = 101, f => f.ReadTokenHash = f.OwnerTokenHash })
        {
            var other = frame.Clone();
            change(other);
            Assert.Equal(Refusal.Taken, (await user.AskAsync(new ClientFrame { BeginBlob = other })).Refused.Refusal);
        }

        var theirs = frame.Clone();
        theirs.MailboxId = stranger.Box.Id.ToByteString();
        Assert.Equal(Refusal.Taken, (await stranger.AskAsync(new ClientFrame { BeginBlob = theirs })).Refused.Refusal);
    }

    [Fact]
    public async Task A_download_goes_on_to_its_end_when_the_drop_off_is_removed()
    {
        await using var server = await TestServer.StartAsync();
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(12_000_000); // More than sockets and buffers between the two hold.
        using var get = await user.GetAsync(drop);
        await using var stream = await get.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var content = new byte[drop.Content.Length];
        await stream.ReadExactlyAsync(content.AsMemory(0, 1000), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, (await user.DeleteAsync(drop, drop.Read)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await user.GetAsync(drop)).StatusCode);
        await stream.ReadExactlyAsync(content.AsMemory(1000), TestContext.Current.CancellationToken);
        Assert.Equal(drop.Content, content);
    }

    [Fact]
    public async Task A_server_without_drop_offs_says_so_and_other_methods_are_none()
    {
        await using var server = await TestServer.StartAsync(o => o with { Blobs = new BlobServing { On = false } });
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        Assert.Equal(Refusal.NoBlobs, await user.RefusedAsync(1));
        using var post = await user.SendAsync(HttpMethod.Post, BlobId.Random(RandomSource.System), BlobUser.Token());
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }
}
