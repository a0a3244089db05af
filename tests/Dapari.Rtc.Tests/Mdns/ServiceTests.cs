using System.Text;
using Dapari.Rtc.Mdns;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Mdns;

/// <summary>Services on a network: what is written is read, who offers is found, and nobody says more than is wanted.</summary>
public sealed class ServiceTests
{
    private const string Service = "_dapari._tcp.local";
    private static readonly ServiceInstance Instance = new(
        "1f2e3d4c", 4000, new byte[] { 3, (byte)'n', (byte)'=', 7 }, [Endpoint.V4(0xC0A8_0105, 0), Endpoint.V6(0xFE80_0000_0000_0000, 9, 0)]);

    [Fact]
    public void What_is_told_is_read()
    {
        var bytes = new byte[MdnsMessage.Longest];
        var length = ServiceMessage.WriteAnswer(bytes, Service, Instance, gone: false);
        Assert.True(ServiceMessage.TryRead(bytes.AsSpan(0, length), Service, out var read, out var gone));
        Assert.False(gone);
        Assert.Equal((Instance.Name, Instance.Port), (read.Name, read.Port));
        Assert.Equal(Instance.Text.ToArray(), read.Text.ToArray());
        Assert.Equal(Instance.Addresses, read.Addresses);
        // Not a byte of it is missing without being missed, and none is read past its end.
        for (var cut = 0; cut < length; cut++)
            Assert.False(ServiceMessage.TryRead(bytes.AsSpan(0, cut), Service, out read, out _) && read.Addresses.Count == Instance.Addresses.Count);
        Assert.False(ServiceMessage.TryRead(bytes.AsSpan(0, length), "_other._tcp.local", out _, out _));
        length = ServiceMessage.WriteAnswer(bytes, Service, Instance, gone: true);
        Assert.True(ServiceMessage.TryRead(bytes.AsSpan(0, length), Service, out read, out gone));
        Assert.True(gone);
        Assert.Equal(Instance.Name, read.Name);
    }

    [Fact]
    public void The_longest_instance_fits_a_message()
    {
        var longest = new ServiceInstance(
            new string('a', ServiceInstance.LongestName), 1, new byte[ServiceInstance.LongestText], [.. Enumerable.Repeat(Endpoint.V6(1, 2, 0), ServiceInstance.MostAddresses)]);
        var bytes = new byte[MdnsMessage.Longest];
        var length = ServiceMessage.WriteAnswer(bytes, Service, longest, gone: false);
        Assert.True(ServiceMessage.TryRead(bytes.AsSpan(0, length), Service, out var read, out _));
        Assert.Equal(ServiceInstance.LongestText, read.Text.Length);
        Assert.Throws<ArgumentException>(() => ServiceMessage.WriteAnswer(bytes, Service, longest with { Name = new string('a', ServiceInstance.LongestName + 1) }, gone: false));
    }

