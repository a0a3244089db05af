using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dapari.Server.Push;
using Dapari.PushStandIn;
using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Push;

/// <summary>Wake-ups of devices whose app is closed, from a post to a push service's door.</summary>
public sealed class PushTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly PushService _service = new();
    private readonly PushBrowser _browser = new();
    private readonly X509Certificate2 _trusted;

    public PushTests() => _trusted = X509Certificate2.CreateFromPem(_service.Certificate);

    [Fact]
    public async Task Who_is_away_is_woken_once_until_he_comes()
    {
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        var push = await NextAsync();
        Assert.Equal("/device", push.Path);
        Assert.Equal([1], _browser.Open(push.Body));
        Assert.Equal("aes128gcm", push.Headers["content-encoding"]);
        Assert.Equal("high", push.Headers["urgency"]);
        Assert.Equal("look", push.Headers["topic"]);
        Assert.Equal((28 * 24 * 3600).ToString(System.Globalization.CultureInfo.InvariantCulture), push.Headers["ttl"]);
        var claims = PushBrowser.CheckSender(push.Headers["authorization"], sender.Welcome!.PushKey.Span);
        Assert.Equal(_service.Origin.GetLeftPart(UriPartial.Authority), claims.GetProperty("aud").GetString());
        Assert.InRange(claims.GetProperty("exp").GetInt64() - server.Time.GetUtcNow().ToUnixTimeSeconds(), 1, 24 * 3600);

        for (var i = 0; i < 5; i++)
            await PostAsync(sender, box);
        await RestAsync(server);
        Assert.False(_service.TryTake(out _));

        // He comes, takes everything and goes: the next post is news.
        await using (var owner = await server.ConnectAsync())
        {
            Assert.Equal(WakeMark.Of(_browser.Subscribe(_service.Origin + "device")), (await owner.OpenAsync(box)).MailboxOpened.Wake);
            for (var i = 0; i < 6; i++)
                await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
            await PostAsync(sender, box);
            await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
        }

        await GoneAsync(server, box);
        Assert.False(_service.TryTake(out _));
        await PostAsync(sender, box);
        await AdvanceUntilAsync(server, () => Count(server, "sent") == 3); // The witness was the second.
    }

    [Fact]
    public async Task A_device_with_many_mailboxes_is_woken_once_in_half_a_minute()
    {
        await using var server = await StartAsync();
        List<TestMailbox> boxes = [];
        for (var i = 0; i < 4; i++)
            boxes.Add(await SubscribeAsync(server, "/device"));
        await using var sender = await server.ConnectAsync();
        foreach (var box in boxes)
            await sender.OpenSenderAsync(box);
        await PostAsync(sender, boxes[0]);
        await NextAsync();
        foreach (var box in boxes.Skip(1))
            await PostAsync(sender, box);
        await WaitAsync(() => server.Host.Hub.Pushes!.Ends.All.Single(e => e.Name == "sent").Counter.Value == 1);
        server.Time.Advance(PushDesk.Apart);
        await NextAsync();
        await RestAsync(server);
        Assert.False(_service.TryTake(out _));
    }

    [Fact]
    public async Task Whoever_does_not_come_is_woken_again_after_an_hour()
    {
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        await NextAsync();
        await RestAsync(server);
        server.Time.Advance(PushDesk.Again);
        await using var later = await server.ConnectAsync();
        await later.OpenSenderAsync(box);
        await PostAsync(later, box);
        await NextAsync();
    }

    [Fact]
    public async Task A_subscription_that_is_over_is_forgotten_everywhere()
    {
        _service.Answer = _ => "410 Gone";
        await using var server = await StartAsync();
        var (first, second) = (await SubscribeAsync(server, "/device"), await SubscribeAsync(server, "/device"));
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(first);
        await PostAsync(sender, first);
        await NextAsync();
        await using var owner = await server.ConnectAsync();
        await WaitAsync(() => Count(server, "gone") == 1);
        Assert.True((await owner.OpenAsync(first)).MailboxOpened.Wake.IsEmpty);
        Assert.True((await owner.OpenAsync(second)).MailboxOpened.Wake.IsEmpty);
    }

    [Fact]
    public async Task A_push_service_that_cannot_now_is_asked_again_when_it_wants()
    {
        var answers = new Queue<string>(["503 Service Unavailable\r\nRetry-After: 120", "429 Too Many Requests", "201 Created"]);
        _service.Answer = _ => answers.Dequeue();
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        await NextAsync();
        await WaitAsync(() => Count(server, "later") == 1);
        server.Time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(2, answers.Count);
        await AdvanceUntilAsync(server, () => Count(server, "later") == 2);
        await AdvanceUntilAsync(server, () => Count(server, "sent") == 1);
        Assert.Empty(answers);
    }

    [Fact]
    public async Task A_push_service_that_never_answers_is_given_up()
    {
        _service.Answer = _ => "500 Internal Server Error";
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        await AdvanceUntilAsync(server, () => Count(server, "given_up") == 1);
        Assert.Equal(4, Count(server, "later"));
    }

    [Fact]
    public async Task Who_takes_his_subscription_back_is_not_woken()
    {
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using (var owner = await server.ConnectAsync())
        {
            await owner.OpenAsync(box);
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await SetAsync(owner, box, null)).KindCase);
        }

        await GoneAsync(server, box);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        await RestAsync(server);
        Assert.False(_service.TryTake(out _));
    }

    [Fact]
    public async Task A_subscription_outlives_the_server_and_its_key_does_too()
    {
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using (var before = await server.ConnectAsync())
        {
            var key = before.Welcome!.PushKey;
            await server.RestartAsync();
            await using var sender = await server.ConnectAsync();
            Assert.Equal(key, sender.Welcome!.PushKey);
            await sender.OpenSenderAsync(box);
            await PostAsync(sender, box);
            PushBrowser.CheckSender((await NextAsync()).Headers["authorization"], key.Span);
        }

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(server.Data, VapidKey.FileName)));
    }

    [Fact]
    public async Task Only_the_owner_sets_it_and_only_for_push_services()
    {
        await using var server = await StartAsync();
        var box = await SubscribeAsync(server, "/device");
        await using var stranger = await server.ConnectAsync();
        await stranger.OpenSenderAsync(box);
        Assert.Equal(Refusal.NotOpen, (await SetAsync(stranger, box, _browser.Subscribe(_service.Origin + "mine"))).Refused.Refusal);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        Assert.Equal(Refusal.NoPush, (await SetAsync(owner, box, _browser.Subscribe("https://example.org/"))).Refused.Refusal);
        Assert.Equal(Refusal.NoPush, (await SetAsync(owner, box, _browser.Subscribe("https://127.0.0.1/"))).Refused.Refusal);

        await using var without = await TestServer.StartAsync(o => o with { Push = o.Push with { On = false } });
        await using var asking = await without.ConnectAsync();
        Assert.True(asking.Welcome!.PushKey.IsEmpty);
        var own = new TestMailbox();
        await asking.CreateAsync(own);
        Assert.Equal(Refusal.NoPush, (await SetAsync(asking, own, _browser.Subscribe("https://web.push.apple.com/x"))).Refused.Refusal);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await SetAsync(asking, own, null)).KindCase);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _browser.Dispose();
        _trusted.Dispose();
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(o => o with
    {
        Push = o.Push with
        {
            Hosts = ["localhost"],
            Handler = () => new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetRawCertDataString() == _trusted.GetRawCertDataString() } },
        },
    });

    /// <summary>A mailbox whose owner has said how to wake him, and has gone.</summary>
    private async Task<TestMailbox> SubscribeAsync(TestServer server, string path)
    {
        var box = new TestMailbox();
        await using (var owner = await server.ConnectAsync())
        {
            await owner.CreateAsync(box);
            Assert.Equal(ServerFrame.KindOneofCase.Done, (await SetAsync(owner, box, _browser.Subscribe(new Uri(_service.Origin, path).AbsoluteUri))).KindCase);
        }

        await GoneAsync(server, box);
        return box;
    }

    private static Task<ServerFrame> SetAsync(TestClient client, TestMailbox box, WakeSubscription? subscription) =>
        client.AskAsync(new ClientFrame { SetWake = new SetWake { MailboxId = box.Id.ToByteString(), Subscription = subscription } });

    private static async Task PostAsync(TestClient sender, TestMailbox box) =>
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[100])).KindCase);

    private Task<PushRequest> NextAsync() => _service.NextAsync(Limit, TestContext.Current.CancellationToken);

    private static long Count(TestServer server, string end) => server.Host.Hub.Pushes!.Ends.All.Single(e => e.Name == end).Counter.Value;

    /// <summary>The owner's connection is no more.</summary>
    private static Task GoneAsync(TestServer server, TestMailbox box) => WaitAsync(async () =>
    {
        await using var probe = await server.ConnectAsync();
        await probe.OpenSenderAsync(box);
        return (await probe.AskAsync(new ClientFrame { Live = new Live { MailboxId = box.Id.ToByteString(), Envelope = Google.Protobuf.ByteString.CopyFrom(1) } })).LiveResult is { RecipientConnected: false };
    });

    /// <summary>Whatever the desk had to do is done: another device's wake-up, asked for after it, has come.</summary>
    private async Task RestAsync(TestServer server)
    {
        var box = await SubscribeAsync(server, "/witness");
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await PostAsync(sender, box);
        PushRequest push;
        do push = await NextAsync();
        while (push.Path != "/witness" && Unexpected(push));
        await WaitAsync(() => server.Host.Hub.Pushes!.OnTheWay == 0); // The answers have come too: a test that moves the clock now moves no deadline.
    }

    private static bool Unexpected(PushRequest push)
    {
        Assert.Fail($"{push.Path} was woken");
        return true;
    }

    private static Task WaitAsync(Func<bool> holds) => WaitAsync(() => Task.FromResult(holds()));

    private static async Task WaitAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static Task AdvanceUntilAsync(TestServer server, Func<bool> holds) => WaitAsync(async () =>
    {
        if (holds())
            return true;
        // While something is on its way its deadline would pass, which is 20 seconds of this clock.
        if (server.Host.Hub.Pushes!.OnTheWay == 0)
            server.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.Yield();
        return false;
    });
}
