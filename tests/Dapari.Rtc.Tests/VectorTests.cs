using System.Text;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Rtc.Tests;

/// <summary>RFC 5769 and RFC 8489, appendix B: read, check, and write the same bytes again.</summary>
public sealed class VectorTests
{
    private static readonly byte[] Key = StunCredentials.ShortTermKey(Vectors.Password)!;

    [Fact]
    public void The_sample_request_reads_and_its_integrity_and_fingerprint_are_good()
    {
        Assert.True(StunMessage.TryRead(Vectors.Request, out var message, out var fault), fault.ToString());
        Assert.Equal(StunClass.Request, message.Class);
        Assert.Equal(StunMethod.Binding, message.Method);
        Assert.True(Software.TryRead(message, out var software));
        Assert.Equal("STUN test client", Encoding.UTF8.GetString(software));
        Assert.True(Priority.TryRead(message, out var priority));
        Assert.Equal(0x6E0001FFu, priority);
        Assert.True(IceControlled.TryRead(message, out var tieBreaker));
        Assert.Equal(0x932FF9B151263B36, tieBreaker);
        Assert.True(Username.TryRead(message, out var username));
        Assert.Equal("evtj:h6vY", Encoding.UTF8.GetString(username));
        Assert.True(MessageIntegrity.Check(message, Key));
        Assert.False(MessageIntegrity.Check(message, "another"u8));
        Assert.True(Fingerprint.Check(message));
    }

    [Theory]
    [InlineData(false, "192.0.2.1:32853")]
    [InlineData(true, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    public void The_sample_responses_name_the_mapped_address(bool v6, string expected)
    {
        var bytes = v6 ? Vectors.V6Response : Vectors.V4Response;
        Assert.True(StunMessage.TryRead(bytes, out var message, out _));
        Assert.Equal(StunClass.Success, message.Class);
        Assert.True(XorMappedAddress.TryRead(message, out var mapped));
        Assert.Equal(expected, mapped.ToString());
        Assert.True(MessageIntegrity.Check(message, Key));
        Assert.True(Fingerprint.Check(message));
    }

    [Theory]
    [InlineData(false, "192.0.2.1:32853")]
    [InlineData(true, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    public void A_response_is_written_as_its_parts_are_read(bool v6, string mapped)
    {
        // The vectors pad with spaces and this codec with zeros: the padding is part of what is signed, so the written one is compared by reading.
        var bytes = v6 ? Vectors.V6Response : Vectors.V4Response;
        Assert.True(Endpoint.TryParse(mapped, out var endpoint));
        var written = new byte[200];
        var writer = new StunWriter(written, StunClass.Success, StunMethod.Binding, bytes.AsSpan(8, 12));
        Software.Write(ref writer, "test vector"u8);
        XorMappedAddress.Write(ref writer, endpoint);
        Assert.True(writer.TryFinish(out var length));
        // Header's length field and the padding byte apart, all up to MESSAGE-INTEGRITY is the vector's.
        Assert.Equal(Convert.ToHexString(bytes.AsSpan(4, 4 + 12)), Convert.ToHexString(written.AsSpan(4, 4 + 12)));
        Assert.Equal(Convert.ToHexString(bytes.AsSpan(20, 15)), Convert.ToHexString(written.AsSpan(20, 15)));
        Assert.Equal(Convert.ToHexString(bytes.AsSpan(36, length - 36)), Convert.ToHexString(written.AsSpan(36, length - 36)));
    }

    [Fact]
    public void The_long_term_request_is_written_byte_for_byte()
    {
        var key = StunCredentials.LongTermKey(Vectors.LongTermUsername, Vectors.Realm, Vectors.LongTermPassword, PasswordAlgorithmId.Md5)!;
        var written = new byte[200];
        var writer = new StunWriter(written, StunClass.Request, StunMethod.Binding, Vectors.LongTermRequest.AsSpan(8, 12));
        Username.Write(ref writer, Encoding.UTF8.GetBytes(Vectors.LongTermUsername));
        Nonce.Write(ref writer, "f//499k954d6OL34oL9FSTvy64sA"u8);
        Realm.Write(ref writer, "example.org"u8);
        MessageIntegrity.Write(ref writer, key);
        Assert.True(writer.TryFinish(out var length));
        Assert.Equal(Convert.ToHexString(Vectors.LongTermRequest), Convert.ToHexString(written.AsSpan(0, length)));
    }

    [Fact]
    public void The_request_with_sha_256_is_written_byte_for_byte()
    {
        var key = StunCredentials.LongTermKey(Vectors.LongTermUsername, Vectors.Realm, Vectors.LongTermPassword, PasswordAlgorithmId.Sha256)!;
        var written = new byte[200];
        var writer = new StunWriter(written, StunClass.Request, StunMethod.Binding, Vectors.Sha256Request.AsSpan(8, 12));
        UserHash.Write(ref writer, UserHash.Compute(Vectors.LongTermUsername, Vectors.Realm));
        Nonce.Write(ref writer, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"u8);
        Realm.Write(ref writer, "example.org"u8);
        PasswordAlgorithm.Write(ref writer, PasswordAlgorithmId.Sha256);
        MessageIntegritySha256.Write(ref writer, key);
        Assert.True(writer.TryFinish(out var length));
        Assert.Equal(Convert.ToHexString(Vectors.Sha256Request), Convert.ToHexString(written.AsSpan(0, length)));
        Assert.True(StunMessage.TryRead(written.AsSpan(0, length), out var message, out _));
        Assert.True(MessageIntegritySha256.Check(message, key));
        Assert.True(PasswordAlgorithm.TryRead(message, out var algorithm));
        Assert.Equal(PasswordAlgorithmId.Sha256, algorithm);
    }

    [Fact]
    public void Each_changed_bit_of_a_protected_message_is_noticed()
    {
        for (var bit = 0; bit < Vectors.Request.Length * 8; bit++)
        {
            var changed = Vectors.Request.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            // Behind the last covered byte only the fingerprint can tell.
            var good = StunMessage.TryRead(changed, out var message, out _) && MessageIntegrity.Check(message, Key) && Fingerprint.Check(message);
            Assert.False(good, $"bit {bit}");
        }
    }
}
