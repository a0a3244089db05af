using Dapari.Rtc;
using Dapari.Rtc.Mdns;
using Dapari.Wire;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What anybody on a network can say to the groups of multicast DNS, and what an announcement holds.</summary>
internal static class NearbyTargets
{
    private const string Service = "_dapari._tcp.local";
    private static readonly ServiceInstance Own = new("00112233aabbccdd", 4000, new byte[] { 1, (byte)'x' }, [Endpoint.V4(0xC0A8_0105, 0)]);

    public static IEnumerable<Target> All => [new("dns-sd", Messages, Message), new("nearby-text", Texts, Text)];

    private static IEnumerable<byte[]> Messages()
    {
        var bytes = new byte[MdnsMessage.Longest];
        yield return bytes[..ServiceMessage.WriteQuery(bytes, Service, null)];
        yield return bytes[..ServiceMessage.WriteQuery(bytes, Service, Own.Name)];
        yield return bytes[..ServiceMessage.WriteAnswer(bytes, Service, Own with { Name = "other" }, gone: false)];
        yield return bytes[..ServiceMessage.WriteAnswer(bytes, Service, Own with { Name = "other" }, gone: true)];
        // As other responders write it: with pointers.
        yield return
        [
            0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 3,
            7, .. "_dapari"u8, 4, .. "_tcp"u8, 5, .. "local"u8, 0, 0, 12, 0, 1, 0, 0, 0x11, 0x94, 0, 4, 1, (byte)'x', 0xC0, 12,
            0xC0, 42, 0, 33, 0x80, 1, 0, 0, 0, 120, 0, 10, 0, 0, 0, 0, 0x0F, 0xA0, 1, (byte)'h', 0xC0, 25,
            0xC0, 42, 0, 16, 0x80, 1, 0, 0, 0x11, 0x94, 0, 2, 1, (byte)'t',
            0xC0, 64, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 168, 1, 5,
        ];
    }

    private static string Message(byte[] input)
    {
        var agent = new ServiceAgent(Service, Entropy.System);
        agent.Offer(Own, 0);
        agent.Advance(0);
        agent.Advance(1_000_000);
        while (agent.TryTake(out _))
        {
        }

        agent.Receive(input, 5_000_000);
        var asked = agent.NextDeadlineUs != long.MaxValue;
        Require(!asked || agent.NextDeadlineUs is >= 5_020_000 and <= 5_120_000, "answers soon, and not at once");
        if (asked)
            agent.Advance(agent.NextDeadlineUs);
        var sent = 0;
        while (agent.TryTake(out var message))
            sent += message.Length;
        Require(asked ? sent is > 0 and <= MdnsMessage.Longest : sent == 0, "one message is answered by one at most");
        if (!agent.TryTakeFound(out var found, out var gone))
            return asked ? "asked" : "nothing";
        Require(ServiceInstance.IsName(found.Name) && found.Name != Own.Name && found.Addresses.Count <= ServiceInstance.MostAddresses && found.Text.Length <= ServiceInstance.LongestText, "within its limits");
        if (gone)
            return "gone";
        Require(found.Port != 0 && found.Text.Length > 0, "all of it");
        var bytes = new byte[MdnsMessage.Longest];
        var length = ServiceMessage.WriteAnswer(bytes, Service, found, gone: false);
        Require(
            ServiceMessage.TryRead(bytes.AsSpan(0, length), Service, out var again, out _) && again.Name == found.Name && again.Port == found.Port
                && again.Text.Span.SequenceEqual(found.Text.Span) && again.Addresses.SequenceEqual(found.Addresses),
            "reads what it wrote");
        return "found " + found.Addresses.Count;
    }

    private static IEnumerable<byte[]> Texts()
    {
        var random = new SeededRandom(1);
        yield return NearbyText.Write(new byte[NearbyText.NonceLength], [], random);
        yield return NearbyText.Write(new byte[NearbyText.NonceLength], [new byte[NearbyText.TagLength]], random);
    }

    private static string Text(byte[] input)
    {
        if (!NearbyText.TryRead(input, out var nonce, out var tags))
            return "none";
        Require(nonce.Length == NearbyText.NonceLength && tags.Length == NearbyText.TagsLength, "of its lengths");
        Require(NearbyText.Holds(tags, tags.AsSpan(^NearbyText.TagLength)), "holds what it has");
        return "read";
    }
}
