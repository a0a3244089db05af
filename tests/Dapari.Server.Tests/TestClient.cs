using System.Net.WebSockets;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Tests;

/// <summary>A peer's end of a connection, frame by frame.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly ClientWebSocket _socket = new();
    private readonly Queue<ServerFrame> _unsolicited = new();
    private ulong _request;

    private TestClient(string host) => Host = host;

    public string Host { get; }

    public byte[] Challenge { get; private set; } = [];

    public Welcome? Welcome { get; private set; }

    public WebSocketState State => _socket.State;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public static async Task<TestClient> ConnectAsync(Uri server, string? host = null, Action<ClientWebSocketOptions>? configure = null)
    {
        var client = new TestClient(host ?? server.Authority);
        configure?.Invoke(client._socket.Options);
        if (host is not null)
            client._socket.Options.SetRequestHeader("Host", host);
        var scheme = server.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
        await client._socket.ConnectAsync(new Uri($"{scheme}://{server.Authority}/ws"), CancellationToken.None).WaitAsync(Patience);
        return client;
    }

    public static async Task<TestClient> HelloAsync(Uri server)
    {
        var client = await ConnectAsync(server);
        await client.HelloAsync();
        return client;
    }

    public async Task HelloAsync(string code = "")
    {
        var answer = await AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "test", RegistrationCode = code } });
        Welcome = answer.Welcome;
        Challenge = answer.Welcome.Challenge.ToByteArray();
    }

    public async Task<ulong> SendAsync(ClientFrame frame)
    {
        frame.Request = ++_request;
        await SendBytesAsync(frame.ToByteArray());
        return frame.Request;
    }

    public Task SendBytesAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Binary, bool end = true) =>
        _socket.SendAsync(bytes, type, end, CancellationToken.None).WaitAsync(Patience);

    /// <summary>Sends and waits for the answer; what comes unasked in between is kept for <see cref="NextAsync"/>.</summary>
    public async Task<ServerFrame> AskAsync(ClientFrame frame)
    {
        var request = await SendAsync(frame);
        return await AnswerAsync(request);
    }

    public async Task<ServerFrame> AnswerAsync(ulong request)
    {
        while (true)
        {
            var frame = await ReceiveAsync() ?? throw new InvalidOperationException($"closed ({_socket.CloseStatus}) before the answer to {request}");
            if (frame.Request == request)
                return frame;
            _unsolicited.Enqueue(frame);
        }
    }

    /// <summary>The next frame, those first that came in between.</summary>
    public async Task<ServerFrame> NextAsync() =>
        _unsolicited.TryDequeue(out var kept) ? kept : await ReceiveAsync() ?? throw new InvalidOperationException($"closed ({_socket.CloseStatus})");

    /// <summary>Frames that came in between, without waiting for more.</summary>
    public int Kept => _unsolicited.Count;

    /// <summary>Null: the server closed.</summary>
    public async Task<ServerFrame?> ReceiveAsync()
    {
        var buffer = new byte[256 * 1024];
        var length = 0;
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await _socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None).AsTask().WaitAsync(Patience);
            }
            catch (WebSocketException)
            {
                return null;
            }

            if (received.MessageType == WebSocketMessageType.Close)
                return null;
            length += received.Count;
            if (received.EndOfMessage)
                return ServerFrame.Parser.ParseFrom(buffer.AsSpan(0, length));
        }
    }

    /// <summary>Reads until the server closes; the frames before.</summary>
    public async Task<List<ServerFrame>> UntilClosedAsync()
    {
        var frames = new List<ServerFrame>();
        while (await ReceiveAsync() is { } frame)
            frames.Add(frame);
        if (_socket.State == WebSocketState.CloseReceived)
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);
        return frames;
    }

    public Task<ServerFrame> CreateAsync(TestMailbox mailbox) => AskAsync(new ClientFrame
    {
        CreateMailbox = new CreateMailbox
        {
            MailboxId = mailbox.Id.ToByteString(), OwnerKey = mailbox.Owner.Public, SenderKey = mailbox.Sender.Public,
            Signature = mailbox.Owner.Sign(ProofMessage.MailboxOwner(Host, Challenge, mailbox.Id)),
        },
    });

    public Task<ServerFrame> OpenAsync(TestMailbox mailbox) => AskAsync(OpenFrame(mailbox));

    public ClientFrame OpenFrame(TestMailbox mailbox) => new()
    {
        OpenMailbox = new OpenMailbox
        {
            MailboxId = mailbox.Id.ToByteString(), Signature = mailbox.Owner.Sign(ProofMessage.MailboxOwner(Host, Challenge, mailbox.Id)),
        },
    };

    public Task<ServerFrame> OpenSenderAsync(TestMailbox mailbox) => AskAsync(new ClientFrame
    {
        OpenSender = new OpenSender
        {
            MailboxId = mailbox.Id.ToByteString(), Signature = mailbox.Sender.Sign(ProofMessage.MailboxSender(Host, Challenge, mailbox.Id)),
        },
    });

    public Task<ServerFrame> PostAsync(TestMailbox mailbox, EnvelopeId id, byte[] envelope) => AskAsync(PostFrame(mailbox, id, envelope));

    public static ClientFrame PostFrame(TestMailbox mailbox, EnvelopeId id, byte[] envelope) => new()
    {
        Post = new Post { MailboxId = mailbox.Id.ToByteString(), EnvelopeId = id.ToByteString(), Envelope = ByteString.CopyFrom(envelope) },
    };

    public Task<ServerFrame> AcknowledgeAsync(TestMailbox mailbox, params ulong[] sequences)
    {
        var acknowledge = new Acknowledge { MailboxId = mailbox.Id.ToByteString() };
        acknowledge.Sequences.AddRange(sequences);
        return AskAsync(new ClientFrame { Acknowledge = acknowledge });
    }

    public async Task<Deliver> DeliveryAsync()
    {
        while (true)
        {
            var frame = await NextAsync();
            if (frame.KindCase == ServerFrame.KindOneofCase.Deliver)
                return frame.Deliver;
        }
    }

    /// <summary>Closes politely and waits until the server has closed too.</summary>
    public async Task CloseAsync()
    {
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);
        while (await ReceiveAsync() is not null)
        {
        }
    }

    public void Break() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
