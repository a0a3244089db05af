using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Bench.Server;

/// <summary>A drop-off with its tokens.</summary>
internal sealed record LoadedBlob(BlobId Id, BlobToken Upload, BlobToken Read);

/// <summary>A device that drops files off and fetches them; it keeps nothing of what it gets.</summary>
internal sealed class BlobLoad : IDisposable
{
    private const int Piece = 256 * 1024;
    private static readonly byte[] Bytes = RandomSource.System.Bytes(Piece);
    private readonly ClientWebSocket _socket = new();
    private readonly HttpClient _http;
    private readonly Uri _server;
    private readonly MailboxId _mailbox = MailboxId.Random(RandomSource.System);
    private ulong _request;

    private BlobLoad(Uri server)
    {
        _server = server;
        _http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Connects, says hello and makes a mailbox.</summary>
    public static async Task<BlobLoad> ConnectAsync(Uri server)
    {
        var load = new BlobLoad(server);
        await load._socket.ConnectAsync(new Uri($"ws://{server.Authority}/ws"), CancellationToken.None);
        var welcome = await load.AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "bench" } });
        var seed = RandomSource.System.Bytes(32);
        var (key, signature) = (new byte[32], new byte[64]);
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        var message = ProofMessage.MailboxOwner(server.Authority, welcome.Welcome.Challenge.Span, load._mailbox);
        Ed25519.Sign(seed, 0, message, 0, message.Length, signature, 0);
        var answer = await load.AskAsync(new ClientFrame
        {
            CreateMailbox = new CreateMailbox
            {
                MailboxId = load._mailbox.ToByteString(), OwnerKey = ByteString.CopyFrom(key), SenderKey = ByteString.CopyFrom(key), Signature = ByteString.CopyFrom(signature),
            },
        });
        return answer.KindCase == ServerFrame.KindOneofCase.Done ? load : throw new InvalidOperationException($"The mailbox was refused: {answer}");
    }

    public async Task<LoadedBlob> BeginAsync(long size)
    {
        var (id, read) = (BlobId.Random(RandomSource.System), BlobToken.Random(RandomSource.System));
        var answer = await AskAsync(new ClientFrame
        {
            BeginBlob = new BeginBlob
            {
                MailboxId = _mailbox.ToByteString(), BlobId = id.ToByteString(), Size = (ulong)size,
                ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(read.Hash()),
            },
        });
        return answer.BlobBegun is { } begun && BlobToken.TryRead(begun.UploadToken.Span, out var upload)
            ? new LoadedBlob(id, upload, read)
            : throw new InvalidOperationException($"The drop-off was refused: {answer}");
    }

    /// <summary>Seconds until it was durable.</summary>
    public Task<double> UploadAsync(LoadedBlob blob, long size) => PutAsync(_http, new Uri(_server, $"/blobs/{blob.Id}?offset=0"), blob.Upload, size);

    /// <summary>Seconds until all had come.</summary>
    public Task<double> DownloadAsync(LoadedBlob blob, long size) => GetAsync(_http, new Uri(_server, $"/blobs/{blob.Id}"), blob.Read, size);

    public async Task RemoveAsync(LoadedBlob blob)
    {
        using var request = Request(HttpMethod.Delete, new Uri(_server, $"/blobs/{blob.Id}"), blob.Read);
        using var answer = await _http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>MB/s up and down of many at once.</summary>
    public async Task<(double Up, double Down)> ManyAsync(int count, long size)
    {
        var blobs = new List<LoadedBlob>();
        for (var i = 0; i < count; i++)
            blobs.Add(await BeginAsync(size));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(blobs.Select(blob => UploadAsync(blob, size)));
        var up = count * size / watch.Elapsed.TotalSeconds / 1e6;
        watch.Restart();
        await Task.WhenAll(blobs.Select(blob => DownloadAsync(blob, size)));
        return (up, count * size / watch.Elapsed.TotalSeconds / 1e6);
    }

    public static async Task<double> PutAsync(HttpClient http, Uri address, BlobToken? token, long size)
    {
        using var request = Request(HttpMethod.Put, address, token);
        request.Content = new RepeatedContent(size);
        var watch = Stopwatch.StartNew();
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return watch.Elapsed.TotalSeconds;
    }

    public static async Task<double> GetAsync(HttpClient http, Uri address, BlobToken? token, long size)
    {
        using var request = Request(HttpMethod.Get, address, token);
        var watch = Stopwatch.StartNew();
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[Piece];
        var total = 0L;
        while (await stream.ReadAsync(buffer) is > 0 and var read)
            total += read;
        return total == size ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"{total} bytes came of {size}.");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _http.Dispose();
    }

    private static HttpRequestMessage Request(HttpMethod method, Uri address, BlobToken? token)
    {
        var request = new HttpRequestMessage(method, address);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.ToText());
        return request;
    }

    private async Task<ServerFrame> AskAsync(ClientFrame frame)
    {
        frame.Request = ++_request;
        await _socket.SendAsync(FrameCodec.Write(frame), WebSocketMessageType.Binary, true, CancellationToken.None);
        var buffer = new byte[WireLimits.FrameBytes];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await _socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (FrameCodec.TryRead(buffer.AsSpan(0, length), out ServerFrame? answer, out _) && answer.Request == frame.Request)
                return answer;
        }
    }

    /// <summary>So many bytes, the same piece over and over: the generator costs next to nothing.</summary>
    private sealed class RepeatedContent(long size) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = size; left > 0; left -= Piece)
                await stream.WriteAsync(Bytes.AsMemory(0, (int)Math.Min(left, Piece)));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }
    }
}
