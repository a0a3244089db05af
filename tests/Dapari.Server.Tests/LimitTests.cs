using System.Net;
using Dapari.Server.Limits;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class LimitTests
{
    [Fact]
    public void A_bucket_gives_its_burst_and_fills_with_time()
    {
        var time = new FakeTimeProvider();
        var table = new RateTable<int>(new Rate(3, 6), time);
        Assert.True(table.TryTake(1, out _) && table.TryTake(1, out _) && table.TryTake(1, out _));
        Assert.False(table.TryTake(1, out var wait));
        Assert.Equal(10_000u, wait);
        Assert.True(table.TryTake(2, out _)); // Another's bucket is its own.
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(table.TryTake(1, out _));
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(table.TryTake(1, out _));
        time.Advance(TimeSpan.FromHours(1));
        Assert.True(table.TryTake(1, out _) && table.TryTake(1, out _) && table.TryTake(1, out _));
        Assert.False(table.TryTake(1, out _)); // Never more than the burst.
    }

    [Fact]
    public void A_table_is_bounded_and_newcomers_beyond_share_one_bucket()
    {
        var time = new FakeTimeProvider();
        var table = new RateTable<int>(new Rate(2, 1), time, capacity: 100);
        for (var key = 0; key < 10_000; key++)
            table.TryTake(key, out _);
        Assert.Equal(100, table.Count);
        Assert.False(table.TryTake(10_001, out _));
        Assert.True(table.TryTake(5, out _)); // Those who were there before are not hurt.
        time.Advance(TimeSpan.FromMinutes(5)); // All full again: forgotten, and there is room.
        Assert.True(table.TryTake(10_001, out _));
        Assert.Equal(1, table.Count);
    }

    [Theory]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", true)]
    [InlineData("2001:db8:1:2:3::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("0.0.0.1", "::1", false)]
    public void What_counts_as_one_address(string one, string other, bool same) =>
        Assert.Equal(same, AddressKey.From(IPAddress.Parse(one)) == AddressKey.From(IPAddress.Parse(other)));

    [Fact]
    public async Task Each_rate_refuses_with_the_time_to_wait_and_allows_again_after_it()
    {
        var one = new Rate(1, 1);
        await using var server = await TestServer.StartAsync(o => o with
        {
            Rates = new RateOptions { Connections = new Rate(5, 1), Proofs = new Rate(1000, 1000), Creations = one, InviteLookups = one, PrekeyTakes = one, Posts = one, Live = one },
            IdleDeadline = TimeSpan.FromHours(1),
        });
        await using var client = await server.ConnectAsync();
        var box = new TestMailbox();
        await client.CreateAsync(box);
        await client.OpenSenderAsync(box);
        var id = box.Id.ToByteString();
        Func<Task<ServerFrame>>[] requests =
        [
            () => client.CreateAsync(new TestMailbox()),
            () => client.AskAsync(new ClientFrame { GetInvite = new GetInvite { BlobId = id } }),
            () => client.AskAsync(new ClientFrame { TakePrekeys = new TakePrekeys { StoreId = id } }),
            () => client.PostAsync(box, EnvelopeId.Random(RandomSource.System), [1]),
            () => client.AskAsync(new ClientFrame { Live = new Live { MailboxId = id, Envelope = id } }),
        ];
        foreach (var request in requests)
        {
            await request();
            var refused = (await request()).Refused;
            Assert.Equal(Refusal.Rate, refused.Refusal);
            Assert.InRange(refused.RetryAfterMs, 1u, 60_000u);
        }

        server.Time.Advance(TimeSpan.FromMinutes(1));
        foreach (var request in requests)
            Assert.NotEqual(Refusal.Rate, (await request()).Refused?.Refusal);
    }

    [Fact]
    public async Task Connections_are_limited_in_rate_and_in_number()
    {
        await using var rated = await TestServer.StartAsync(o => o with { Rates = RateOptions.Unlimited with { Connections = new Rate(2, 1) } });
        await using (await rated.ConnectAsync())
        await using (await rated.ConnectAsync())
            await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(rated.ConnectAsync);

        await using var counted = await TestServer.StartAsync(o => o with { ConnectionsPerAddress = 2 });
        await using var first = await counted.ConnectAsync();
        await using var second = await counted.ConnectAsync();
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(counted.ConnectAsync);
        await first.CloseAsync();
        await ProtocolTests.UntilAsync(() => counted.Host.Hub.ConnectionCount == 1);
        // The place is free when the request has ended, a moment after the connection left the hub.
        await ProtocolTests.UntilAsync(() => counted.Host.Hub.TryEnter(AddressKey.From(IPAddress.Loopback)));
        counted.Host.Hub.Leave(AddressKey.From(IPAddress.Loopback));
        await using var third = await counted.ConnectAsync();
    }

    [Fact]
    public async Task Mailboxes_on_one_connection_are_limited()
    {
        await using var server = await TestServer.StartAsync(o => o with { MailboxesPerConnection = 2 });
        await using var client = await server.ConnectAsync();
        var boxes = new[] { new TestMailbox(), new TestMailbox(), new TestMailbox() };
        await client.CreateAsync(boxes[0]);
        await client.CreateAsync(boxes[1]);
        Assert.Equal(Refusal.TooMany, (await client.CreateAsync(boxes[2])).Refused.Refusal);
        Assert.Equal(ServerFrame.KindOneofCase.MailboxOpened, (await client.OpenAsync(boxes[1])).KindCase);
        await client.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = boxes[0].Id.ToByteString() } });
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await client.CreateAsync(boxes[2])).KindCase);
    }

    [Fact]
    public async Task Delivery_stops_at_the_window_and_goes_on_with_acknowledgements()
    {
        await using var server = await TestServer.StartAsync(o => o with { WindowEnvelopes = 10, WindowBytes = 5_000 });
        var box = await MailboxTests.PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        for (var i = 0; i < 40; i++)
            await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), new byte[i == 20 ? 20_000 : 100]);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        var expected = 1UL;
        while (expected <= 40)
        {
            var window = new List<ulong>();
            var bytes = 0;
            do
            {
                var delivery = await owner.DeliveryAsync();
                Assert.Equal(expected++, delivery.Sequence);
                window.Add(delivery.Sequence);
                bytes += delivery.Envelope.Length;
            }
            while (window.Count < 10 && expected <= 40 && expected != 21 && window[^1] != 21);
            Assert.True(window.Count == 1 || bytes <= 5_000);
            // Whatever is waiting, a ping's answer comes next: nothing is delivered beyond the window.
            Assert.Equal(ServerFrame.KindOneofCase.Pong, (await owner.AskAsync(new ClientFrame { Ping = new Ping() })).KindCase);
            Assert.Equal(0, window.Count == 10 ? owner.Kept : 0);
            await owner.AcknowledgeAsync(box, [.. window]);
        }
    }

    [Fact]
    public async Task A_reader_that_does_not_read_costs_bounded_memory_and_is_closed_in_the_end()
    {
        await using var server = await TestServer.StartAsync(o => o with { SendQueueBytes = 256 * 1024, IdleDeadline = TimeSpan.FromHours(1), SendDeadline = TimeSpan.FromSeconds(30) });
        await using var deaf = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = new TestMailbox();
        await deaf.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        var envelope = ByteString.CopyFrom(new byte[60_000]);
        // Far more than sockets and queue hold: live frames give way, the sender is not held up.
        for (var i = 0; i < 400; i++)
            Assert.Equal(ServerFrame.KindOneofCase.LiveResult, (await sender.AskAsync(new ClientFrame { Live = new Live { MailboxId = box.Id.ToByteString(), Envelope = envelope } })).KindCase);
        server.Time.Advance(TimeSpan.FromSeconds(31));
        await ProtocolTests.UntilAsync(() => server.Host.Hub.ConnectionCount == 1);
        Assert.Equal(ServerFrame.KindOneofCase.Pong, (await sender.AskAsync(new ClientFrame { Ping = new Ping() })).KindCase);
    }
}
