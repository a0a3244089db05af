using System.Security.Cryptography;
using Dapari.Rtc.Sctp;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Sctp;

public sealed class SctpAssociationTests
{
    private const uint Binary = 53;

    [Fact]
    public void Two_that_connect_at_once_are_connected_once()
    {
        var line = SctpLine.Connected(1);
        line.Run(1_000_000);
        Assert.Equal((1, 1), (line.EventsOfA.Count(told => told is SctpEvent.Connected), line.EventsOfB.Count(told => told is SctpEvent.Connected)));
    }

    [Fact]
    public void One_that_connects_finds_one_that_waits()
    {
        var line = new SctpLine(2);
        line.A.Connect(line.Now);
        Assert.True(line.RunUntil(() => line.A.State == SctpState.Established && line.B.State == SctpState.Established, 1_000_000));
    }

    [Fact]
    public void Connecting_survives_any_one_loss_and_heavy_loss()
    {
        for (var lost = 0; lost < 10; lost++)
        {
            var line = new SctpLine(3);
            var number = 0;
            line.Filter = (_, _) => number++ != lost;
            line.A.Connect(line.Now);
            line.B.Connect(line.Now);
            Assert.True(line.RunUntil(() => line.A.State == SctpState.Established && line.B.State == SctpState.Established, 10_000_000), $"{lost}");
        }

        for (var seed = 1ul; seed <= 100; seed++)
        {
            var line = new SctpLine(seed) { Loss = 0.3, Repeat = 0.2, Jitter = 30_000 };
            line.A.Connect(line.Now);
            line.B.Connect(line.Now);
            Assert.True(line.RunUntil(() => line.A.State == SctpState.Established && line.B.State == SctpState.Established, 60_000_000), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.05, 0.05, 5_000)]
    [InlineData(0.2, 0.1, 30_000)]
    public void What_was_sent_arrives_once_whole_and_in_order(double loss, double repeat, long jitter)
    {
        for (var seed = 1ul; seed <= 10; seed++)
        {
            var line = SctpLine.Connected(seed);
            (line.Loss, line.Repeat, line.Jitter) = (loss, repeat, jitter);
            var random = new SeededEntropy(seed);
            var sent = new Dictionary<ushort, Queue<byte[]>>();
            var waiting = new Queue<(ushort Stream, byte[] Message)>();
            for (var i = 0; i < 300; i++)
            {
                var message = new byte[1 + random.Below(i % 20 == 0 ? 100_000 : 3_000)];
                random.Fill(message);
                waiting.Enqueue(((ushort)random.Below(5), message));
            }

            var arrived = 0;
            line.Each = _ =>
            {
                while (waiting.TryPeek(out var next) && line.A.Send(next.Stream, Binary, next.Message, default, line.Now) == SctpSend.Accepted)
                {
                    waiting.Dequeue();
                    if (!sent.TryGetValue(next.Stream, out var queue))
                        sent.Add(next.Stream, queue = new Queue<byte[]>());
                    queue.Enqueue(next.Message);
                }

                while (line.B.TryReceive(out var message))
                {
                    using (message)
                    {
                        var expected = sent[message.Stream].Dequeue();
                        Assert.True(expected.AsSpan().SequenceEqual(message.Data.Span), $"seed {seed}: message {arrived}, stream {message.Stream}, {message.Data.Length} for {expected.Length} bytes, equal up to {expected.AsSpan().CommonPrefixLength(message.Data.Span)}");
                    }

                    arrived++;
                }
            };
            Assert.True(line.RunUntil(() => arrived == 300 && line.A.Buffered == 0, 300_000_000), $"seed {seed}: {arrived}, {line.A.Buffered} {line.A.State}");
        }
    }

    [Fact]
    public void A_gigabit_is_not_needed_for_full_use_of_a_line()
    {
        // 100 Mbit/s, 20 ms there and back, without loss but for its own queue: at least 0.8 of the line.
        var line = SctpLine.Connected(4);
        (line.Rate, line.Delay, line.QueueBytes) = (12_500_000, 10_000, 500_000);
        var (megabytes, micros) = Pump(line, 40 << 20);
        Assert.True(megabytes * 1e6 / micros > 0.8 * 12.5, $"{megabytes * 1e6 / micros:F1} MB/s");
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(25_000)]
    public void A_path_that_loses_by_itself_is_not_taken_for_a_full_one(long delay)
    {
        // 100 Mbit/s. TCP's formula (RFC 5681 §3.1 as Mathis has it): packet / round trip × √(3/2p).
        foreach (var loss in new[] { 0.002, 0.01 })
        {
            var line = SctpLine.Connected(9);
            (line.Rate, line.Delay, line.QueueBytes, line.Loss) = (12_500_000, delay, 500_000, loss);
            var (megabytes, micros) = Pump(line, 40 << 20);
            var formula = 1_168 / (2e-6 * delay) * Math.Sqrt(1.5 / loss);
            var reached = megabytes * 1e6 / micros * 1e6;
            Assert.True(reached >= Math.Min(5 * formula, 0.6 * 12.5e6), $"{reached / 1e6:F2} MB/s, by formula {formula / 1e6:F2}");
        }
    }

    [Fact]
    public void A_short_queue_is_not_kept_overflowing()
    {
        var line = SctpLine.Connected(10);
        (line.Rate, line.Delay, line.QueueBytes) = (12_500_000, 20_000, 30_000);
        var (megabytes, micros) = Pump(line, 40 << 20);
        Assert.True(megabytes * 1e6 / micros > 0.6 * 12.5, $"{megabytes * 1e6 / micros:F1} MB/s");
        Assert.InRange(line.Dropped * 1_168.0 / (40 << 20), 0, 0.06);
    }

    [Fact]
    public void One_lost_packet_in_a_hundred_does_not_stop_it()
    {
        for (var seed = 1ul; seed <= 3; seed++)
        {
            var line = SctpLine.Connected(seed);
            (line.Rate, line.Delay, line.Loss, line.Repeat, line.Jitter) = (12_500_000, 10_000, 0.05, 0.01, 3_000);
            var last = line.Now;
            var longest = 0L;
            Pump(line, 4 << 20, () => (longest, last) = (Math.Max(longest, line.Now - last), line.Now));
            Assert.True(longest < 5_000_000, $"seed {seed}: nothing came for {longest / 1000} ms");
        }
    }

    [Fact]
    public void A_reader_that_does_not_read_costs_bounded_memory_and_the_rest_comes_when_it_does()
    {
        var line = SctpLine.Connected(5, b: new SctpOptions { ReceiveBuffer = 200_000 });
        var message = RandomNumberGenerator.GetBytes(50_000);
        for (var i = 0; i < 40; i++)
            Assert.Equal(SctpSend.Accepted, line.A.Send(1, Binary, message, default, line.Now));
        line.Run(20_000_000);
        var before = line.Packets;
        line.Run(20_000_000);
        // It asks for room now and then.
        Assert.InRange(line.Packets - before, 1, 60);
        var taken = 0;
        line.Each = _ =>
        {
            while (line.B.TryReceive(out var read))
            {
                Assert.True(read.Data.Span.SequenceEqual(message));
                read.Dispose();
                taken++;
            }
        };
        Assert.True(line.RunUntil(() => taken == 40, 60_000_000), $"{taken}");
    }

    [Fact]
    public void A_full_sender_says_so()
    {
        var line = SctpLine.Connected(6, a: new SctpOptions { SendBuffer = 100_000 });
        Assert.Equal(SctpSend.Accepted, line.A.Send(1, Binary, new byte[90_000], default, line.Now));
        Assert.Equal(SctpSend.Full, line.A.Send(1, Binary, new byte[20_000], default, line.Now));
        Assert.True(line.RunUntil(() => line.A.Buffered == 0, 10_000_000));
        Assert.Equal(SctpSend.Accepted, line.A.Send(1, Binary, new byte[20_000], default, line.Now));
        Assert.Equal(SctpSend.BadLength, line.A.Send(1, Binary, [], default, line.Now));
        Assert.Equal(SctpSend.BadLength, line.A.Send(1, Binary, new byte[300_000], default, line.Now));
        Assert.Equal(SctpSend.BadStream, line.A.Send(5000, Binary, new byte[3], default, line.Now));
    }

    [Fact]
    public void What_may_be_lost_is_given_up_and_what_follows_comes()
    {
        for (var seed = 1ul; seed <= 30; seed++)
        {
            var line = SctpLine.Connected(seed);
            (line.Loss, line.Jitter) = (0.25, 10_000);
            var got = new List<int>();
            line.Each = _ => Take(line.B, got);
            for (var i = 0; i < 200; i++)
            {
                var message = new byte[i % 7 == 0 ? 5_000 : 40];
                BitConverter.TryWriteBytes(message, i);
                line.A.Send(3, Binary, message, i % 2 == 0 ? new SctpDelivery(MaxRetransmits: 0) : new SctpDelivery(Lifetime: 60_000), line.Now);
                line.Run(3_000);
            }

            BitConverter.TryWriteBytes(new byte[4], 0);
            var last = new byte[8];
            BitConverter.TryWriteBytes(last, 1000);
            line.A.Send(3, Binary, last, default, line.Now);
            Assert.True(line.RunUntil(() => got.Contains(1000) && line.A.Buffered == 0, 60_000_000), $"seed {seed}: {got.Count} came, {line.A.Buffered} left");
            Assert.True(got.Count is > 60 and < 201, $"seed {seed}: {got.Count}");
            Assert.True(got.SequenceEqual(got.Order()), $"seed {seed}: order");
        }
    }

    [Fact]
    public void Without_order_a_message_does_not_wait_for_an_earlier_one()
    {
        var line = SctpLine.Connected(7);
        var dropped = false;
        line.Filter = (from, packet) => from != line.A || dropped || !(dropped = packet.Length > 60);
        var got = new List<int>();
        line.Each = _ => Take(line.B, got);
        for (var i = 0; i < 3; i++)
        {
            var message = new byte[800];
            BitConverter.TryWriteBytes(message, i);
            line.A.Send(1, Binary, message, new SctpDelivery(Unordered: true), line.Now);
            line.Run(100);
        }

        Assert.True(line.RunUntil(() => got.Count == 3, 5_000_000));
        Assert.Equal([1, 2, 0], got);
    }

    [Fact]
    public void A_stream_is_reset_when_all_of_it_arrived_and_begins_anew()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var line = SctpLine.Connected(seed);
            (line.Loss, line.Jitter) = (0.15, 20_000);
            var got = new List<int>();
            line.Each = _ => Take(line.B, got);
            for (var round = 0; round < 3; round++)
            {
                for (var i = 0; i < 10; i++)
                    line.A.Send(4, Binary, BitConverter.GetBytes((round * 10) + i), default, line.Now);
                line.A.ResetStream(4, line.Now);
                Assert.Equal(SctpSend.BadStream, line.A.Send(4, Binary, [1], default, line.Now));
                var resets = round + 1;
                Assert.True(line.RunUntil(() => line.EventsOfA.Count(told => told is SctpEvent.OutgoingReset { Stream: 4 }) == resets, 60_000_000), $"seed {seed}");
                Assert.Equal(resets, line.EventsOfB.Count(told => told is SctpEvent.IncomingReset { Stream: 4 }));
            }

            Assert.True(line.RunUntil(() => got.Count == 30, 1_000_000));
            Assert.Equal(Enumerable.Range(0, 30), got);
        }
    }

    [Fact]
    public void Shutting_down_lets_everything_arrive_first()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var line = SctpLine.Connected(seed);
            (line.Loss, line.Jitter) = (0.15, 20_000);
            var got = new List<int>();
            line.Each = _ => Take(line.B, got);
            for (var i = 0; i < 50; i++)
                line.A.Send(4, Binary, BitConverter.GetBytes(i), default, line.Now);
            line.A.Shutdown(line.Now);
            if (seed % 2 == 0)
                line.B.Shutdown(line.Now);
            Assert.True(line.RunUntil(() => line.A.State == SctpState.Ended && line.B.State == SctpState.Ended, 200_000_000), $"seed {seed}: {line.A.State}, {line.B.State}");
            Assert.Equal(50, got.Count);
            Assert.True(line.EventsOfA.Contains(new SctpEvent.Ended(SctpEnd.ShutDown)), $"seed {seed}: {string.Join(' ', line.EventsOfA)}; {string.Join(' ', line.EventsOfB)}");
        }
    }

    [Fact]
    public void Who_vanishes_is_found_out()
    {
        var line = SctpLine.Connected(8);
        line.Filter = (_, _) => false;
        Assert.True(line.RunUntil(() => line.A.State == SctpState.Ended, 120_000_000));
        Assert.Contains(new SctpEvent.Ended(SctpEnd.TimedOut), line.EventsOfA);
    }

    [Fact]
    public void Breaking_off_is_heard()
    {
        var line = SctpLine.Connected(9);
        line.A.Close();
        Assert.True(line.RunUntil(() => line.B.State == SctpState.Ended, 1_000_000));
        Assert.Contains(new SctpEvent.Ended(SctpEnd.Aborted), line.EventsOfB);
        Assert.Equal(SctpSend.Closed, line.A.Send(1, Binary, [1], default, line.Now));
    }

    private static void Take(SctpAssociation from, List<int> got)
    {
        while (from.TryReceive(out var message))
        {
            using (message)
                got.Add(BitConverter.ToInt32(message.Data.Span));
        }
    }

    private static (double Megabytes, long Micros) Pump(SctpLine line, long bytes, Action? came = null)
    {
        var message = new byte[64 << 10];
        var (left, got, begun) = (bytes, 0L, line.Now);
        line.Each = _ =>
        {
            while (left > 0 && line.A.Send(1, Binary, message, default, line.Now) == SctpSend.Accepted)
                left -= message.Length;
            while (line.B.TryReceive(out var read))
            {
                got += read.Data.Length;
                read.Dispose();
                came?.Invoke();
            }
        };
        Assert.True(line.RunUntil(() => got >= bytes, 600_000_000), $"{got} of {bytes}");
        return (bytes / 1e6, line.Now - begun);
    }
}
