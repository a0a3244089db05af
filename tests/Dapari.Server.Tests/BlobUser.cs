using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>A drop-off with its content and all its tokens.</summary>
internal sealed record DropOff(BlobId Id, byte[] Content, BlobToken Upload, BlobToken Read, BlobToken Owner);

/// <summary>A device with a mailbox, a connection and an HTTP client.</summary>
internal sealed class BlobUser : IAsyncDisposable
{
    private readonly TestClient _client;

    private BlobUser(Uri server, TestClient client, TestMailbox box)
    {
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(3) };
        _client = client;
        Box = box;
    }

    public HttpClient Http { get; }

    public TestMailbox Box { get; }

    public static async Task<BlobUser> ConnectAsync(Uri server, TestMailbox? box = null)
    {
        var client = await TestClient.HelloAsync(server);
        var user = new BlobUser(server, client, box ?? new TestMailbox());
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await client.CreateAsync(user.Box)).KindCase);
        return user;
    }

    public Task<ServerFrame> AskAsync(ClientFrame frame) => _client.AskAsync(frame);

    public Task<ServerFrame> BeginAsync(BlobId id, long size, BlobToken read, BlobToken owner, uint days = 0) => AskAsync(new ClientFrame
    {
        BeginBlob = new BeginBlob
        {
            MailboxId = Box.Id.ToByteString(), BlobId = id.ToByteString(), Size = (ulong)size, Days = days,
            ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(owner.Hash()),
        },
    });

    public async Task<Refusal> RefusedAsync(long size) =>
        (await BeginAsync(BlobId.Random(RandomSource.System), size, Token(), Token())).Refused?.Refusal ?? Refusal.Unspecified;

    /// <summary>Begins one with random content.</summary>
    public async Task<DropOff> BeginAsync(int size, uint days = 0)
    {
        var (id, read, owner) = (BlobId.Random(RandomSource.System), Token(), Token());
        var answer = await BeginAsync(id, size, read, owner, days);
        Assert.Equal(ServerFrame.KindOneofCase.BlobBegun, answer.KindCase);
        return new DropOff(id, RandomSource.System.Bytes(size), Token(answer.BlobBegun), read, owner);
    }

    public async Task<DropOff> StoreAsync(int size, uint days = 0)
    {
        var drop = await BeginAsync(size, days);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(drop, 0, size)).StatusCode);
        return drop;
    }

    public async Task<BlobUsage> UsageAsync() => (await AskAsync(new ClientFrame { GetBlobUsage = new GetBlobUsage { MailboxId = Box.Id.ToByteString() } })).BlobUsage;

    public Task<HttpResponseMessage> PutAsync(DropOff drop, long offset, int count) =>
        SendAsync(HttpMethod.Put, drop.Id, drop.Upload, offset, new ByteArrayContent(drop.Content, (int)offset, count));

    /// <summary>Sends the beginning of a body, then as much more as the step says, when it says so.</summary>
    public Task<HttpResponseMessage> PutSlowlyAsync(DropOff drop, long offset, int count, int first, Task goOn, Action? paused = null) =>
        SendAsync(HttpMethod.Put, drop.Id, drop.Upload, offset, new StepContent(drop.Content.AsMemory((int)offset, count), first, goOn, paused));

    public Task<HttpResponseMessage> GetAsync(DropOff drop, string? range = null, BlobToken? token = null) =>
        SendAsync(HttpMethod.Get, drop.Id, token ?? drop.Read, range: range);

    public async Task<long> ReceivedAsync(DropOff drop, BlobToken? token = null)
    {
        using var answer = await SendAsync(HttpMethod.Head, drop.Id, token ?? drop.Upload);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return Offset(answer);
    }

    public Task<HttpResponseMessage> DeleteAsync(DropOff drop, BlobToken token) => SendAsync(HttpMethod.Delete, drop.Id, token);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, BlobId id, BlobToken? token, long? offset = null, HttpContent? content = null, string? range = null)
    {
        var request = new HttpRequestMessage(method, $"/blobs/{id}" + (offset is null ? "" : string.Create(CultureInfo.InvariantCulture, $"?offset={offset}"))) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.ToText());
        if (range is not null)
            request.Headers.TryAddWithoutValidation("Range", range);
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static long Offset(HttpResponseMessage answer) => long.Parse(answer.Headers.GetValues("Upload-Offset").Single(), CultureInfo.InvariantCulture);

    public static BlobToken Token() => BlobToken.Random(RandomSource.System);

    public static BlobToken Token(BlobBegun begun)
    {
        Assert.True(BlobToken.TryRead(begun.UploadToken.Span, out var token));
        return token;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _client.DisposeAsync();
    }

    /// <summary>A body with a known length that pauses.</summary>
    private sealed class StepContent(ReadOnlyMemory<byte> bytes, int first, Task goOn, Action? paused) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes[..first]);
            await stream.FlushAsync();
            paused?.Invoke();
            await goOn;
            await stream.WriteAsync(bytes[first..]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
