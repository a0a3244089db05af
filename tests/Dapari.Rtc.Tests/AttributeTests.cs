using System.Text;
using CsCheck;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Rtc.Tests;

/// <summary>Each attribute reads as it was written, and refuses lengths and values that it cannot have.</summary>
public sealed class AttributeTests
{
    private delegate void Write(ref StunWriter writer);

    private delegate void Read(in StunMessage message);

    private static readonly Gen<byte[]> Ids = Gen.Byte.Array[12];

    private static readonly Gen<Endpoint> Endpoints = Gen.OneOf(
        Gen.Select(Gen.UInt, Gen.UShort, Endpoint.V4), Gen.Select(Gen.ULong, Gen.ULong, Gen.UShort, Endpoint.V6));

    [Fact]
    public void Addresses() => Gen.Select(Endpoints, Ids).Sample((endpoint, id) =>
    {
        RoundTrip(id, (ref writer) => MappedAddress.Write(ref writer, endpoint), (in message) => Is(MappedAddress.TryRead(message, out var read), endpoint, read));
        RoundTrip(id, (ref writer) => AlternateServer.Write(ref writer, endpoint), (in message) => Is(AlternateServer.TryRead(message, out var read), endpoint, read));
        RoundTrip(id, (ref writer) => XorMappedAddress.Write(ref writer, endpoint), (in message) => Is(XorMappedAddress.TryRead(message, out var read), endpoint, read));
        RoundTrip(id, (ref writer) => XorPeerAddress.Write(ref writer, endpoint), (in message) => Is(XorPeerAddress.TryRead(message, out var read), endpoint, read));
        RoundTrip(id, (ref writer) => XorRelayedAddress.Write(ref writer, endpoint), (in message) => Is(XorRelayedAddress.TryRead(message, out var read), endpoint, read));
    });

    [Fact]
    public void Numbers() => Gen.Select(Gen.ULong, Ids).Sample((number, id) =>
    {
        var half = (uint)(number & uint.MaxValue);
        var quarter = (ushort)(number & ushort.MaxValue);
        var small = (byte)(number & 255);
        RoundTrip(id, (ref writer) => ChannelNumber.Write(ref writer, quarter), (in message) => Is(ChannelNumber.TryRead(message, out var read), quarter, read));
        RoundTrip(id, (ref writer) => Lifetime.Write(ref writer, half), (in message) => Is(Lifetime.TryRead(message, out var read), half, read));
        RoundTrip(id, (ref writer) => Priority.Write(ref writer, half), (in message) => Is(Priority.TryRead(message, out var read), half, read));
        RoundTrip(id, (ref writer) => IceControlled.Write(ref writer, number), (in message) => Is(IceControlled.TryRead(message, out var read), number, read));
        RoundTrip(id, (ref writer) => IceControlling.Write(ref writer, number), (in message) => Is(IceControlling.TryRead(message, out var read), number, read));
        RoundTrip(id, (ref writer) => ReservationToken.Write(ref writer, number), (in message) => Is(ReservationToken.TryRead(message, out var read), number, read));
        RoundTrip(id, (ref writer) => RequestedTransport.Write(ref writer, small), (in message) => Is(RequestedTransport.TryRead(message, out var read), small, read));
        RoundTrip(id, (ref writer) => EvenPort.Write(ref writer, small > 99), (in message) => Is(EvenPort.TryRead(message, out var read), small > 99, read));
        RoundTrip(id, (ref writer) => Icmp.Write(ref writer, small, 4, half), (in message) =>
            Is(Icmp.TryRead(message, out var type, out var code, out var data), (small, (byte)4, half), (type, code, data)));
        var family = (RequestedFamily)(1 + (small % 2));
        RoundTrip(id, (ref writer) => RequestedAddressFamily.Write(ref writer, family), (in message) => Is(RequestedAddressFamily.TryRead(message, out var read), family, read));
        RoundTrip(id, (ref writer) => AdditionalAddressFamily.Write(ref writer, family), (in message) => Is(AdditionalAddressFamily.TryRead(message, out var read), family, read));
        var errorCode = 300 + (quarter % 400);
        RoundTrip(id, (ref writer) => AddressErrorCode.Write(ref writer, family, errorCode, "why"u8), (in message) =>
            Is(AddressErrorCode.TryRead(message, out var read, out var code), (family, errorCode), (read, code)));
        RoundTrip(id, (ref writer) => ErrorCode.Write(ref writer, errorCode, "why"u8), (in message) =>
            Is(ErrorCode.TryRead(message, out var code, out var reason), (errorCode, "why"), (code, reason)));
    });

    [Fact]
    public void Texts() => Gen.Select(Gen.Byte.Array[0, 508], Ids).Sample((text, id) =>
    {
        RoundTrip(id, (ref writer) => Username.Write(ref writer, text), (in message) => Same(Username.TryRead(message, out var read), text, read));
        RoundTrip(id, (ref writer) => Realm.Write(ref writer, text), (in message) => Same(Realm.TryRead(message, out var read), text, read));
        RoundTrip(id, (ref writer) => Nonce.Write(ref writer, text), (in message) => Same(Nonce.TryRead(message, out var read), text, read));
        RoundTrip(id, (ref writer) => Software.Write(ref writer, text), (in message) => Same(Software.TryRead(message, out var read), text, read));
        RoundTrip(id, (ref writer) => Data.Write(ref writer, text), (in message) => Same(Data.TryRead(message, out var read), text, read));
        if (text.Length < 256)
            RoundTrip(id, (ref writer) => AlternateDomain.Write(ref writer, text), (in message) => Same(AlternateDomain.TryRead(message, out var read), text, read));
    });

