using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Dapari.Wire;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>The server dies, files are torn, and many come at once.</summary>
public sealed class BlobCrashTests
{
    private const int Parallel = 200;

    [Theory]
    [InlineData(300_000, 300_000)] // As it was confirmed.
    [InlineData(700_000, 300_000)] // More came than was confirmed: cut off.
    [InlineData(100_000, 100_000)] // The disk lost what it had promised: what is there counts.
    [InlineData(0, 0)]
    [InlineData(-1, 0)] // The file is gone.
    public async Task After_a_crash_row_and_file_agree_and_the_upload_goes_on(int length, long received)
    {
        await using var server = await TestServer.StartAsync();
        DropOff drop;
        await using (var user = await BlobUser.ConnectAsync(server.Uri))
        {
            drop = await user.BeginAsync(1_000_000);
            Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, 0, 300_000)).StatusCode);
        }

        await server.Host.DisposeAsync();
        var folder = Path.Combine(server.Data, "blobs");
        var file = Directory.EnumerateFiles(folder).Single();
        if (length < 0)
            File.Delete(file);
        else
        {
            await using var torn = new FileStream(file, FileMode.Open);
            torn.SetLength(length);
            if (length > 300_000)
            {
                torn.Position = 300_000;
                torn.Write(RandomSource.System.Bytes(length - 300_000));
            }
        }

        await File.WriteAllTextAsync(Path.Combine(folder, new string('a', 32)), "without a row", TestContext.Current.CancellationToken);
        await server.RestartAsync();
        await using var back = await BlobUser.ConnectAsync(server.Uri);
        Assert.Equal((received, received), (await back.ReceivedAsync(drop), server.Host.Blobs.StoredBytes));
        Assert.InRange(Directory.EnumerateFiles(folder).Count(), 0, 1);
        Assert.True(length < 0 || new FileInfo(file).Length == received);
        Assert.Equal(HttpStatusCode.NoContent, (await back.PutAsync(drop, received, 1_000_000 - (int)received)).StatusCode);
        Assert.Equal(drop.Content, await (await back.GetAsync(drop)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_row_without_its_removal_survives_a_removal_without_its_file()
    {
        // The row goes first: a crash in between leaves a file that the next start removes, never a row that gives nothing.
        await using var server = await TestServer.StartAsync();
        await using (var user = await BlobUser.ConnectAsync(server.Uri))
            await user.StoreAsync(1000);
        await server.Host.DisposeAsync();
        using (var database = Storage.Database.Open(Path.Combine(server.Data, "dapari.db"), false))
            database.Execute("DELETE FROM blobs");
        await server.RestartAsync();
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "blobs")));
        Assert.Equal(0, server.Host.Blobs.StoredBytes);
    }

    [Fact]
    public async Task A_kill_in_the_middle_of_an_upload_loses_nothing_that_was_confirmed()
    {
        var data = Directory.CreateTempSubdirectory("dapari-kill-").FullName;
        const int Size = 80 << 20;
        DropOff drop;
        long confirmed = 0;
        using (var server = await ChildServer.StartAsync(data, "--relay", "off"))
        {
            await using var user = await BlobUser.ConnectAsync(server.Uri);
            drop = await user.BeginAsync(Size);
            var hang = new TaskCompletionSource();
            var put = user.PutSlowlyAsync(drop, 0, Size, Size - 1, hang.Task);
            var patience = Stopwatch.StartNew();
            while (confirmed < 32 << 20) // The row moves on while the body comes in.
            {
                Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), "nothing was confirmed on the way");
                confirmed = await user.ReceivedAsync(drop);
            }

            server.Kill();
            hang.SetResult();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => put);
        }

        using (var server = await ChildServer.StartAsync(data, "--relay", "off"))
        {
            await using var user = await BlobUser.ConnectAsync(server.Uri);
            var there = await user.ReceivedAsync(drop);
            Assert.InRange(there, confirmed, Size - 1);
            using (var part = await user.GetAsync(drop, "bytes=0-"))
                Assert.Equal(SHA256.HashData(drop.Content.AsSpan(0, (int)there)), await HashAsync(part));
            Assert.Equal(HttpStatusCode.NoContent, (await user.PutAsync(drop, there, Size - (int)there)).StatusCode);
            server.Kill(); // Right after the answer.
        }

        using (var server = await ChildServer.StartAsync(data, "--relay", "off"))
        {
            await using var user = await BlobUser.ConnectAsync(server.Uri);
            using var get = await user.GetAsync(drop);
            Assert.Equal(SHA256.HashData(drop.Content), await HashAsync(get));
        }

        Directory.Delete(data, true);
    }

    [Fact]
    public async Task Two_hundred_transfers_at_once_take_little_memory()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Reads /proc.");
        var data = Directory.CreateTempSubdirectory("dapari-blobs-").FullName;
        const int Size = 2 << 20;
        using (var server = await ChildServer.StartAsync(data, "--relay", "off"))
        {
            await using var user = await BlobUser.ConnectAsync(server.Uri);
            await (await user.GetAsync(await user.StoreAsync(Size))).Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
            var before = Peak(server.Id);
            var content = RandomSource.System.Bytes(Size);
            var drops = new List<DropOff>();
            for (var i = 0; i < Parallel; i++)
                drops.Add(await user.BeginAsync(Size) with { Content = content });
            var (half, all, paused) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
            var puts = drops.Select(drop => user.PutSlowlyAsync(drop, 0, Size, Size / 2, half.Task, () =>
            {
                if (Interlocked.Increment(ref paused) == Parallel)
                    all.SetResult();
            })).ToList();
            await all.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
            half.SetResult();
            Assert.All(await Task.WhenAll(puts), put => Assert.Equal(HttpStatusCode.NoContent, put.StatusCode));
            var gets = await Task.WhenAll(drops.Select(drop => user.GetAsync(drop))); // Headers only: each waits with full buffers.
            var hash = SHA256.HashData(content);
            foreach (var get in gets)
                Assert.Equal(hash, await HashAsync(get));
            var grown = Peak(server.Id) - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{Parallel} uploads, then downloads, of {Size >> 20} MiB: {grown >> 20} MiB more at the peak than at rest");
            Assert.InRange(grown, 0, Parallel * 1024L * 1024); // Half of what bodies in memory would take.
        }

        Directory.Delete(data, true);
    }

    private static async Task<byte[]> HashAsync(HttpResponseMessage answer) =>
        await SHA256.HashDataAsync(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

    /// <summary>The largest resident size so far, in bytes.</summary>
    private static long Peak(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
