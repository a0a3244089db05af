using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Bench.Server;

/// <summary>What the generator saw.</summary>
internal sealed record PostLoadResult(double PostsPerSecond, double P50Ms, double P99Ms, double DeliveriesPerSecond);

/// <summary>
/// The load generator, in a process of its own: so many connections, each the owner of a mailbox and the sender to its neighbour's. Each posts,
/// waits for the answer, and posts again; what is delivered it acknowledges in groups, as a peer does that commits what has come.
/// It connects once; each line on its input starts a round and each round is answered by a line, so that rounds can take turns with what is compared.
/// </summary>
internal sealed class PostLoad
{
    public const string Command = "--post-load";

    /// <summary>Written when all are connected.</summary>
    public const string Ready = "ready";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = null };
    private readonly Uri _server;
    private readonly byte[] _envelope;
    private readonly int _acknowledgeEvery;
    private readonly Peer[] _peers;
    private long _deliveries;
    private volatile bool _measuring;
    private volatile bool _stop;

    private PostLoad(Uri server, int peers, int envelopeBytes, int acknowledgeEvery)
    {
        _server = server;
        _envelope = RandomSource.System.Bytes(envelopeBytes);
        _acknowledgeEvery = acknowledgeEvery;
        _peers = [.. Enumerable.Range(0, peers).Select(_ => new Peer())];
    }

    /// <summary>Arguments: server, peers, envelope bytes, acknowledge every, warm-up ms, measure ms. Writes <see cref="Ready"/>, then one JSON line for each line read.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        int Number(int index) => int.Parse(arguments[index], CultureInfo.InvariantCulture);
        var load = new PostLoad(new Uri(arguments[0]), Number(1), Number(2), Number(3));
        await load.ConnectAsync();
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is not null)
            Console.WriteLine(JsonSerializer.Serialize(await load.MeasureAsync(TimeSpan.FromMilliseconds(Number(4)), TimeSpan.FromMilliseconds(Number(5))), Json));
        foreach (var peer in load._peers)
            peer.Dispose();
        return 0;
    }

    private async Task ConnectAsync()
    {
        await Parallel.ForEachAsync(_peers, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (peer, _) => await peer.CreateAsync(_server));
        await Parallel.ForEachAsync(Enumerable.Range(0, _peers.Length), new ParallelOptions { MaxDegreeOfParallelism = 32 },
            async (i, _) => await _peers[i].OpenSenderAsync(_server, _peers[(i + 1) % _peers.Length]));
    }

    private async Task<PostLoadResult> MeasureAsync(TimeSpan warmUp, TimeSpan measure)
    {
        _stop = false;
        foreach (var peer in _peers)
            peer.Latencies.Clear();
        var tasks = _peers.Select((peer, i) => Task.Run(() => WorkAsync(peer, _peers[(i + 1) % _peers.Length]))).ToArray();
        await Task.Delay(warmUp, TimeProvider.System);
        var (start, deliveries) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _deliveries));
        _measuring = true;
        await Task.Delay(measure, TimeProvider.System);
        _measuring = false;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        deliveries = Volatile.Read(ref _deliveries) - deliveries;
        _stop = true;
        await Task.WhenAll(tasks);
        var latencies = _peers.SelectMany(p => p.Latencies).ToList();
        return new PostLoadResult(latencies.Count / seconds, Statistics.Percentile(latencies, 50), Statistics.Percentile(latencies, 99), deliveries / seconds);
    }

    private async Task WorkAsync(Peer peer, Peer neighbour)
    {
        var random = new Random(peer.GetHashCode());
        var post = new ClientFrame
        {
            Post = new Post { MailboxId = neighbour.Mailbox.ToByteString(), Envelope = UnsafeByteOperations.UnsafeWrap(_envelope) },
        };
        var acknowledge = peer.Acknowledge;
        acknowledge.MailboxId = peer.Mailbox.ToByteString();
        var id = new byte[16];
        while (!_stop)
        {
            random.NextBytes(id);
            post.Request = ++peer.Request;
            post.Post.EnvelopeId = ByteString.CopyFrom(id);
            var sent = Stopwatch.GetTimestamp();
            var counts = _measuring;
            await peer.SendAsync(post);
            while (true)
            {
                var frame = await peer.ReceiveAsync();
                if (frame.KindCase == ServerFrame.KindOneofCase.Deliver)
                {
                    Interlocked.Increment(ref _deliveries);
                    acknowledge.Sequences.Add(frame.Deliver.Sequence);
                    if (acknowledge.Sequences.Count >= _acknowledgeEvery)
                    {
                        await peer.SendAsync(new ClientFrame { Request = ++peer.Request, Acknowledge = acknowledge });
                        acknowledge.Sequences.Clear();
                    }
                }
                else if (frame.Request == post.Request)
                {
                    if (frame.KindCase != ServerFrame.KindOneofCase.Posted)
                        throw new InvalidOperationException($"refused: {frame}");
                    break;
                }
            }

            if (counts && _measuring)
                peer.Latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
    }

    /// <summary>One connection.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly ClientWebSocket _socket = new();
        private readonly byte[] _seed = RandomSource.System.Bytes(32);
        private readonly byte[] _key = new byte[32];
        private readonly byte[] _buffer = new byte[8 * 1024];
        private readonly byte[] _sending = new byte[8 * 1024];
        private byte[] _challenge = [];

        public MailboxId Mailbox { get; } = MailboxId.Random(RandomSource.System);

        public ulong Request { get; set; }

        /// <summary>What has been delivered and not acknowledged yet.</summary>
        public Acknowledge Acknowledge { get; } = new();

        public List<double> Latencies { get; } = new(4096);

        public async Task CreateAsync(Uri server)
        {
            Ed25519.GeneratePublicKey(_seed, 0, _key, 0);
            await _socket.ConnectAsync(new Uri($"ws://{server.Authority}/ws"), CancellationToken.None);
            var welcome = await AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "bench" } });
            _challenge = welcome.Welcome.Challenge.ToByteArray();
            var key = ByteString.CopyFrom(_key);
            await AskAsync(new ClientFrame
            {
                CreateMailbox = new CreateMailbox
                {
                    MailboxId = Mailbox.ToByteString(), OwnerKey = key, SenderKey = key, Signature = Sign(ProofMessage.MailboxOwner(server.Authority, _challenge, Mailbox)),
                },
            });
        }

        public async Task OpenSenderAsync(Uri server, Peer to) => await AskAsync(new ClientFrame
        {
            OpenSender = new OpenSender { MailboxId = to.Mailbox.ToByteString(), Signature = to.Sign(ProofMessage.MailboxSender(server.Authority, _challenge, to.Mailbox)) },
        });

        /// <summary>One at a time: the bytes are kept in a buffer that is used again.</summary>
        public ValueTask SendAsync(ClientFrame frame)
        {
            var bytes = _sending.AsMemory(0, frame.CalculateSize());
            frame.WriteTo(bytes.Span);
            return _socket.SendAsync(bytes, WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        public async ValueTask<ServerFrame> ReceiveAsync()
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await _socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None);
                length += received.Count;
            }
            while (!received.EndOfMessage);
            return ServerFrame.Parser.ParseFrom(_buffer.AsSpan(0, length));
        }

        public void Dispose() => _socket.Dispose();

        private async Task<ServerFrame> AskAsync(ClientFrame frame)
        {
            frame.Request = ++Request;
            await SendAsync(frame);
            var answer = await ReceiveAsync();
            return answer.KindCase != ServerFrame.KindOneofCase.Refused ? answer : throw new InvalidOperationException($"refused: {answer}");
        }

        private ByteString Sign(byte[] message)
        {
            var signature = new byte[64];
            Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
            return ByteString.CopyFrom(signature);
        }
    }
}