    [Fact]
    public void An_answer_of_another_maker_is_read_with_its_pointers()
    {
        // RFC 6763 §12.1 as other responders write it: names shortened by pointers, the SRV's target too (RFC 6762 §18.14).
        byte[] message =
        [
            0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 3,
            7, .. "_dapari"u8, 4, .. "_tcp"u8, 5, .. "local"u8, 0, 0, 12, 0, 1, 0, 0, 0x11, 0x94, 0, 4, 1, (byte)'x', 0xC0, 12,
            0xC0, 42, 0, 33, 0x80, 1, 0, 0, 0, 120, 0, 10, 0, 0, 0, 0, 0x0F, 0xA0, 1, (byte)'h', 0xC0, 25,
            0xC0, 42, 0, 16, 0x80, 1, 0, 0, 0x11, 0x94, 0, 2, 1, (byte)'t',
            0xC0, 64, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 168, 1, 5,
        ];
        Assert.True(ServiceMessage.TryRead(message, Service, out var read, out _));
        Assert.Equal(("x", 4000), (read.Name, read.Port));
        Assert.Equal([Endpoint.V4(0xC0A8_0105, 0)], read.Addresses);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a.b")]
    [InlineData("caffè")]
    [InlineData("0123456789012345678901234567890123")]
    public void Names_that_nobody_has_here_are_not_read(string name)
    {
        var bytes = Encoding.Latin1.GetBytes(name);
        byte[] message =
        [
            0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7, .. "_dapari"u8, 4, .. "_tcp"u8, 5, .. "local"u8, 0, 0, 12, 0, 1, 0, 0, 0, 0, 0, (byte)(bytes.Length + 3),
            (byte)bytes.Length, .. bytes, 0xC0, 12,
        ];
        Assert.False(ServiceMessage.TryRead(message, Service, out _, out _));
    }

    [Fact]
    public void Who_asks_finds_who_offers_and_who_was_asked_says_it_once_a_second()
    {
        var (asker, owner) = (new ServiceAgent(Service, new SeededEntropy(1)), new ServiceAgent(Service, new SeededEntropy(2)));
        owner.Offer(Instance, 0);
        owner.Advance(0);
        Assert.True(owner.TryTake(out var told));
        asker.Receive(told, 0);
        Assert.True(asker.TryTakeFound(out var found, out var gone));
        Assert.Equal((Instance.Name, false), (found.Name, gone));
        // Its second announcement, and then nothing of itself.
        owner.Advance(owner.NextDeadlineUs);
        Assert.True(owner.TryTake(out _));
        Assert.Equal(long.MaxValue, owner.NextDeadlineUs);

        asker.Browse(5_000_000);
        asker.Advance(asker.NextDeadlineUs);
        Assert.True(asker.TryTake(out var question));
        owner.Receive(question, 6_000_000);
        owner.Receive(question, 6_000_000);
        Assert.InRange(owner.NextDeadlineUs, 6_020_000, 6_120_000);
        owner.Advance(owner.NextDeadlineUs);
        Assert.True(owner.TryTake(out _));
        Assert.False(owner.TryTake(out _));
        owner.Receive(question, 6_200_000);
        Assert.InRange(owner.NextDeadlineUs, 7_000_000, 7_200_000);
    }

    [Fact]
    public void A_question_that_knows_the_answer_is_not_answered()
    {
        var owner = new ServiceAgent(Service, new SeededEntropy(1));
        owner.Offer(Instance, 0);
        owner.Advance(0);
        owner.Advance(1_000_000);
        var bytes = new byte[512];
        // As its own question comes back to it from the group.
        owner.Receive(bytes.AsSpan(0, ServiceMessage.WriteQuery(bytes, Service, Instance.Name)), 9_000_000);
        Assert.Equal(long.MaxValue, owner.NextDeadlineUs);
        owner.Receive(bytes.AsSpan(0, ServiceMessage.WriteQuery(bytes, Service, "another")), 9_000_000);
        Assert.NotEqual(long.MaxValue, owner.NextDeadlineUs);
    }

    [Fact]
    public void Its_own_word_is_no_find_and_what_is_withdrawn_is_said_to_be_gone()
    {
        var (owner, asker) = (new ServiceAgent(Service, new SeededEntropy(1)), new ServiceAgent(Service, new SeededEntropy(2)));
        owner.Offer(Instance, 0);
        owner.Advance(0);
        Assert.True(owner.TryTake(out var told));
        owner.Receive(told, 0);
        Assert.False(owner.TryTakeFound(out _, out _));
        owner.Withdraw();
        Assert.True(owner.TryTake(out var goodbye));
        asker.Receive(goodbye, 1);
        Assert.True(asker.TryTakeFound(out _, out var gone));
        Assert.True(gone);
        // What was never told is not taken back.
        owner.Offer(Instance, 10);
        owner.Withdraw();
        Assert.False(owner.TryTake(out _));
    }

    [Fact]
    public void Questions_come_rarer_and_rarer_and_finds_that_nobody_takes_have_an_end()
    {
        var agent = new ServiceAgent(Service, new SeededEntropy(1));
        agent.Browse(0);
        var at = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            at.Add(agent.NextDeadlineUs);
            agent.Advance(agent.NextDeadlineUs);
        }

        var waits = at.Zip(at.Skip(1), (one, next) => next - one).ToList();
        Assert.Equal(1_000_000, waits[0]);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.Equal(Math.Min(2 * pair.First, 3_600_000_000), pair.Second));
        var bytes = new byte[MdnsMessage.Longest];
        for (var i = 0; i < 100; i++)
            agent.Receive(bytes.AsSpan(0, ServiceMessage.WriteAnswer(bytes, Service, Instance with { Name = "n" + i }, gone: false)), 0);
        var found = 0;
        while (agent.TryTakeFound(out _, out _))
            found++;
        Assert.Equal(ServiceAgent.MostFound, found);
    }
}
