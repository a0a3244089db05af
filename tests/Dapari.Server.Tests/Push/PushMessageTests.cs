using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using Dapari.Server.Push;
using Dapari.PushStandIn;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Server.Tests.Push;

/// <summary>What is sent to push services, against the RFCs' own examples and a receiver written apart.</summary>
public sealed class PushMessageTests
{
    private static readonly PushServing Serving = new();

    [Fact]
    public void The_example_of_RFC_8291_comes_out_byte_for_byte()
    {
        // RFC 8291 §5 and Appendix A.
        var target = Target("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg");
        using var own = ECDiffieHellman.Create(P256.Parameters(
            Bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"), Bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")));
        var message = PushMessage.Seal(target, "When I grow up, I want to be a watermelon"u8, own, Bytes("DGv6ra1nlYgDCS1FRnbzlw"));
        Assert.Equal(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
            Base64Url.EncodeToString(message));
    }

    [Fact]
    public void The_example_of_RFC_8188_comes_out_byte_for_byte() =>
        // RFC 8188 §3.1.
        Assert.Equal(
            "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg",
            Base64Url.EncodeToString(PushMessage.Encode(Bytes("yqdlZ-tYemfogSmv7Ws5PQ"), Bytes("I1BsxtFttlv3u_Oo94xnmw"), [], "I am the walrus"u8)));

    [Fact]
    public void Every_message_is_opened_by_its_device_alone_and_all_have_one_length()
    {
        using var browser = new PushBrowser();
        using var other = new PushBrowser();
        Assert.Equal(PushTargetFault.None, PushTarget.TryRead(browser.Subscribe("https://fcm.googleapis.com/fcm/send/a"), Serving, out var target));
        var seen = new HashSet<string>();
        for (var i = 0; i < 50; i++)
        {
            var message = PushMessage.Seal(target!, PushMessage.LookForYourself);
            Assert.Equal(16 + 4 + 1 + 65 + 2 + 16, message.Length);
            Assert.True(seen.Add(Convert.ToHexString(message)));
            Assert.Equal([1], browser.Open(message));
            Assert.ThrowsAny<CryptographicException>(() => other.Open(message));
            message[i < 16 ? i : 20 + i] ^= 1; // The record size is not sealed in; it only has to be no smaller than the record.
            Assert.ThrowsAny<CryptographicException>(() => browser.Open(message));
        }
    }

    [Fact]
    public void A_token_is_the_servers_for_one_push_service_and_half_a_day()
    {
        using var key = VapidKey.Read(VapidKey.Make());
        var now = new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
        var header = key.Header(new Uri("https://updates.push.services.mozilla.com/wpush/v2/abc"), "mailto:post@example.org", now);
        var claims = PushBrowser.CheckSender(header, key.PublicKey);
        Assert.Equal("https://updates.push.services.mozilla.com", claims.GetProperty("aud").GetString());
        Assert.Equal("mailto:post@example.org", claims.GetProperty("sub").GetString());
        Assert.Equal(now.AddHours(12).ToUnixTimeSeconds(), claims.GetProperty("exp").GetInt64());
        Assert.Equal(header, key.Header(new Uri("https://updates.push.services.mozilla.com/wpush/v2/def"), "mailto:post@example.org", now.AddHours(5)));
        Assert.NotEqual(header, key.Header(new Uri("https://fcm.googleapis.com/a"), "mailto:post@example.org", now));
        var later = key.Header(new Uri("https://updates.push.services.mozilla.com/wpush/v2/abc"), "mailto:post@example.org", now.AddHours(7));
        Assert.Equal(now.AddHours(19).ToUnixTimeSeconds(), PushBrowser.CheckSender(later, key.PublicKey).GetProperty("exp").GetInt64());
        using var other = VapidKey.Read(VapidKey.Make());
        Assert.ThrowsAny<CryptographicException>(() => PushBrowser.CheckSender(header, other.PublicKey));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64!")]
    public void What_is_no_key_is_said_so(string text) => Assert.Throws<FormatException>(() => VapidKey.Read(text));

    [Theory]
    [InlineData("https://fcm.googleapis.com/fcm/send/x", nameof(PushTargetFault.None))]
    [InlineData("https://updates.push.services.mozilla.com/wpush/v2/x", nameof(PushTargetFault.None))]
    [InlineData("https://wns2-am3p.notify.windows.com/w/?token=x", nameof(PushTargetFault.None))]
    [InlineData("https://web.push.apple.com/x", nameof(PushTargetFault.None))]
    [InlineData("https://push.example.org:8443/x", nameof(PushTargetFault.None))]
    [InlineData("https://fcm.googleapis.com:8443/x", nameof(PushTargetFault.Host))]
    [InlineData("https://fcm.googleapis.com.evil.example/x", nameof(PushTargetFault.Host))]
    [InlineData("https://evilpush.services.mozilla.com.example/x", nameof(PushTargetFault.Host))]
    [InlineData("https://push.apple.com/x", nameof(PushTargetFault.Host))]
    [InlineData("https://127.0.0.1/x", nameof(PushTargetFault.Host))]
    [InlineData("https://[::1]/x", nameof(PushTargetFault.Host))]
    [InlineData("https://metadata.google.internal/x", nameof(PushTargetFault.Host))]
    [InlineData("http://fcm.googleapis.com/x", nameof(PushTargetFault.Endpoint))]
    [InlineData("file:///etc/passwd", nameof(PushTargetFault.Endpoint))]
    [InlineData("https://user:secret@fcm.googleapis.com/x", nameof(PushTargetFault.Endpoint))]
    [InlineData("https://fcm.googleapis.com/x#y", nameof(PushTargetFault.Endpoint))]
    [InlineData("https://fcm.googleapis.com/x\r\nHost: y", nameof(PushTargetFault.Endpoint))]
    [InlineData("https://fcm.googleapis.com/é", nameof(PushTargetFault.Endpoint))]
    [InlineData("", nameof(PushTargetFault.Endpoint))]
    [InlineData("https://", nameof(PushTargetFault.Endpoint))]
    public void Only_push_services_are_called(string endpoint, string fault)
    {
        using var browser = new PushBrowser();
        Assert.Equal(fault, PushTarget.TryRead(browser.Subscribe(endpoint), Serving with { Hosts = ["push.example.org"] }, out _).ToString());
    }

    [Fact]
    public void A_key_that_is_no_point_of_the_curve_is_refused()
    {
        using var browser = new PushBrowser();
        var good = browser.Subscribe("https://web.push.apple.com/x");
        foreach (var spoil in (Action<byte[]>[])[key => key[40] ^= 1, key => key[0] = 2, key => Array.Clear(key, 1, 64), key => Array.Fill(key, (byte)255, 1, 64)])
        {
            var bad = good.Clone();
            var key = good.Key.ToByteArray();
            spoil(key);
            bad.Key = ByteString.CopyFrom(key);
            Assert.Equal(PushTargetFault.Key, PushTarget.TryRead(bad, Serving, out _));
        }

        var short1 = good.Clone();
        short1.Secret = ByteString.CopyFrom(new byte[15]);
        Assert.Equal(PushTargetFault.Key, PushTarget.TryRead(short1, Serving, out _));
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2a00:1450:4001:80b::200a", true)]
    [InlineData("10.0.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    public void A_name_that_leads_into_a_private_network_is_not_followed(string address, bool isPublic) => Assert.Equal(isPublic, PushPost.IsPublic(IPAddress.Parse(address)));

    private static PushTarget Target(string key, string secret)
    {
        var subscription = new WakeSubscription { Endpoint = "https://web.push.apple.com/x", Key = ByteString.CopyFrom(Bytes(key)), Secret = ByteString.CopyFrom(Bytes(secret)) };
        Assert.Equal(PushTargetFault.None, PushTarget.TryRead(subscription, Serving, out var target));
        return target!;
    }

    private static byte[] Bytes(string text) => Base64Url.DecodeFromChars(text);
}
