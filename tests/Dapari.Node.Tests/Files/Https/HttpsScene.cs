using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Dapari.Node.Files.Channels;
using Dapari.Node.Files.Https;
using Dapari.Wire;
using Dapari.Wire.Files;

namespace Dapari.Node.Tests.Files.Https;

/// <summary>A node's door and one channel behind it; what a browser does is done by hand. The certificate is made here, and nobody checks it.</summary>
internal sealed class HttpsScene : IAsyncDisposable
{
    public const string Page = "https://app.example";
    private readonly string _folder;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _ending = new();
    private Task? _running;

    private HttpsScene(string folder, HttpsDoor door, string print, TimeProvider time)
    {
        (_folder, Door) = (folder, door);
        Channel = new HttpsFileChannel(Beneath, door, RandomSource.System, time);
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == print } }) { BaseAddress = new Uri(door.Address), Timeout = LinkPair.Patience };
    }

    public HttpsDoor Door { get; }

    public Wire Beneath { get; } = new();

    public Taken Arrived { get; } = new();

    public HttpsFileChannel Channel { get; }

    public string Ticket { get; private set; } = "";

    public byte[] Down { get; private set; } = [];

    public byte[] Up { get; private set; } = [];

    public static async Task<HttpsScene> BeginAsync(TimeProvider? time = null)
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        var (certificate, key) = Write(folder, "CN=127.0.0.1");
        return new HttpsScene(folder, await HttpsDoor.StartAsync(new HttpsOptions("127.0.0.1", 0, certificate, key), CertificateFiles.TryOpen(certificate, key, TimeProvider.System, out _)!), X509CertificateLoader.LoadCertificateFromFile(certificate).GetCertHashString(), time ?? TimeProvider.System);
    }

    public static (string Certificate, string Key) Write(string folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest(name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var files = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(files.Item1, made.ExportCertificatePem());
        File.WriteAllText(files.Item2, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    /// <summary>The browser wishes for a lane and is offered one.</summary>
    public async Task WishAsync()
    {
        _running ??= Channel.RunAsync(Arrived, _ending.Token);
        Beneath.Say([LaneWord.Wish, .. Encoding.ASCII.GetBytes(Page)]);
        var offer = await NextSentAsync();
        Use(offer);
        Xunit.Assert.Equal((LaneWord.Offer, Door.Address), (offer[0], Encoding.ASCII.GetString(offer.AsSpan(81))));
    }

    /// <summary>From now on it uses what this offer has.</summary>
    public void Use(byte[] offer)
    {
        Ticket = Convert.ToHexStringLower(offer.AsSpan(1, 16));
        (Down, Up) = (offer[17..49], offer[49..81]);
    }

    /// <summary>It opens what goes down and says that the first record has come.</summary>
    public async Task<Stream> OpenAsync()
    {
        await WishAsync();
        var answer = await AskAsync(HttpMethod.Get, "/" + Ticket);
        Xunit.Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = await answer.Content.ReadAsStreamAsync();
        Xunit.Assert.Empty(await ReadAsync(body, 0));
        Say(1);
        await Waiting.UntilAsync("open", () => Task.FromResult(Channel.IsByHttps));
        return body;
    }

    public void Say(ulong got)
    {
        var word = new byte[9];
        word[0] = LaneWord.Got;
        BinaryPrimitives.WriteUInt64BigEndian(word.AsSpan(1), got);
        Beneath.Say(word);
    }

    public async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, byte[]? body = null, string origin = Page)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Origin", origin);
        if (body is not null)
            request.Content = new ByteArrayContent(body);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<byte[]> ReadAsync(Stream body, ulong number)
    {
        var length = new byte[4];
        await body.ReadExactlyAsync(length).AsTask().WaitAsync(LinkPair.Patience);
        var record = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await body.ReadExactlyAsync(record).AsTask().WaitAsync(LinkPair.Patience);
        using var cipher = new AesGcm(Down, 16);
        var content = new byte[record.Length - 16];
        cipher.Decrypt(Nonce(number), record.AsSpan(0, content.Length), record.AsSpan(content.Length), content);
        return content;
    }

    public byte[] Seal(ulong number, params byte[][] messages)
    {
        byte[] content = [.. messages.SelectMany(message => (byte[])[0, (byte)(message.Length >> 16), (byte)((message.Length >> 8) & 0xFF), (byte)(message.Length & 0xFF), .. message])];
        var body = new byte[content.Length + 16];
        using var cipher = new AesGcm(Up, 16);
        cipher.Encrypt(Nonce(number), content, body.AsSpan(0, content.Length), body.AsSpan(content.Length));
        return body;
    }

    public static byte[] Piece(uint chunk, int bytes = FileShape.ChunkBytes)
    {
        var piece = new byte[FileChannelCodec.PieceHeader + bytes];
        TransferId.TryRead(new byte[16], out var transfer);
        FileChannelCodec.WritePieceHeader(piece, transfer, 1, chunk, 0);
        for (var i = FileChannelCodec.PieceHeader; i < piece.Length; i++)
            piece[i] = (byte)((i + chunk) % 251);
        return piece;
    }

    public async Task<byte[]> NextSentAsync() => await Beneath.Sent.Reader.ReadAsync().AsTask().WaitAsync(LinkPair.Patience);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Channel.Dispose();
        if (_running is not null)
            await _running.WaitAsync(LinkPair.Patience);
        _http.Dispose();
        await Door.DisposeAsync();
        _ending.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Nonce(ulong number)
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), number);
        return nonce;
    }

    /// <summary>The data channel: what is said at the other end, and what arrives there.</summary>
    internal sealed class Wire : IFileChannel
    {
        private readonly Channel<byte[]> _said = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        private readonly byte[] _room = new byte[FileChannelCodec.MaxBytes];

        public Channel<byte[]> Sent { get; } = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();

        public int Lanes => 1;

        public int PieceBytes => WireLimits.FilePieceBytes;

        public void Say(byte[] message) => _said.Writer.TryWrite(message);

        public bool TrySendControl(ReadOnlyMemory<byte> message) => Sent.Writer.TryWrite(message.ToArray());

        public Memory<byte> SendingRoom(int lane, int length) => _room.AsMemory(0, length);

        public ValueTask SendAsync(int lane, ReadOnlyMemory<byte> message, CancellationToken cancellation)
        {
            Sent.Writer.TryWrite(message.ToArray());
            return ValueTask.CompletedTask;
        }

        public async Task RunAsync(IFileReceiver receiver, CancellationToken cancellation)
        {
            try
            {
                await foreach (var message in _said.Reader.ReadAllAsync(cancellation))
                    await receiver.TakeAsync(0, message);
            }
            catch (OperationCanceledException)
            {
                // The end of the test.
            }
        }

        public void Dispose() => _said.Writer.TryComplete();
    }

    /// <summary>What the channel brought, by lane.</summary>
    internal sealed class Taken : IFileReceiver
    {
        private readonly byte[] _room = new byte[HttpsLane.MostMessage];

        public Channel<(int Lane, byte[] Message)> All { get; } = System.Threading.Channels.Channel.CreateUnbounded<(int, byte[])>();

        public void TakeControl(byte[] message) => All.Writer.TryWrite((-1, message));

        public Memory<byte> Room(int lane, int length) => _room.AsMemory(0, length);

        public bool IsBusy(int lane) => false;

        public ValueTask RestAsync(int lane) => ValueTask.CompletedTask;

        public ValueTask TakeAsync(int lane, ReadOnlyMemory<byte> message)
        {
            All.Writer.TryWrite((lane, message.ToArray()));
            return ValueTask.CompletedTask;
        }
    }
}
