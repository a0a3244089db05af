using Dapari.Rtc;
using Dapari.Rtc.Sctp;
using Dapari.Rtc.Sctp.Chunks;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What the other end of an association says once the channel under it is open: the chunks of several packets, in any state.</summary>
internal static class SctpTargets
{
    private static readonly byte[] Buffer = new byte[2048];

    public static IEnumerable<Target> All => [new("sctp-packet", Packets, Packet), new("sctp-chunks", () => Chunks().Select(chunks => (byte[])[18, .. chunks]).Concat(Interleaved().Select(chunks => (byte[])[50, .. chunks])), Run)];

    private static IEnumerable<byte[]> Packets() => Chunks().Select(chunks =>
    {
        byte[] packet = [.. new byte[SctpPacket.HeaderLength], .. chunks];
        SctpPacket.WriteHeader(packet, 5000, 5000, 7);
        SctpPacket.Seal(packet);
        return packet;
    });

    private static string Packet(byte[] input)
    {
        if (!SctpPacket.TryRead(input, out var packet, out var fault))
        {
            Require(fault != SctpFault.None, "a reason");
            return fault.ToString();
        }

        var (count, bytes) = (0, 0);
        foreach (var chunk in packet.Chunks)
            (count, bytes) = (count + 1, bytes + chunk.Value.Length + SctpChunk.HeaderLength);
        Require(count > 0 && bytes <= input.Length, "chunks that are there");
        return $"{Math.Min(count, 4)} chunks";
    }

    private static IEnumerable<byte[]> Chunks()
    {
        yield return Written(chunk => DataChunk.Write(chunk, 3, 1, 1, 0, 53, "hello"u8));
        yield return [.. Written(chunk => DataChunk.Write(chunk, 2, 1, 1, 0, 53, "hel"u8)), .. Written(chunk => DataChunk.Write(chunk, 1, 2, 1, 0, 53, "lo"u8))];
        yield return Written(chunk => DataChunk.Write(chunk, 7, 9, 2, 0, 53, "late"u8));
        yield return Written(chunk => SackChunk.Write(chunk, 0, 100_000, [(2, 3)], [5]));
        yield return Written(chunk => ForwardTsnChunk.Write(chunk, 3, [(1, 0)]));
        yield return Written(chunk => ReConfigChunk.WriteReset(chunk, 1, 0, 0, [1, 2]));
        yield return Written(chunk => ReConfigChunk.WriteResponse(chunk, 1, 1));
        yield return Written(chunk => InitChunk.Write(chunk, SctpChunkType.InitAck, 5, 9_000, 10, 1, true, 0, "cookie"u8));
        yield return Written(chunk => PlainChunk.Write(chunk, SctpChunkType.Heartbeat, [0, 1, 0, 8, 1, 2, 3, 4]));
        yield return Written(chunk => PlainChunk.Write(chunk, SctpChunkType.Shutdown, [0, 0, 0, 0]));
        yield return Written(chunk => PlainChunk.Write(chunk, SctpChunkType.Abort, []));
    }

    private static IEnumerable<byte[]> Interleaved()
    {
        yield return Written(chunk => IDataChunk.Write(chunk, 3, 1, 1, 0, 53, "hello"u8));
        yield return [.. Written(chunk => IDataChunk.Write(chunk, 1, 1, 1, 0, 1, "lo"u8)), .. Written(chunk => IDataChunk.Write(chunk, 3, 2, 2, 0, 53, "between"u8)), .. Written(chunk => IDataChunk.Write(chunk, 2, 3, 1, 0, 53, "hel"u8))];
        yield return Written(chunk => IDataChunk.Write(chunk, 6, 1, 2, 9, 53, "late"u8));
        yield return Written(chunk => IForwardTsnChunk.Write(chunk, 3, [new SkippedMessage(1, false, 0), new SkippedMessage(2, true, 9)]));
    }

    private static byte[] Written(Func<byte[], int> write)
    {
        var bytes = new byte[256];
        return bytes[..write(bytes)];
    }

    // The first byte says what this end has sent before, and whether both interleave; then chunks.
    private static string Run(byte[] input)
    {
        if (input.Length < 2)
            return "nothing";
        var interleaves = (input[0] & 32) != 0;
        var (ours, theirs) = (Make(1, interleaves), Make(2, interleaves));
        var now = 1_000_000L;
        ours.Connect(now);
        theirs.Connect(now);
        uint tag = 0;
        for (var i = 0; i < 6; i++)
        {
            Carry(ours, theirs, now, ref tag);
            Carry(theirs, ours, now, ref tag);
        }

        Require(ours.State == SctpState.Established && tag != 0, "connected");
        for (var i = 0; i < input[0] % 4; i++)
            ours.Send(1, 53, new byte[3_000], new SctpDelivery(MaxRetransmits: i), now);
        if ((input[0] & 16) != 0)
            ours.ResetStream(1, now);
        var rest = input.AsSpan(1);
        while (!rest.IsEmpty)
        {
            // A packet for each chunk.
            var length = Math.Min(rest.Length, rest.Length < 4 ? rest.Length : Math.Max(4, ((rest[2] << 8) | rest[3]) + 3 & ~3));
            byte[] packet = [.. new byte[SctpPacket.HeaderLength], .. rest[..length]];
            rest = rest[length..];
            packet = [.. packet, .. new byte[(4 - (packet.Length % 4)) % 4]];
            SctpPacket.WriteHeader(packet, 5000, 5000, tag);
            SctpPacket.Seal(packet);
            ours.Receive(packet, now += 1_000);
            var sent = 0;
            while (ours.TryTakePacket(Buffer, out var written, now))
                Require(written is >= 16 and <= 1_200 && ++sent < 200, "few packets, none too large");
            ours.Tick(now += 300_000);
            while (ours.TryReceive(out var message))
            {
                Require(message.Data.Length <= input.Length, "no more than came");
                message.Dispose();
            }
        }

        Require(ours.Buffered >= 0, "no less than nothing");
        return ours.State.ToString();
    }

    private static SctpAssociation Make(byte seed, bool interleaves) => new(new SctpOptions { ReceiveBuffer = 64 << 10, Interleaving = interleaves }, new Counting(seed));

    private static void Carry(SctpAssociation from, SctpAssociation to, long now, ref uint tag)
    {
        while (from.TryTakePacket(Buffer, out var length, now))
        {
            // The tag that packets to the first one carry.
            if (SctpPacket.TryRead(Buffer.AsSpan(0, length), out var packet, out _) && packet.VerificationTag != 0)
                tag = packet.VerificationTag;
            to.Receive(Buffer.AsSpan(0, length), now);
        }
    }

    private sealed class Counting(byte seed) : Entropy
    {
        private byte _next = seed;

        public override void Fill(Span<byte> destination)
        {
            foreach (ref var value in destination)
                value = unchecked(_next += 41);
        }
    }
}
