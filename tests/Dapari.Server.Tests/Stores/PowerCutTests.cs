using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Server.Tests.Stores;

/// <summary>
/// Random walks beside a model: posts, repeats, acknowledgements, settling, and an end at any call to the disk, by a kill or a power cut. A failing walk's seed is in its name.
/// </summary>
public sealed class PowerCutTests
{
    private const int Lives = 12;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory, MemberData(nameof(Seeds))]
    public async Task Whenever_it_ends_what_was_answered_is_there_once_and_in_order(int seed)
    {
        var random = new Random(seed);
        using var bench = new StoreWorkbench(new PowerCutFolder(random));
        var boxes = Enumerable.Range(0, 5).Select(_ => new Box(bench.NewMailbox())).ToArray();
        for (var life = 0; life < Lives; life++)
        {
            bench.Disk.OffAfter = random.Next(5, 120);
            try
            {
                while (true)
                    Act(bench, boxes, random);
            }
            catch (PowerOffException)
            {
                // Now, then.
            }

            bench.Restart(d =>
            {
                if (random.Next(3) == 0)
                    d.Kill();
                else
                    d.Cut();
            });
            foreach (var box in boxes)
                await box.CheckAsync(bench);
            if (random.Next(4) == 0)
            {
                bench.Settle();
                foreach (var box in boxes)
                    await box.CheckAsync(bench);
            }
        }
    }

    private static void Act(StoreWorkbench bench, Box[] boxes, Random random)
    {
        if (bench.Store.WantsStep && random.Next(3) == 0)
        {
            bench.Store.Step();
            return;
        }

        if (random.Next(20) == 0)
            bench.Store.Tick();
        var posts = new List<(Box Box, byte[] Id, PostOperation Post)>();
        var acknowledgements = new List<(Box Box, ulong[] Sequences, AcknowledgeOperation Operation)>();
        var operations = new List<MailboxOperation>();
        for (var count = random.Next(1, 6); count > 0; count--)
        {
            var box = boxes[random.Next(boxes.Length)];
            if (random.Next(3) > 0 || box.Stored.Count == 0)
            {
                // Sometimes again what lies there or lay there.
                var id = random.Next(8) == 0 && box.Stored.Count > 0 ? box.Stored.Values.ElementAt(random.Next(box.Stored.Count)) : NewId(random);
                var post = StoreWorkbench.Post(box.Number, id, Box.Envelope(id));
                posts.Add((box, id, post));
                operations.Add(post);
            }
            else
            {
                ulong[] some = [.. box.Stored.Keys.Skip(random.Next(3)).Take(random.Next(1, 12))];
                var acknowledge = StoreWorkbench.Acknowledge(box.Number, some);
                acknowledgements.Add((box, some, acknowledge));
                operations.Add(acknowledge);
            }
        }

        // Until it is answered nobody knows.
        foreach (var (box, id, _) in posts)
            box.Perhaps.Add(Convert.ToHexString(id));
        foreach (var (box, sequences, _) in acknowledgements)
            box.PerhapsGone.UnionWith(sequences);
        bench.Run([.. operations]);
        foreach (var (box, id, post) in posts)
        {
            Assert.True(post.IsKept);
            box.Posted(post, id);
        }

        foreach (var (box, sequences, operation) in acknowledgements)
        {
            Assert.True(operation.IsKept);
            foreach (var sequence in sequences)
                box.Stored.Remove(sequence);
            box.PerhapsGone.ExceptWith(sequences);
        }
    }

    private static byte[] NewId(Random random)
    {
        var id = new byte[16];
        random.NextBytes(id);
        return id;
    }

    /// <summary>What a mailbox has to hold.</summary>
    private sealed class Box(long number)
    {
        private ulong _highest;

        public long Number { get; } = number;

        public SortedDictionary<ulong, byte[]> Stored { get; } = [];

        /// <summary>Ids whose post was not answered when it ended.</summary>
        public HashSet<string> Perhaps { get; } = [];

        /// <summary>Sequences whose acknowledgement was not answered when it ended.</summary>
        public HashSet<ulong> PerhapsGone { get; } = [];

        /// <summary>An envelope that is made of its id: what lies there can be checked.</summary>
        public static byte[] Envelope(byte[] id)
        {
            var envelope = new byte[1 + id[0] * 4];
            new Random(BitConverter.ToInt32(id)).NextBytes(envelope);
            return envelope;
        }

        public void Posted(PostOperation post, byte[] id)
        {
            Assert.Equal(Refusal.Unspecified, post.Refusal);
            Perhaps.Remove(Convert.ToHexString(id));
            if (post.Sequence == 0)
            {
                Assert.Contains(Stored.Values, id.AsSpan().ToArray().SequenceEqual);
                return;
            }

            Assert.True((ulong)post.Sequence > _highest, "a sequence was given again");
            _highest = (ulong)post.Sequence;
            Stored.Add(_highest, id);
        }

        public async Task CheckAsync(StoreWorkbench bench)
        {
            var rows = await bench.ReadAsync(Number);
            Assert.Equal(rows.Select(r => r.Sequence).Order().Distinct(), rows.Select(r => r.Sequence));
            Assert.Equal(rows.Count, rows.Select(r => Convert.ToHexString(r.Id)).Distinct().Count());
            foreach (var row in rows)
            {
                Assert.Equal(Envelope(row.Id), row.Envelope);
                if (Stored.TryGetValue((ulong)row.Sequence, out var id))
                    Assert.Equal(id, row.Id);
                else
                    Assert.True(Perhaps.Contains(Convert.ToHexString(row.Id)), $"{row.Sequence} of mailbox {Number} came back");
            }

            var there = rows.Select(r => (ulong)r.Sequence).ToHashSet();
            foreach (var lost in Stored.Keys.Where(s => !there.Contains(s) && !PerhapsGone.Contains(s)))
                Assert.Fail($"{lost} of mailbox {Number} is lost");
            var usage = await bench.UsageAsync(Number);
            Assert.Equal((rows.Count, rows.Sum(r => (long)r.Envelope.Length)), (usage.Envelopes, usage.Bytes));

            Stored.Clear();
            foreach (var row in rows)
                Stored[(ulong)row.Sequence] = row.Id;
            _highest = Math.Max(_highest, there.DefaultIfEmpty(0ul).Max());
            Perhaps.Clear();
            PerhapsGone.Clear();
        }
    }
}
