using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>Random walks through the mailbox rules beside a model of a few lines. A failing walk's seed is in its name.</summary>
public sealed class MailboxModelTests
{
    private const int Steps = 150;
    private const int QuotaEnvelopes = 12;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory, MemberData(nameof(Seeds))]
    public async Task The_server_does_what_the_model_does(int seed)
    {
        var random = new Random(seed);
        await using var server = await TestServer.StartAsync(o => o with { Quota = new(1 << 20, QuotaEnvelopes), WindowEnvelopes = 4, IdleDeadline = TimeSpan.FromDays(1000) });
        var box = await MailboxTests.PrepareAsync(server);
        var model = new Model();
        var owner = await server.ConnectAsync();
        var sender = await server.ConnectAsync();
        var isOpen = false;
        await sender.OpenSenderAsync(box);
        for (var step = 0; step < Steps; step++)
        {
            switch (random.Next(10))
            {
                case 0 or 1 or 2 or 3:
                    var id = model.Ids.Count > 0 && random.Next(4) == 0 ? model.Ids[random.Next(model.Ids.Count)] : EnvelopeId.Random(RandomSource.System);
                    var answer = await sender.PostAsync(box, id, id.ToByteString().ToByteArray());
                    if (model.Post(id))
                        Assert.Equal(isOpen, answer.Posted.RecipientConnected);
                    else
                        Assert.Equal(Refusal.MailboxFull, answer.Refused.Refusal);
                    break;
                case 4 when !isOpen:
                    var opened = (await owner.OpenAsync(box)).MailboxOpened;
                    Assert.Equal(((ulong)model.Stored.Count, model.HighestAcknowledged), (opened.WaitingEnvelopes, opened.HighestAcknowledged));
                    model.Delivered = 0;
                    isOpen = true;
                    break;
                case 5 when isOpen:
                    await owner.AskAsync(new ClientFrame { CloseMailbox = new CloseMailbox { MailboxId = box.Id.ToByteString() } });
                    isOpen = false;
                    // What was on its way belongs to the closed time.
                    await owner.DisposeAsync();
                    owner = await server.ConnectAsync();
                    break;
                case 6 when random.Next(4) == 0:
                    owner.Break();
                    sender.Break();
                    await server.RestartAsync();
                    owner = await server.ConnectAsync();
                    sender = await server.ConnectAsync();
                    await sender.OpenSenderAsync(box);
                    isOpen = false;
                    break;
                case 7 when isOpen:
                    // Any sequences, given or not, alone or twice.
                    var some = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (ulong)random.Next(0, (int)model.Next + 3)).ToArray();
                    await owner.AcknowledgeAsync(box, some);
                    model.Acknowledge(some);
                    break;
                case 8 when isOpen:
                    await DrainAsync(owner, box, model);
                    break;
                case 9 when isOpen:
                    Assert.Equal((ulong)model.Stored.Count, (await MailboxTests.UsageAsync(owner, box)).StoredEnvelopes);
                    break;
            }
        }

        if (!isOpen)
        {
            await owner.OpenAsync(box);
            model.Delivered = 0;
        }

        await DrainAsync(owner, box, model);
        Assert.Equal(0u, (await MailboxTests.UsageAsync(owner, box)).StoredEnvelopes);
        await owner.DisposeAsync();
        await sender.DisposeAsync();
    }

    /// <summary>Takes and acknowledges until the model is empty. A delivery of what was acknowledged unread may be on its way; nothing else may come.</summary>
    private static async Task DrainAsync(TestClient owner, TestMailbox box, Model model)
    {
        while (model.Stored.Count > 0)
        {
            var delivery = await owner.DeliveryAsync();
            Assert.True(delivery.Sequence > model.Delivered, "delivered out of order or twice on one connection");
            model.Delivered = delivery.Sequence;
            if (model.Stored.TryGetValue(delivery.Sequence, out var expected))
                Assert.Equal(expected.ToByteString(), delivery.Envelope);
            else
                Assert.Contains(delivery.Sequence, model.Acknowledged);
            await owner.AcknowledgeAsync(box, delivery.Sequence);
            model.Acknowledge([delivery.Sequence]);
        }
    }

    private sealed class Model
    {
        public SortedDictionary<ulong, EnvelopeId> Stored { get; } = [];

        public HashSet<ulong> Acknowledged { get; } = [];

        public List<EnvelopeId> Ids { get; } = [];

        public ulong Next { get; private set; } = 1;

        public ulong HighestAcknowledged { get; private set; }

        /// <summary>The last sequence that the present opening was given.</summary>
        public ulong Delivered { get; set; }

        /// <summary>False: full.</summary>
        public bool Post(EnvelopeId id)
        {
            if (Stored.ContainsValue(id))
                return true;
            if (Stored.Count >= QuotaEnvelopes)
                return false;
            Ids.Add(id);
            Stored[Next++] = id;
            return true;
        }

        public void Acknowledge(IEnumerable<ulong> sequences)
        {
            foreach (var sequence in sequences.Where(s => s > 0 && s < Next))
            {
                Stored.Remove(sequence);
                Acknowledged.Add(sequence);
                HighestAcknowledged = Math.Max(HighestAcknowledged, sequence);
            }
        }
    }
}
