using CsCheck;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class EnvelopeCodecTests
{
    [Fact]
    public void Envelopes_read_back() =>
        Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[17, 2000]).Sample((id, bytes) =>
        {
            var envelope = new Envelope { Version = 1, Id = ByteString.CopyFrom(id), Sealed = ByteString.CopyFrom(bytes) };
            Assert.True(EnvelopeCodec.TryRead(EnvelopeCodec.Write(envelope), out var read, out var fault));
            Assert.Equal(envelope, read);
            Assert.Equal(EnvelopeFault.None, fault);
        });

    [Fact]
    public void Wrong_ones_are_refused_for_their_reason()
    {
        Refused(EnvelopeFault.Malformed, _ => new Envelope());
        Refused(EnvelopeFault.Malformed, _ => new Envelope { Version = 2, Id = ByteString.CopyFrom(new byte[16]) });
        Refused(EnvelopeFault.Malformed, envelope => envelope.Id = ByteString.CopyFrom(new byte[15]));
        Refused(EnvelopeFault.Malformed, envelope => envelope.Sealed = ByteString.CopyFrom(new byte[16]));
        Refused(EnvelopeFault.UnknownVersion, envelope => envelope.Version = 2);
        Refused(EnvelopeFault.UnknownVersion, envelope => envelope.Version = 0);
        Refused(EnvelopeFault.TooLarge, envelope => envelope.Sealed = ByteString.CopyFrom(new byte[WireLimits.EnvelopeBytes]));
        var large = Good();
        large.Sealed = ByteString.CopyFrom(new byte[WireLimits.EnvelopeBytes]);
        Assert.Throws<ArgumentException>(() => EnvelopeCodec.Write(large));
    }

    [Fact]
    public void An_envelope_at_the_cap_is_read()
    {
        var envelope = Good();
        envelope.Sealed = ByteString.CopyFrom(new byte[WireLimits.EnvelopeBytes - 24]);
        Assert.Equal(WireLimits.EnvelopeBytes, envelope.CalculateSize());
        Assert.True(EnvelopeCodec.TryRead(envelope.ToByteArray(), out _, out _));
    }

    [Fact]
    public void What_the_seal_covers_is_checked()
    {
        Assert.True(EnvelopeCodec.TryReadSealed(Covered().ToByteArray(), out var read, out _));
        Assert.Equal(Covered(), read);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.SessionId = ByteString.Empty);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Lane = Lane.Unspecified);
        RefusedSealed(EnvelopeFault.UnknownLane, envelope => envelope.Lane = (Lane)3);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Header = null);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Header.RatchetKey = ByteString.CopyFrom(new byte[33]));
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Ciphertext = ByteString.CopyFrom(new byte[15]));
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Handshake.Initiator = null);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Handshake.Initiator.Statement = ByteString.CopyFrom(new byte[WireLimits.CertificateBytes]));
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Handshake.KemCiphertext = ByteString.CopyFrom(new byte[1087]));
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Handshake.SignedPrekeyId = 0);
        RefusedSealed(EnvelopeFault.Malformed, envelope => envelope.Handshake.KemPrekeyId = 0);
        RefusedSealed(EnvelopeFault.TooLarge, envelope => envelope.Ciphertext = ByteString.CopyFrom(new byte[WireLimits.EnvelopeBytes]));
    }

    [Fact]
    public void Unknown_fields_are_kept()
    {
        byte[] source = [.. Good().ToByteArray(), 0xA2, 0x06, 0x02, 1, 2];
        Assert.True(EnvelopeCodec.TryRead(source, out var read, out _));
        Assert.Equal(source, EnvelopeCodec.Write(read));
    }

    [Fact]
    public void No_bytes_throw() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        EnvelopeCodec.TryRead(bytes, out _, out _);
        EnvelopeCodec.TryReadSealed(bytes, out _, out _);
        InviteBlobCodec.TryRead(bytes, out _, out _);
    });

    private static void Refused(EnvelopeFault fault, Func<Envelope, object> change)
    {
        var envelope = Good();
        if (change(envelope) is Envelope other)
            envelope = other;
        Assert.False(EnvelopeCodec.TryRead(envelope.ToByteArray(), out var read, out var found));
        Assert.Equal(fault, found);
        Assert.Null(read);
    }

    private static void RefusedSealed(EnvelopeFault fault, Action<SealedEnvelope> change)
    {
        var envelope = Covered();
        change(envelope);
        Assert.False(EnvelopeCodec.TryReadSealed(envelope.ToByteArray(), out var read, out var found));
        Assert.Equal(fault, found);
        Assert.Null(read);
    }

    private static Envelope Good() => new() { Version = 1, Id = ByteString.CopyFrom(new byte[16]), Sealed = ByteString.CopyFrom(new byte[100]) };

    private static SealedEnvelope Covered() => new()
    {
        SessionId = ByteString.CopyFrom(new byte[16]),
        Lane = Lane.Durable,
        Header = new RatchetHeader { RatchetKey = ByteString.CopyFrom(new byte[32]), Number = 1 },
        Ciphertext = ByteString.CopyFrom(new byte[144]),
        Handshake = new Handshake
        {
            Initiator = new DeviceCertificate { Statement = ByteString.CopyFrom(new byte[100]), Signature = ByteString.CopyFrom(new byte[64]) },
            EphemeralKey = ByteString.CopyFrom(new byte[32]),
            KemCiphertext = ByteString.CopyFrom(new byte[1088]),
            SignedPrekeyId = 1,
            KemPrekeyId = 2,
        },
    };
}