    [Fact]
    public void Flags()
    {
        var id = new byte[12];
        RoundTrip(id, static (ref writer) => DontFragment.Write(ref writer), static (in message) => Assert.True(DontFragment.IsIn(message) && !UseCandidate.IsIn(message)));
        RoundTrip(id, static (ref writer) => UseCandidate.Write(ref writer), static (in message) => Assert.True(UseCandidate.IsIn(message) && !DontFragment.IsIn(message)));
    }

    [Fact]
    public void Unknown_attributes_are_listed()
    {
        RoundTrip(new byte[12], static (ref writer) => UnknownAttributes.Write(ref writer, [0x7F01, 0x001A, 0x7F02]), static (in message) =>
        {
            Span<ushort> types = stackalloc ushort[2];
            Assert.True(UnknownAttributes.TryRead(message, types, out var count));
            Assert.Equal(2, count);
            Assert.Equal(0x7F01, types[0]);
            Assert.Equal(0x001A, types[1]);
        });
    }

    [Fact]
    public void Password_algorithms_are_found_among_those_with_parameters()
    {
        byte[] offered = [0, 9, 0, 3, 1, 2, 3, 0, 0, 2, 0, 0];
        Assert.True(PasswordAlgorithms.Contains(offered, PasswordAlgorithmId.Sha256));
        Assert.False(PasswordAlgorithms.Contains(offered, PasswordAlgorithmId.Md5));
        Assert.False(PasswordAlgorithms.Contains([0, 9, 0xFF, 0xFF, 0, 1, 0, 0], PasswordAlgorithmId.Md5));
    }

    [Theory]
    [InlineData(SecurityFeatures.PasswordAlgorithms, "obMatJos2gAAA")]
    [InlineData(SecurityFeatures.UsernameAnonymity, "obMatJos2QAAA")]
    [InlineData(SecurityFeatures.PasswordAlgorithms | SecurityFeatures.UsernameAnonymity, "obMatJos2wAAA")]
    [InlineData(SecurityFeatures.None, "obMatJos2AAAA")]
    public void A_nonce_tells_what_the_server_can(SecurityFeatures features, string cookie)
    {
        var bytes = new byte[Nonce.CookieLength];
        Nonce.WriteCookie(bytes, features);
        Assert.Equal(cookie, Encoding.ASCII.GetString(bytes));
        Assert.Equal(features, Nonce.ReadFeatures([.. bytes, .. "more"u8]));
        Assert.Equal(SecurityFeatures.None, Nonce.ReadFeatures(bytes.AsSpan(1)));
        Assert.Equal(SecurityFeatures.None, Nonce.ReadFeatures("obMatJos2g!AA"u8));
    }

    [Theory]
    [InlineData(0x0020, "")]
    [InlineData(0x0020, "0001a147")]
    [InlineData(0x0020, "0003a147e112a643")]
    [InlineData(0x0020, "0002a147e112a643")]
    [InlineData(0x0020, "0001a147e112a64300000000")]
    [InlineData(0x000D, "000000")]
    [InlineData(0x000D, "0000000000")]
    [InlineData(0x0018, "8000")]
    [InlineData(0x0022, "00")]
    [InlineData(0x0009, "000001")]
    [InlineData(0x0009, "00000200")]
    [InlineData(0x0009, "00000464")]
    [InlineData(0x0009, "00000700")]
    [InlineData(0x000A, "000000")]
    [InlineData(0x001D, "0002000100000000")]
    [InlineData(0x0019, "11")]
    [InlineData(0x001A, "00")]
    public void Values_of_impossible_shape_are_not_read(int type, string value)
    {
        var bytes = new byte[200];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Allocate, new byte[12]);
        writer.Add((ushort)type, Convert.FromHexString(value));
        Assert.True(writer.TryFinish(out var length));
        Assert.True(StunMessage.TryRead(bytes.AsSpan(0, length), out var message, out _));
        Assert.False(XorMappedAddress.TryRead(message, out _) || Lifetime.TryRead(message, out _) || EvenPort.TryRead(message, out _)
            || ReservationToken.TryRead(message, out _) || ErrorCode.TryRead(message, out _, out _) || UnknownAttributes.TryRead(message, [], out _)
            || PasswordAlgorithm.TryRead(message, out _) || RequestedTransport.TryRead(message, out _) || DontFragment.IsIn(message));
    }

    private static void Is<T>(bool read, T expected, T actual)
    {
        Assert.True(read);
        Assert.Equal(expected, actual);
    }

    private static void Same(bool read, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Assert.True(read);
        Assert.True(expected.SequenceEqual(actual));
    }

    private static void RoundTrip(byte[] id, Write write, Read read)
    {
        var bytes = new byte[800];
        var writer = new StunWriter(bytes, StunClass.Success, StunMethod.Allocate, id);
        write(ref writer);
        Fingerprint.Write(ref writer);
        Assert.True(writer.TryFinish(out var length));
        Assert.True(StunMessage.TryRead(bytes.AsSpan(0, length), out var message, out var fault), fault.ToString());
        Assert.True(Fingerprint.Check(message));
        read(message);
    }
}
