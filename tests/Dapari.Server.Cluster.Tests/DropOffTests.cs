using System.Net;
using Dapari.Server.Tests;
using Dapari.Server.Tests.S3;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Files that are left at one machine and fetched at another: by a folder that both share, and by a store.</summary>
public sealed class DropOffTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private const int Size = 9_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_store_a_file_is_left_at_one_machine_goes_on_at_another_and_is_fetched_at_both()
    {
        await using var store = await TestStore.StartAsync();
        var cluster = Guid.NewGuid().ToString();
        await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Blobs = new() { S3 = store.Serving } });
        await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Blobs = new() { S3 = store.Serving } });
        Assert.Equal((null, null), (here.Host.NotReady, there.Host.NotReady)); // One cluster, one mark.
        await LeaveAndFetchAsync(here, there, store);
    }

    [Fact]
    public async Task In_a_shared_folder_too()
    {
        var folder = Directory.CreateTempSubdirectory("dapari-shared-").FullName;
        try
        {
            var cluster = Guid.NewGuid().ToString();
            await using var here = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Blobs = new() { Folder = folder } });
            await using var there = await TestMachine.StartAsync(fixture.Postgres, cluster, o => o with { Blobs = new() { Folder = folder } });
            await LeaveAndFetchAsync(here, there, null);
            Assert.Empty(Directory.EnumerateFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task LeaveAndFetchAsync(TestMachine here, TestMachine there, TestStore? store)
    {
        await using var user = await BlobUser.ConnectAsync(here.Uri);
        var drop = await user.BeginAsync(Size);
        using var elsewhere = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = there.Uri };
        using (var begun = await user.PutAsync(drop, 0, 5_000_000))
            Assert.Equal(HttpStatusCode.NoContent, begun.StatusCode);
        using (var rest = await SendAsync(elsewhere, HttpMethod.Put, drop, drop.Upload, "?offset=5000000", new ByteArrayContent(drop.Content, 5_000_000, Size - 5_000_000)))
            Assert.Equal((HttpStatusCode.NoContent, (long)Size), (rest.StatusCode, BlobUser.Offset(rest)));
        using (var near = await user.GetAsync(drop))
            Assert.Equal(drop.Content, await near.Content.ReadAsByteArrayAsync(Token));
        using (var far = await SendAsync(elsewhere, HttpMethod.Get, drop, drop.Read))
            Assert.Equal(drop.Content, await far.Content.ReadAsByteArrayAsync(Token));
        using (var gone = await SendAsync(elsewhere, HttpMethod.Delete, drop, drop.Read))
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        using (var nothing = await user.GetAsync(drop))
            Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        if (store is null)
            return;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (store.Pieces().Count > 0)
            await tick.WaitForNextTickAsync(Token);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, HttpMethod method, DropOff drop, Wire.BlobToken token, string query = "", HttpContent? content = null)
    {
        var request = new HttpRequestMessage(method, $"/blobs/{drop.Id}{query}") { Content = content };
        request.Headers.Authorization = new("Bearer", token.ToText());
        return http.SendAsync(request, Token);
    }
}
