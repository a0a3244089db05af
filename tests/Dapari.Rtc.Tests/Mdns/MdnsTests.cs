using Dapari.Rtc.Mdns;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Mdns;

public sealed class MdnsTests
{
    private static readonly Endpoint Address = Endpoint.V4(0xC0A8_0105, 0);

    [Fact]
    public void A_name_is_found_at_the_end_that_has_it()
    {
        var (asker, owner) = (new MdnsAgent(), new MdnsAgent());
        var name = MdnsAgent.NewName(new SeededEntropy(1));
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\.local$", name);
        Assert.True(owner.Publish(name, Address));
        Assert.True(asker.Resolve(name.ToUpperInvariant().Replace(".LOCAL", ".local", StringComparison.Ordinal), 0));
        Assert.True(asker.TryTake(out var question));
        owner.Receive(question, 0);
        // Once a second, however often it is asked.
        owner.Receive(question, 10);
        Assert.True(owner.TryTake(out var answer));
        Assert.False(owner.TryTake(out _));
        asker.Receive(answer, 20);
        Assert.True(asker.TryTakeFound(out var found, out var address));
        Assert.Equal((name, Address), (found.ToLowerInvariant(), address));
        Assert.False(asker.TryTakeFound(out _, out _));
        Assert.Equal(long.MaxValue, asker.NextDeadlineUs);
    }

    [Fact]
    public void A_question_that_nobody_answers_is_repeated_rarer_and_ends()
    {
        var agent = new MdnsAgent();
        Assert.True(agent.Resolve("a.local", 0));
        var (count, now) = (0, 0L);
        while (agent.TryTake(out _) | agent.NextDeadlineUs < long.MaxValue)
        {
            count++;
            now = Math.Max(now, Math.Min(agent.NextDeadlineUs, long.MaxValue / 2));
            agent.Advance(now);
        }

        Assert.InRange(count, 5, 6);
        Assert.False(agent.Resolve("example.com", 0));
        Assert.False(agent.Resolve("a.b.local", 0));
    }

    [Fact]
    public void Bytes_lie_as_the_standard_says_and_pointers_only_lead_backwards()
    {
        // RFC 1035 §4.1, §4.1.4: an answer for x.local whose second record points to the first one's name.
        byte[] message =
        [
            0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0,
            1, (byte)'x', 5, (byte)'l', (byte)'o', (byte)'c', (byte)'a', (byte)'l', 0, 0, 16, 0x80, 1, 0, 0, 0, 120, 0, 1, 0,
            0xC0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 168, 1, 5,
        ];
        var addresses = new Endpoint[2];
        Assert.Equal(1, MdnsMessage.ReadAddresses(message, "X.local", addresses));
        Assert.Equal(Address, addresses[0]);
        Assert.Equal(0, MdnsMessage.ReadAddresses(message, "y.local", addresses));
        Assert.False(MdnsMessage.Asks(message, "x.local"));
        for (var length = 0; length < message.Length; length++)
            Assert.Equal(0, MdnsMessage.ReadAddresses(message.AsSpan(0, length), "x.local", addresses));
        // To itself, and forwards.
        foreach (var target in new byte[] { 32, 40 })
        {
            var loops = message.ToArray();
            loops[33] = target;
            Assert.Equal(0, MdnsMessage.ReadAddresses(loops, "x.local", addresses));
        }
    }

    [Fact]
    public void Anything_at_all_may_come_to_the_group()
    {
        var random = new SeededEntropy(3);
        var agent = new MdnsAgent();
        agent.Publish("a.local", Address);
        agent.Resolve("b.local", 0);
        Assert.True(agent.TryTake(out var sample));
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = i % 2 == 0 ? sample.ToArray() : new byte[random.Below(80)];
            if (i % 2 == 0)
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            else
                random.Fill(bytes);
            agent.Receive(bytes, i);
        }

        Assert.False(agent.TryTakeFound(out _, out _));
    }
}
