using CsCheck;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class SealTests
{
    private readonly SeededRandom _random = new(61);

    [Fact]
    public void An_outer_seal_opens_with_its_key_and_id_only()
    {
        using var key = WrapKey.Generate(_random);
        using var other = WrapKey.Generate(_random);
        var (alice, _) = Party.Pair(62);
        var id = EnvelopeId.Random(_random);
        var sealedEnvelope = alice.Seal(Lane.Durable, id, new byte[128], _random);
        var bytes = EnvelopeSeal.Wrap(key, id, sealedEnvelope);
        Assert.Equal(bytes, EnvelopeSeal.Wrap(key, id, sealedEnvelope));

        Assert.True(EnvelopeCodec.TryRead(bytes, out var envelope, out _));
        Assert.True(EnvelopeSeal.TryUnwrap(key, envelope, out var opened));
        Assert.Equal(sealedEnvelope, opened);
        Assert.False(EnvelopeSeal.TryUnwrap(other, envelope, out _));
        var renamed = envelope.Clone();
        renamed.Id = EnvelopeId.Random(_random).ToByteString();
        Assert.False(EnvelopeSeal.TryUnwrap(key, renamed, out _));
        var newer = envelope.Clone();
        newer.Version = 2;
        Assert.False(EnvelopeSeal.TryUnwrap(key, newer, out _));
        Assert.False(EnvelopeSeal.TryUnwrap(key, new Envelope(), out _));
    }

    [Fact]
    public void What_a_holder_of_the_wrap_key_seals_is_still_checked()
    {
        using var key = WrapKey.Generate(_random);
        var id = EnvelopeId.Random(_random);
        var bytes = EnvelopeSeal.Wrap(key, id, new SealedEnvelope { SessionId = ByteString.CopyFrom(new byte[3]), Ciphertext = ByteString.CopyFrom(new byte[40]) });
        Assert.True(EnvelopeCodec.TryRead(bytes, out var envelope, out _));
        Assert.False(EnvelopeSeal.TryUnwrap(key, envelope, out var opened));
        Assert.Null(opened);
    }

    [Fact]
    public void Padding_gives_bucket_sizes_and_is_gone_on_reading()
    {
        for (var length = 0; length < 3000; length++)
        {
            var content = new Content { Chat = new ChatMessage { MessageId = ByteString.CopyFrom(new byte[16]), Text = new string('a', length) } };
            var before = content.Clone();
            var padded = Padding.Pad(content);
            Assert.Equal(before, content);
            Assert.Equal(padded.Length, Padding.Bucket(padded.Length));

            // One bucket more where a gap of 1, 2, 3 or 131 bytes cannot be filled exactly.
            Assert.True(padded.Length - content.CalculateSize() <= (padded.Length <= 1024 ? 128 : 1024) + 131);
            Assert.True(ContentCodec.TryRead(padded, out var read, out _));
            Assert.Equal(content, read);
        }
    }

    [Fact]
    public void Buckets_are_128_up_to_a_KiB_and_then_a_KiB()
    {
        Assert.Equal([128, 128, 128, 256, 1024, 1024, 2048, 2048, 3072], new[] { 0, 1, 128, 129, 1000, 1024, 1025, 2048, 2049 }.Select(Padding.Bucket));
    }

    [Fact]
    public void The_largest_contents_fit()
    {
        var receipts = new Receipts();
        for (var i = 0; i < WireLimits.ReceiptsPerEnvelope; i++)
        {
            receipts.Delivered.Add(new Delivered
            {
                MessageId = ByteString.CopyFrom(_random.Bytes(16)),
                Record = new RouteRecord { Route = Route.Relay, Reason = Reason.RelayPathOpen, Network = Network.Relayed, RoundTripMs = uint.MaxValue, LayMs = ulong.MaxValue },
            });
        }

        Assert.True(Padding.Pad(new Content { Receipts = receipts }).Length <= WireLimits.ContentBytes);
        var sdp = new Content { Signal = new Signal { AttemptId = ByteString.CopyFrom(new byte[8]), OfferSdp = new string('x', WireLimits.SdpBytes) } };
        Assert.True(Padding.Pad(sdp).Length <= 17 * 1024);
        Assert.Throws<ArgumentException>(() => Padding.Pad(new Content { Typing = new Typing(), Chat = new ChatMessage { Text = new string('x', 70_000) } }));
    }

    [Fact]
    public void A_newer_kind_survives_padding_and_reading() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            // Field 55, of which this build knows nothing.
            using var stream = new MemoryStream();
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteTag(55, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(bytes));
            }

            var unknown = stream.ToArray();
            var content = Content.Parser.ParseFrom(unknown);
            Assert.Equal(Content.KindOneofCase.None, content.KindCase);
            Assert.True(ContentCodec.TryRead(Padding.Pad(content), out var read, out _));
            Assert.Equal(unknown, ContentCodec.Write(read));
        });
}
