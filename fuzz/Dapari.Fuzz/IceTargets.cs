using System.Text;
using Dapari.Rtc;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What the other end of ICE says: candidate lines, and datagrams to an agent that is looking for it.</summary>
internal static class IceTargets
{
    private const string Password = "0123456789012345678901";

    private static readonly Endpoint Here = Endpoint.V4(0x09090909, 4000);

    private static readonly Endpoint There = Endpoint.V4(0x06060606, 6000);

    public static IEnumerable<Target> All => [new("ice-candidate", Lines, Line), new("ice-datagram", Datagrams, Datagram), new("ice-tcp", Frames, Frame)];

    private static IEnumerable<byte[]> Frames() => [TcpFrame.Of([1, 2, 3]), [.. TcpFrame.Of([]), .. TcpFrame.Of(new byte[300])], [0xFF, 0xFF, 1]];

    private static string Frame(byte[] input)
    {
        ReadOnlySpan<byte> rest = input;
        var (count, read) = (0, 0);
        while (TcpFrame.TryRead(ref rest, out var datagram))
        {
            var frame = TcpFrame.Of(datagram);
            Require(input.AsSpan(read, frame.Length).SequenceEqual(frame), "reads what it would write");
            read += frame.Length;
            count++;
        }

        Require(read + rest.Length == input.Length, "leaves the rest alone");
        Require(TcpFrame.LengthOf(rest) is var needed && needed > rest.Length && needed <= TcpFrame.Longest, "says how much is missing");
        return count switch { 0 => "none", 1 => "one", _ => "several" };
    }

    private static IEnumerable<byte[]> Lines() =>
    [
        [.. "candidate:1 1 udp 2130706431 203.0.113.141 8998 typ host"u8], [.. "a=candidate:2 1 UDP 1694498815 2001:db8::1 45664 typ srflx raddr 10.0.0.1 rport 8998 generation 0 ufrag EEtu"u8],
        [.. "candidate:1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active"u8], [.. "candidate:2 1 tcp 2124414975 2001:db8::1 49688 typ srflx raddr 10.0.0.1 rport 9 tcptype passive ufrag EEtu"u8],
        [.. "candidate:9 1 udp 2113937151 4fb3f1b2-0d2c-4a8e-9d0b-3c1b2a0d1e2f.local 51473 typ host"u8],
    ];

    private static string Line(byte[] input)
    {
        if (!IceCandidate.TryParse(Encoding.UTF8.GetString(input), out var candidate))
            return "refused";
        Require(candidate.Priority is > 0 and <= int.MaxValue && (candidate.Name is null) != candidate.Address.IsNone, "an address or a name");
        Require(IceCandidate.TryParse(candidate.ToString(), out var again) && again.Address == candidate.Address && again.Name == candidate.Name, "reads what it wrote");
        return $"{candidate.Type} {candidate.Name is null} {candidate.Related.IsNone}";
    }

    private static IEnumerable<byte[]> Datagrams()
    {
        var agent = Agent();
        Require(agent.TryTake(out IceDatagram check), "a check goes out");
        Require(StunMessage.TryRead(check.Bytes, out var request, out _), "and is one");
        return
        [
            Write(StunClass.Request, "transaction!"u8, agent.Local.Fragment + ":them", agent.Local.Password),
            Write(StunClass.Success, request.TransactionId, null, Password),
            Write(StunClass.Error, request.TransactionId, null, Password),
            Write(StunClass.Indication, "transaction!"u8, null, null),
        ];
    }

    private static string Datagram(byte[] input)
    {
        var agent = Agent();
        var receipt = agent.Receive(Here, There, input, 1_050);
        var sent = 0;
        while (agent.TryTake(out IceDatagram datagram))
        {
            Require(datagram.Bytes.Length <= 300 && StunMessage.TryRead(datagram.Bytes, out _, out _), "what goes out is STUN, and small");
            sent++;
        }

        Require(sent <= 4, "few answers to one datagram");
        agent.Tick(2_000);
        return $"{receipt} {agent.State} {agent.MayReceive(Here, There)}";
    }

    private static IceAgent Agent()
    {
        var agent = new IceAgent(new IceOptions { Controlling = true }, new Same());
        agent.AddBase(Here, CandidateType.Host, 65535, 1_000);
        agent.SetRemote(new IceCredentials("them", Password), 1_000);
        agent.AddRemote(new IceCandidate("1", 100, There, CandidateType.Host), 1_000);
        return agent;
    }

    private static byte[] Write(StunClass kind, ReadOnlySpan<byte> id, string? username, string? password)
    {
        var bytes = new byte[400];
        var writer = new StunWriter(bytes, kind, StunMethod.Binding, id);
        if (username is not null)
            Username.Write(ref writer, Encoding.UTF8.GetBytes(username));
        if (kind == StunClass.Request)
        {
            Priority.Write(ref writer, 99);
            IceControlled.Write(ref writer, 1);
        }

        if (kind == StunClass.Success)
            XorMappedAddress.Write(ref writer, Here);
        if (kind == StunClass.Error)
            ErrorCode.Write(ref writer, 487, "Role Conflict"u8);
        if (password is not null)
            MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(password));
        Fingerprint.Write(ref writer);
        return writer.TryFinish(out var length) ? bytes[..length] : throw new InvalidOperationException("Too long.");
    }

    // Each agent makes the same names and numbers, so that an input that was authentic once is so again.
    private sealed class Same : Entropy
    {
        private byte _next;

        public override void Fill(Span<byte> destination)
        {
            foreach (ref var value in destination)
                value = unchecked(_next += 37);
        }
    }
}
