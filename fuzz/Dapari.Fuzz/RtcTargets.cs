using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What arrives at open ports: STUN, ChannelData and streams of both.</summary>
internal static class RtcTargets
{
    private static readonly byte[] Key = StunCredentials.ShortTermKey("VOkJxbRl1RmTxUk/WvJxBt")!;

    public static IEnumerable<Target> All =>
    [
        new("stun-message", Messages, Message),
        new("channel-data", ChannelFrames, Channel),
        new("stun-stream", Streams, Stream),
    ];

    public static byte[] Write(StunClass kind, StunMethod method, bool sign)
    {
        var bytes = new byte[1024];
        var writer = new StunWriter(bytes, kind, method, "transaction!"u8);
        var v4 = Endpoint.V4(0x09090909, 7000);
        var v6 = Endpoint.V6(0x2A00_0000_0000_0000, 1, 7000);
        Username.Write(ref writer, "1800000000:alice"u8);
        Realm.Write(ref writer, "dapari"u8);
        Nonce.Write(ref writer, "obMatJos2gAAAabcdef"u8);
        MappedAddress.Write(ref writer, v4);
        XorMappedAddress.Write(ref writer, v6);
        XorPeerAddress.Write(ref writer, v4);
        XorRelayedAddress.Write(ref writer, v6);
        ErrorCode.Write(ref writer, 438, "Stale Nonce"u8);
        UnknownAttributes.Write(ref writer, [0x7F00, 0x7F01]);
        PasswordAlgorithms.Write(ref writer, [0, 2, 0, 0, 0, 1, 0, 0]);
        PasswordAlgorithm.Write(ref writer, PasswordAlgorithmId.Sha256);
        ChannelNumber.Write(ref writer, 0x4000);
        Lifetime.Write(ref writer, 600);
        RequestedTransport.Write(ref writer, 17);
        RequestedAddressFamily.Write(ref writer, RequestedFamily.V6);
        AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6);
        AddressErrorCode.Write(ref writer, RequestedFamily.V6, 440, default);
        EvenPort.Write(ref writer, true);
        ReservationToken.Write(ref writer, 42);
        DontFragment.Write(ref writer);
        Icmp.Write(ref writer, 3, 4, 1400);
        Priority.Write(ref writer, 0x6E0001FF);
        IceControlling.Write(ref writer, 7);
        UseCandidate.Write(ref writer);
        Data.Write(ref writer, "payload"u8);
        Software.Write(ref writer, "fuzz"u8);
        if (sign)
        {
            MessageIntegrity.Write(ref writer, Key);
            MessageIntegritySha256.Write(ref writer, Key);
            Fingerprint.Write(ref writer);
        }

        return writer.TryFinish(out var length) ? bytes[..length] : throw new InvalidOperationException("Too long.");
    }

    private static IEnumerable<byte[]> Messages() =>
    [
        Write(StunClass.Request, StunMethod.Binding, false), Write(StunClass.Request, StunMethod.Allocate, true), Write(StunClass.Error, StunMethod.Refresh, true),
        Write(StunClass.Indication, StunMethod.Data, false),
    ];

    private static IEnumerable<byte[]> ChannelFrames() => [[0x40, 0, 0, 0], [0x4F, 0xFF, 0, 3, 1, 2, 3], [0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]];

    private static IEnumerable<byte[]> Streams() =>
        [[.. Write(StunClass.Request, StunMethod.Allocate, true), 0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, .. Write(StunClass.Success, StunMethod.Binding, false)]];

    private static string Message(byte[] input)
    {
        if (!StunMessage.TryRead(input, out var message, out var fault))
        {
            Require(fault != StunFault.None, "a reason");
            return fault.ToString();
        }

        // Every reader meets every message; what is accepted is written again and reads the same.
        var copy = new byte[input.Length + 128];
        var writer = new StunWriter(copy, message.Class, message.Method, message.TransactionId);
        var count = 0;
        foreach (var attribute in message.Attributes)
        {
            writer.Add(attribute.Type, attribute.Value);
            count++;
        }

        MessageIntegrity.Write(ref writer, Key);
        MessageIntegritySha256.Write(ref writer, Key);
        Fingerprint.Write(ref writer);
        if (writer.TryFinish(out var length))
        {
            Require(StunMessage.TryRead(copy.AsSpan(0, length), out var again, out _), "reads what was written");
            Require(MessageIntegrity.Check(again, Key) && MessageIntegritySha256.Check(again, Key) && Fingerprint.Check(again), "what was signed is good");
            Require(again.Method == message.Method && again.Class == message.Class && again.TransactionId.SequenceEqual(message.TransactionId), "the same header");
            var left = count;
            foreach (var attribute in again.Attributes)
                Require(left-- > 0 && attribute.Value.Length <= input.Length, "the same attributes");
            Require(left == 0, "all attributes");
        }

        Span<ushort> types = stackalloc ushort[8];
        var read = (XorPeerAddress.TryRead(message, out var peer) ? 1 : 0) | (MappedAddress.TryRead(message, out _) ? 2 : 0) | (XorRelayedAddress.TryRead(message, out _) ? 4 : 0)
            | (ErrorCode.TryRead(message, out var code, out _) ? 8 : 0) | (UnknownAttributes.TryRead(message, types, out _) ? 16 : 0)
            | (PasswordAlgorithm.TryRead(message, out _) ? 32 : 0) | (AddressErrorCode.TryRead(message, out _, out _) ? 64 : 0) | (EvenPort.TryRead(message, out _) ? 128 : 0)
            | (Icmp.TryRead(message, out _, out _, out _) ? 256 : 0) | (Nonce.TryRead(message, out var nonce) ? 512 : 0) | (Username.TryRead(message, out _) ? 1024 : 0)
            | (Lifetime.TryRead(message, out _) ? 2048 : 0) | (PasswordAlgorithms.TryRead(message, out var offered) ? 4096 : 0) | (Data.TryRead(message, out _) ? 8192 : 0);
        Require((read & 1) == 0 || peer.Family is 4 or 6, "a family");
        Require((read & 8) == 0 || code is >= 300 and < 700, "a code");
        _ = Nonce.ReadFeatures(nonce);
        _ = PasswordAlgorithms.Contains(offered, PasswordAlgorithmId.Md5);
        _ = MessageIntegrity.Check(message, Key) | MessageIntegritySha256.Check(message, Key);
        return $"{message.Class} {Fingerprint.Check(message)} {read:x}";
    }

    private static string Channel(byte[] input)
    {
        if (!ChannelData.TryRead(input, out var channel, out var length))
            return "refused";
        var written = new byte[length + 8];
        Require(ChannelData.TryWrite(written, channel, input.AsSpan(4, length), false, out var whole), "writes what it read");
        Require(written.AsSpan(0, whole).SequenceEqual(input.AsSpan(0, whole)), "the same bytes");
        return length == input.Length - 4 ? "whole" : "with more behind it";
    }

    private static string Stream(byte[] input)
    {
        var rest = input.AsSpan();
        var frames = 0;
        while (true)
        {
            var frame = StreamFraming.Read(rest, out var length, out var advance);
            if (frame != StreamFrame.Frame)
            {
                Require(frame == StreamFrame.Malformed || (advance > rest.Length && advance <= StreamFraming.LongestFrame + 16), "what is needed is bounded, and is not there");
                return $"{frame} after {Math.Min(frames, 5)}";
            }

            Require(length >= 4 && length <= advance && advance <= rest.Length && advance - length < 4, "a frame of what was received");
            frames++;
            rest = rest[advance..];
        }
    }
}
