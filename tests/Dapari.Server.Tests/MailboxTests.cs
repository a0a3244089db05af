using Dapari.Wire;
using Dapari.Wire.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class MailboxTests
{
    private static EnvelopeId NewId() => EnvelopeId.Random(RandomSource.System);

    [Fact]
    public async Task A_post_is_delivered_to_the_connected_owner_and_removed_when_acknowledged()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = new TestMailbox();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.CreateAsync(box)).KindCase);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await sender.OpenSenderAsync(box)).KindCase);

        var posted = await sender.PostAsync(box, NewId(), [1, 2, 3]);
        Assert.True(posted.Posted.RecipientConnected);
        var delivery = await owner.DeliveryAsync();
        Assert.Equal([1, 2, 3], delivery.Envelope.ToByteArray());
        Assert.Equal(1u, delivery.Sequence);
        Assert.Equal(1u, (await UsageAsync(owner, box)).StoredEnvelopes);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.AcknowledgeAsync(box, 1)).KindCase);
        var usage = await UsageAsync(owner, box);
        Assert.Equal((0u, 0u), (usage.StoredEnvelopes, usage.StoredBytes));
    }

    [Fact]
    public async Task What_waited_is_delivered_in_order_when_the_owner_comes_and_again_until_acknowledged()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            for (byte i = 1; i <= 5; i++)
                Assert.False((await sender.PostAsync(box, NewId(), [i])).Posted.RecipientConnected);
        }

        server.Time.Advance(TimeSpan.FromSeconds(90));
        await using (var first = await server.ConnectAsync())
        {
            var opened = (await first.OpenAsync(box)).MailboxOpened;
            Assert.Equal((5u, 0u), (opened.WaitingEnvelopes, opened.HighestAcknowledged));
            for (ulong i = 1; i <= 5; i++)
            {
                var delivery = await first.DeliveryAsync();
                Assert.Equal(i, delivery.Sequence);
                Assert.Equal((byte)i, delivery.Envelope.Span[0]);
                Assert.Equal(90_000u, delivery.LayMs);
            }

            await first.AcknowledgeAsync(box, 1, 2, 4);
            await first.CloseAsync();
        }

        await using var second = await server.ConnectAsync();
        var again = (await second.OpenAsync(box)).MailboxOpened;
        Assert.Equal((2u, 4u), (again.WaitingEnvelopes, again.HighestAcknowledged));
        Assert.Equal(3u, (await second.DeliveryAsync()).Sequence);
        Assert.Equal(5u, (await second.DeliveryAsync()).Sequence);
    }

    [Fact]
    public async Task Posting_the_same_envelope_again_is_answered_and_stored_once()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var id = NewId();
        for (var i = 0; i < 3; i++)
            Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, id, [7])).KindCase);
        await using var owner = await server.ConnectAsync();
        Assert.Equal(1u, (await owner.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
    }

    [Fact]
    public async Task Sequences_are_not_reused_even_when_the_mailbox_was_emptied_and_the_server_restarted()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        ulong last = 0;
        for (var round = 0; round < 3; round++)
        {
            await using var owner = await server.ConnectAsync();
            await using var sender = await server.ConnectAsync();
            await owner.OpenAsync(box);
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, NewId(), [1]);
            var delivery = await owner.DeliveryAsync();
            Assert.True(delivery.Sequence > last);
            last = delivery.Sequence;
            await owner.AcknowledgeAsync(box, last);
            owner.Break();
            sender.Break();
            await server.RestartAsync();
        }

        await using var after = await server.ConnectAsync();
        Assert.Equal(last, (await after.OpenAsync(box)).MailboxOpened.HighestAcknowledged);
    }

    [Fact]
    public async Task An_acknowledgement_of_what_was_never_given_changes_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.AcknowledgeAsync(box, 0, 5, ulong.MaxValue, 1UL << 40)).KindCase);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, NewId(), [1]);
        Assert.Equal(1u, (await owner.DeliveryAsync()).Sequence);
        Assert.Equal(0u, (await owner.OpenAsync(box)).MailboxOpened.HighestAcknowledged);
    }

    [Fact]
    public async Task Creating_again_is_done_with_the_same_keys_and_refused_with_others()
    {
        await using var server = await TestServer.StartAsync();
        await using var client = await server.ConnectAsync();
        var box = new TestMailbox();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await client.CreateAsync(box)).KindCase);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await client.CreateAsync(box)).KindCase);
        var thief = new KeyPair();
        var answer = await client.AskAsync(new ClientFrame
        {
            CreateMailbox = new CreateMailbox
            {
                MailboxId = box.Id.ToByteString(), OwnerKey = thief.Public, SenderKey = thief.Public,
                Signature = thief.Sign(ProofMessage.MailboxOwner(client.Host, client.Challenge, box.Id)),
            },
        });
        Assert.Equal(Refusal.Taken, answer.Refused.Refusal);
    }

    [Fact]
    public async Task Wrong_proofs_and_unknown_mailboxes_are_the_same_refusal()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var client = await server.ConnectAsync();
        Assert.Equal(Refusal.UnknownMailbox, (await client.OpenAsync(new TestMailbox())).Refused.Refusal);
        Assert.Equal(Refusal.UnknownMailbox, (await client.OpenSenderAsync(new TestMailbox())).Refused.Refusal);

        async Task<Refusal> OpenWith(byte[] message, KeyPair key) => (await client.AskAsync(new ClientFrame
        {
            OpenMailbox = new OpenMailbox { MailboxId = box.Id.ToByteString(), Signature = key.Sign(message) },
        })).Refused.Refusal;

        Assert.Equal(Refusal.UnknownMailbox, await OpenWith(ProofMessage.MailboxOwner(client.Host, client.Challenge, box.Id), box.Sender));
        Assert.Equal(Refusal.UnknownMailbox, await OpenWith(ProofMessage.MailboxOwner("elsewhere.example", client.Challenge, box.Id), box.Owner));
        Assert.Equal(Refusal.UnknownMailbox, await OpenWith(ProofMessage.MailboxOwner(client.Host, new byte[32], box.Id), box.Owner));
        Assert.Equal(Refusal.UnknownMailbox, await OpenWith(ProofMessage.MailboxSender(client.Host, client.Challenge, box.Id), box.Owner));
    }

    [Fact]
    public async Task Nothing_is_done_for_a_connection_that_proved_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var client = await server.ConnectAsync();
        var id = box.Id.ToByteString();
        Assert.Equal(Refusal.NotOpen, (await client.PostAsync(box, NewId(), [1])).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await client.AskAsync(new ClientFrame { Live = new Live { MailboxId = id, Envelope = id } })).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await client.AcknowledgeAsync(box, 1)).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await client.AskAsync(new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = id } })).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await client.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = id } })).Refused.Refusal);
        Assert.Equal(Refusal.NotOpen, (await client.AskAsync(new ClientFrame { GetUsage = new GetUsage { MailboxId = id } })).Refused.Refusal);
        // A sender's proof reads nothing.
        await client.OpenSenderAsync(box);
        Assert.Equal(Refusal.NotOpen, (await client.AcknowledgeAsync(box, 1)).Refused.Refusal);
    }

    [Fact]
    public async Task A_later_owner_takes_the_mailbox_over_and_gets_what_is_unacknowledged()
    {
        await using var server = await TestServer.StartAsync();
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = new TestMailbox();
        await first.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, NewId(), [1]);
        Assert.Equal(1u, (await first.DeliveryAsync()).Sequence);

        await second.OpenAsync(box);
        Assert.Equal(box.Id.ToByteString(), (await first.NextAsync()).MailboxTaken.MailboxId);
        Assert.Equal(1u, (await second.DeliveryAsync()).Sequence);
        Assert.Equal(Refusal.NotOpen, (await first.AcknowledgeAsync(box, 1)).Refused.Refusal);
        await sender.PostAsync(box, NewId(), [2]);
        Assert.Equal(2u, (await second.DeliveryAsync()).Sequence);
        // And back again: the first may prove itself anew.
        await first.OpenAsync(box);
        Assert.Equal(box.Id.ToByteString(), (await second.NextAsync()).MailboxTaken.MailboxId);
        Assert.Equal(1u, (await first.DeliveryAsync()).Sequence);
    }

    [Fact]
    public async Task A_closed_mailbox_is_not_delivered_and_keeps_what_comes()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = new TestMailbox();
        await owner.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        await owner.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = box.Id.ToByteString() } });
        Assert.False((await sender.PostAsync(box, NewId(), [1])).Posted.RecipientConnected);
        Assert.Equal(1u, (await owner.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        Assert.Equal(1u, (await owner.DeliveryAsync()).Sequence);
    }

    [Fact]
    public async Task A_deleted_mailbox_is_unknown_to_senders_and_its_id_made_anew_knows_no_old_proof()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var box = new TestMailbox();
        await owner.CreateAsync(box);
        await sender.OpenSenderAsync(box);
        await sender.PostAsync(box, NewId(), [1]);
        await owner.AskAsync(new ClientFrame { DeleteMailbox = new DeleteMailbox { MailboxId = box.Id.ToByteString() } });
        Assert.Equal(Refusal.UnknownMailbox, (await sender.PostAsync(box, NewId(), [2])).Refused.Refusal);
        await owner.CreateAsync(box);
        Assert.Equal(0u, (await UsageAsync(owner, box)).StoredEnvelopes);
        Assert.Equal(Refusal.UnknownMailbox, (await sender.PostAsync(box, NewId(), [3])).Refused.Refusal);
    }

    [Fact]
    public async Task Live_frames_go_to_a_connected_owner_or_nowhere_and_are_never_stored()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        ClientFrame Frame(string text) =>
            new() { Live = new Live { MailboxId = box.Id.ToByteString(), Envelope = Google.Protobuf.ByteString.CopyFromUtf8(text) } };
        Assert.False((await sender.AskAsync(Frame("lost"))).LiveResult.RecipientConnected);
        await using var owner = await server.ConnectAsync();
        Assert.Equal(0u, (await owner.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        Assert.True((await sender.AskAsync(Frame("typing"))).LiveResult.RecipientConnected);
        Assert.Equal("typing", (await owner.NextAsync()).LiveDeliver.Envelope.ToStringUtf8());
        Assert.Equal(0u, (await UsageAsync(owner, box)).StoredEnvelopes);
    }

    [Fact]
    public async Task A_full_mailbox_refuses_by_count_and_by_bytes_but_still_answers_a_repeat()
    {
        await using var server = await TestServer.StartAsync(o => o with { Quota = new(100, 3) });
        var box = await PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var first = NewId();
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, first, new byte[60])).KindCase);
        Assert.Equal(Refusal.MailboxFull, (await sender.PostAsync(box, NewId(), new byte[41])).Refused.Refusal);
        await sender.PostAsync(box, NewId(), new byte[10]);
        await sender.PostAsync(box, NewId(), new byte[10]);
        Assert.Equal(Refusal.MailboxFull, (await sender.PostAsync(box, NewId(), new byte[1])).Refused.Refusal);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, first, new byte[60])).KindCase);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        var usage = await UsageAsync(owner, box);
        Assert.Equal((80u, 3u, 100u, 3u), ((uint)usage.StoredBytes, (uint)usage.StoredEnvelopes, (uint)usage.QuotaBytes, (uint)usage.QuotaEnvelopes));
        await owner.AcknowledgeAsync(box, (await owner.DeliveryAsync()).Sequence);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, NewId(), new byte[41])).KindCase);
    }

    [Fact]
    public async Task What_lies_past_retention_is_swept_and_its_sequences_are_not_reused()
    {
        await using var server = await TestServer.StartAsync(o => o with { RetentionDays = 30 });
        var box = await PrepareAsync(server);
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, NewId(), [1]);
            await sender.PostAsync(box, NewId(), [2]);
            await sender.CloseAsync();
        }

        server.Time.Advance(TimeSpan.FromDays(29));
        Assert.Equal(0, await server.Host.Housekeeping.SweepAsync());
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, NewId(), [3]);
            await sender.CloseAsync();
        }

        server.Time.Advance(TimeSpan.FromDays(1.5));
        await server.Host.Housekeeping.SweepAsync(); // The hourly one may have been first.
        await using var owner = await server.ConnectAsync();
        Assert.Equal(1u, (await owner.OpenAsync(box)).MailboxOpened.WaitingEnvelopes);
        Assert.Equal(3u, (await owner.DeliveryAsync()).Sequence);
    }

    [Fact]
    public async Task A_clock_that_went_back_between_two_runs_makes_no_age_negative_and_sweeps_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using (var sender = await server.ConnectAsync())
        {
            await sender.OpenSenderAsync(box);
            await sender.PostAsync(box, NewId(), [1]);
        }

        await server.RestartAsync(new FakeTimeProvider(server.Time.GetUtcNow().AddYears(-3)));
        Assert.Equal(0, await server.Host.Housekeeping.SweepAsync());
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        Assert.Equal(0u, (await owner.DeliveryAsync()).LayMs);
    }

    [Fact]
    public async Task The_server_keeps_the_bytes_as_they_came()
    {
        await using var server = await TestServer.StartAsync();
        var box = await PrepareAsync(server);
        await using var sender = await server.ConnectAsync();
        await sender.OpenSenderAsync(box);
        var envelope = RandomSource.System.Bytes(WireLimits.EnvelopeBytes);
        Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, NewId(), envelope)).KindCase);
        await using var owner = await server.ConnectAsync();
        await owner.OpenAsync(box);
        Assert.Equal(envelope, (await owner.DeliveryAsync()).Envelope.ToByteArray());
    }

    internal static async Task<TestMailbox> PrepareAsync(TestServer server)
    {
        var box = new TestMailbox();
        await using var owner = await server.ConnectAsync();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.CreateAsync(box)).KindCase);
        await owner.CloseAsync();
        return box;
    }

    internal static async Task<Usage> UsageAsync(TestClient owner, TestMailbox box) =>
        (await owner.AskAsync(new ClientFrame { GetUsage = new GetUsage { MailboxId = box.Id.ToByteString() } })).Usage;
}
