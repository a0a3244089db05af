using System.Net;
using System.Net.Sockets;
using System.Text;
using Dapari.Server.Limits;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Those who mean harm come over real sockets; whether the others are served meanwhile is asked each time.</summary>
public sealed class AbuseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1UL << 30)]
    [InlineData(ulong.MaxValue >> 1)]
    [InlineData(ulong.MaxValue)]
    public async Task A_frame_that_is_announced_as_huge_is_refused_long_before_it_is_there(ulong announced)
    {
        await using var server = await TestServer.StartAsync(o => o with { IdleDeadline = TimeSpan.FromDays(1) });
        await using var pair = await PairAsync(server);
        using var raw = await UpgradeAsync(server);
        // RFC 6455 §5.2: FIN and binary, masked, a length of eight bytes, the mask.
        byte[] head = [0x82, 0xFF, .. BitConverter.GetBytes(announced).Reverse(), 1, 2, 3, 4];
        await raw.SendAsync(head, Token);
        // Refused for its announcement and the first bytes, and closed (RFC 6455 §7.4.1: 1009); what is still pushed is thrown away for as long as the farewell lasts.
        var chunk = new byte[64 * 1024];
        for (var sent = 0; sent < 64 * 1024 * 1024; sent += chunk.Length)
        {
            try
            {
                await raw.SendAsync(chunk, Token);
            }
            catch (SocketException)
            {
                break; // A length that is none at all is shown the door at once.
            }
        }

        if (announced <= ulong.MaxValue >> 1)
        {
            var answer = new byte[256];
            var length = 0;
            while (length < 2 || !answer.AsSpan(0, length).EndsWith(new byte[] { 0x88, 2, 0x03, 0xF1 }))
                length += await raw.ReceiveAsync(answer.AsMemory(length), Token);
            Assert.Equal(Refusal.TooLarge, ServerFrame.Parser.ParseFrom(answer.AsSpan(2, answer[1])).Refused.Refusal);
        }

        await ProtocolTests.UntilAsync(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            return server.Host.Hub.ConnectionCount == 2;
        });
        await pair.ServedAsync();
    }

    [Fact]
    public async Task Who_sends_a_request_letter_by_letter_or_a_frame_never_to_its_end_is_cut_off_and_others_are_served()
    {
        await using var server = await TestServer.StartAsync();
        await using var pair = await PairAsync(server);
        // Heads of requests that never end: the web server's own deadline (10 s of the real clock).
        var heads = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            var socket = await ConnectAsync(server);
            await socket.SendAsync("GET /ws HTTP/1.1\r\nHost: x\r\nX-A: "u8.ToArray(), Token);
            heads.Add(socket);
        }

        // Frames that never end: a first byte of a hello, and no more. The hello's deadline (of the test's clock).
        var frames = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            var socket = await UpgradeAsync(server);
            await socket.SendAsync(new byte[] { 0x82, 0xFE, 0x01, 0x00, 1, 2, 3, 4, 9 }, Token);
            frames.Add(socket);
        }

        await pair.ServedAsync();
        await ProtocolTests.UntilAsync(() => server.Host.Hub.ConnectionCount == 52);
        server.Time.Advance(server.Host.Options.HelloDeadline);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        server.Time.Advance(TimeSpan.FromSeconds(6)); // Nor do they close when they are asked to.
        await ProtocolTests.UntilAsync(() => server.Host.Hub.ConnectionCount == 2);
        foreach (var socket in frames.Concat(heads))
        {
            await EndAsync(socket);
            socket.Dispose();
        }

        await pair.ServedAsync();
    }

    [Fact]
    public async Task A_flood_of_connections_from_one_address_is_held_off_and_who_is_in_is_served()
    {
        await using var server = await TestServer.StartAsync(o => o with { ConnectionsPerAddress = 20, Rates = RateOptions.Unlimited with { Connections = new Rate(40, 1) } });
        await using var pair = await PairAsync(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(async _ =>
        {
            using var socket = await ConnectAsync(server);
            await socket.SendAsync(Encoding.ASCII.GetBytes(UpgradeRequest(server)), Token);
            var buffer = new byte[1024];
            return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, Token)).Split(' ')[1];
        }));
        Assert.True(answers.Count(a => a == "429") >= 260, string.Join(' ', answers.CountBy(a => a)));
        await pair.ServedAsync();
    }

    [Fact]
    public async Task A_flood_of_registrations_is_refused_with_a_time_to_wait_and_who_is_in_is_served()
    {
        await using var server = await TestServer.StartAsync(o => o with { Rates = RateOptions.Unlimited with { Creations = new Rate(20, 1) } });
        await using var pair = await PairAsync(server);
        await using var flood = await server.ConnectAsync();
        var requests = new List<ulong>();
        for (var i = 0; i < 300; i++)
        {
            var box = new TestMailbox();
            requests.Add(await flood.SendAsync(new ClientFrame
            {
                CreateMailbox = new CreateMailbox
                {
                    MailboxId = box.Id.ToByteString(), OwnerKey = box.Owner.Public, SenderKey = box.Sender.Public,
                    Signature = box.Owner.Sign(ProofMessage.MailboxOwner(flood.Host, flood.Challenge, box.Id)),
                },
            }));
        }

        var made = 0;
        foreach (var request in requests)
        {
            var answer = await flood.AnswerAsync(request);
            if (answer.KindCase == ServerFrame.KindOneofCase.Done)
                made++;
            else
                Assert.True(answer.Refused is { Refusal: Refusal.Rate, RetryAfterMs: > 0 });
        }

        Assert.InRange(made, 1, 20);
        await pair.ServedAsync();
    }

    [Fact]
    public async Task Nobody_is_answered_with_more_than_they_sent_before_they_have_shown_that_they_hold_a_key()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await TestClient.ConnectAsync(server.Uri);
        // A TCP connection has proved the sender's address; the answers are small all the same.
        await client.HelloAsync();
        Assert.True(client.Welcome!.CalculateSize() < 256);
        foreach (var frame in new[]
        {
            new ClientFrame { GetInvite = new GetInvite { BlobId = new TestMailbox().Id.ToByteString() } },
            new ClientFrame { TakePrekeys = new TakePrekeys { StoreId = new TestMailbox().Id.ToByteString() } },
            new ClientFrame { OpenMailbox = new OpenMailbox { MailboxId = new TestMailbox().Id.ToByteString(), Signature = new KeyPair().Sign([1]) } },
        })
        {
            var asked = frame.CalculateSize();
            Assert.True((await client.AskAsync(frame)).CalculateSize() <= asked);
        }
    }

    [Fact]
    public async Task Nothing_is_compressed_even_when_it_is_asked_for()
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes(UpgradeRequest(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n")), Token);
        var head = await HeadAsync(socket);
        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        Assert.DoesNotContain("permessage-deflate", head, StringComparison.OrdinalIgnoreCase);
        await using var user = await BlobUser.ConnectAsync(server.Uri);
        var drop = await user.StoreAsync(20_000);
        user.Http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("gzip, br");
        using var answer = await user.GetAsync(drop);
        Assert.Empty(answer.Content.Headers.ContentEncoding);
    }

    private static async Task<Socket> ConnectAsync(TestServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Uri.Port, Token);
        return socket;
    }

    private static async Task<Socket> UpgradeAsync(TestServer server)
    {
        var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes(UpgradeRequest(server)), Token);
        Assert.StartsWith("HTTP/1.1 101", await HeadAsync(socket), StringComparison.Ordinal);
        return socket;
    }

    private static string UpgradeRequest(TestServer server, string more = "") =>
        $"GET /ws HTTP/1.1\r\nHost: {server.Uri.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n";

    private static async Task<string> HeadAsync(Socket socket)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(one, Token) == 1)
            head.Append((char)one[0]);
        return head.ToString();
    }

    /// <summary>Reads to the end: closed or reset by the server.</summary>
    private static async Task EndAsync(Socket socket)
    {
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(120), Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset.
        }
    }

    private static async Task<Pair> PairAsync(TestServer server)
    {
        var pair = new Pair(await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await pair.Owner.CreateAsync(pair.Box)).KindCase);
        await pair.Sender.OpenSenderAsync(pair.Box);
        return pair;
    }

    /// <summary>Two who only want to talk.</summary>
    private sealed record Pair(TestClient Owner, TestClient Sender) : IAsyncDisposable
    {
        public TestMailbox Box { get; } = new();

        public async Task ServedAsync()
        {
            for (byte i = 0; i < 20; i++)
            {
                Assert.Equal(ServerFrame.KindOneofCase.Posted, (await Sender.PostAsync(Box, EnvelopeId.Random(RandomSource.System), [i])).KindCase);
                var delivery = await Owner.DeliveryAsync();
                Assert.Equal(i, delivery.Envelope[0]);
                await Owner.AcknowledgeAsync(Box, delivery.Sequence);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Owner.DisposeAsync();
            await Sender.DisposeAsync();
        }
    }
}
