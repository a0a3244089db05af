using System.Text;
using Dapari.Relay.Credentials;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>RFC 8489 §9.2.4, step by step, and the credentials' own rules.</summary>
public sealed class CredentialTests
{
    [Fact]
    public void Without_credentials_the_answer_says_what_is_needed_and_stays_small()
    {
        var world = new World();
        var client = world.Client();
        var answer = new Answer(client.Send(client.Build(StunMethod.Allocate, TestClient.Transport, sign: false)));
        Assert.Equal(401, answer.Code);
        Assert.InRange(answer.Bytes.Length, 1, 112);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        Assert.True(Realm.TryRead(message, out var realm));
        Assert.Equal("dapari", Encoding.ASCII.GetString(realm));
        Assert.Equal(SecurityFeatures.PasswordAlgorithms, Nonce.ReadFeatures(answer.Nonce));
        Assert.True(PasswordAlgorithms.TryRead(message, out var offered));
        Assert.True(PasswordAlgorithms.Contains(offered, PasswordAlgorithmId.Sha256) && PasswordAlgorithms.Contains(offered, PasswordAlgorithmId.Md5));
        Assert.False(message.HasIntegrity);
        Assert.Empty(world.Bound);
    }

    [Theory]
    [InlineData(StunMethod.Refresh)]
    [InlineData(StunMethod.CreatePermission)]
    [InlineData(StunMethod.ChannelBind)]
    public void Nothing_else_is_done_without_credentials_either(StunMethod method)
    {
        var client = new World().Client();
        Assert.Equal(401, new Answer(client.Send(client.Build(method, null, sign: false))).Code);
    }

    [Fact]
    public void A_wrong_password_and_an_unknown_name_are_answered_the_same()
    {
        var world = new World();
        var good = world.Credential();
        Assert.Equal(401, world.Client(credential: good with { Password = "guess" }).TryAllocate().Code);
        Assert.Equal(401, world.Client(credential: new RelayCredential("alice", "guess")).TryAllocate().Code);
        Assert.Equal(401, world.Client(credential: new RelayCredential(good.Username + "x", good.Password)).TryAllocate().Code);
        Assert.Equal(2L + 2 + 2, world.Shared.Read(RelayCount.Unauthorized));
    }

    [Fact]
    public void Another_realm_is_unauthorized()
    {
        var client = new World().Client();
        client.Realm = "elsewhere";
        Assert.Equal(401, client.TryAllocate().Code);
    }

    [Fact]
    public void An_expired_credential_allocates_nothing_and_refreshes_nothing()
    {
        var world = new World();
        var client = world.Client(credential: world.Credential(seconds: 700)).Allocate();
        world.Advance(TimeSpan.FromSeconds(599));
        Assert.Equal(101u, client.Refresh(600).Seconds);
        world.Advance(TimeSpan.FromSeconds(101));
        Assert.Equal(401, client.Refresh(600).Code);
        Assert.Equal(401, client.TryAllocate().Code);
    }

    [Fact]
    public void Sha_256_is_taken_when_the_client_can_and_the_answer_is_protected_by_it()
    {
        var world = new World();
        var client = world.Client();
        client.Sha256 = true;
        var answer = client.TryAllocate();
        Assert.Equal(0, answer.Code);
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        Assert.False(message.HasIntegrity);
        var key = StunCredentials.LongTermKey(client.Credential.Username, "dapari", client.Credential.Password, PasswordAlgorithmId.Sha256);
        Assert.True(MessageIntegritySha256.Check(message, key));
        Assert.Equal(0, client.Refresh(600).Code);
    }

    // Bid-down: somebody on the way changed the offer, or took the choice away.
    [Theory]
    [InlineData("00010000", 1)]
    [InlineData("0001000000020000", 1)]
    [InlineData("0002000000010000", 3)]
    [InlineData("0002000000010000", 0)]
    [InlineData(null, 2)]
    public void Algorithms_other_than_offered_are_a_bad_request(string? offered, int algorithm)
    {
        var client = new World().Client();
        client.Greet();
        var answer = client.TryAllocate((ref writer) =>
        {
            if (offered is not null)
                PasswordAlgorithms.Write(ref writer, Convert.FromHexString(offered));
            if (algorithm != 0)
                PasswordAlgorithm.Write(ref writer, (PasswordAlgorithmId)algorithm);
        });
        Assert.Equal(400, answer.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Integrity_without_name_realm_or_nonce_is_a_bad_request(int missing)
    {
        var client = new World().Client();
        client.Greet();
        var answer = new Answer(client.Send(client.Build(
            StunMethod.Allocate,
            (ref writer) =>
            {
                if (missing != 0)
                    Username.Write(ref writer, "1:x"u8);
                if (missing != 1)
                    Realm.Write(ref writer, "dapari"u8);
                if (missing != 2)
                    Nonce.Write(ref writer, client.NonceBytes);
                MessageIntegrity.Write(ref writer, "key"u8);
            },
            sign: false)));
        Assert.Equal(400, answer.Code);
    }

    [Fact]
    public void A_hashed_name_is_not_offered_and_unauthorized()
    {
        var client = new World().Client();
        client.Greet();
        var answer = new Answer(client.Send(client.Build(
            StunMethod.Allocate,
            (ref writer) =>
            {
                UserHash.Write(ref writer, new byte[32]);
                Realm.Write(ref writer, "dapari"u8);
                Nonce.Write(ref writer, client.NonceBytes);
                MessageIntegrity.Write(ref writer, "key"u8);
            },
            sign: false)));
        Assert.Equal(401, answer.Code);
    }

    [Fact]
    public void A_nonce_gets_stale_and_the_new_one_is_in_the_answer()
    {
        var world = new World();
        var client = world.Client().Allocate(static (ref writer) => Lifetime.Write(ref writer, 3600));
        world.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, client.Refresh(3600).Code);
        world.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(1));
        var stale = client.Refresh(3600);
        Assert.Equal(438, stale.Code);
        client.NonceBytes = stale.Nonce;
        Assert.Equal(0, client.Refresh(3600).Code);
    }

    [Fact]
    public void A_nonce_is_good_for_one_address_and_port()
    {
        var world = new World();
        var client = world.Client();
        client.Greet();
        foreach (var other in (string[])["192.0.2.10:4001", "192.0.2.11:4000", "[2001:db8::5]:4000"])
        {
            var thief = world.Client(other);
            thief.NonceBytes = client.NonceBytes;
            Assert.Equal(438, thief.TryAllocate().Code);
        }
    }

    [Fact]
    public void A_nonce_of_ones_own_making_is_stale()
    {
        var client = new World().Client();
        client.Greet();
        for (var i = 0; i < client.NonceBytes!.Length; i++)
        {
            var nonce = client.NonceBytes.ToArray();
            nonce[i] ^= 1;
            // Bits of the last letter that do not count in base64 are no freedom either.
            var thief = client.World.Client();
            thief.NonceBytes = nonce;
            Assert.Equal(438, thief.TryAllocate().Code);
        }
    }

    [Fact]
    public void Keys_change_and_credentials_of_the_former_one_stay_good_until_it_is_left_out()
    {
        var world = new World();
        var old = world.Client(credential: world.Credential()).Allocate();
        world.Shared.Secrets = world.Secrets.Rotate(World.Key(2));
        Assert.Equal(0, world.Client("192.0.2.10:4001", old.Credential).TryAllocate().Code);
        Assert.Equal(0, world.Client("192.0.2.10:4002", RelayCredentials.Issue(world.Shared.Secrets, "bob", world.UnixSeconds + 60)).TryAllocate().Code);

        world.Shared.Secrets = new RelaySecrets(World.Key(2));
        Assert.Equal(401, world.Client("192.0.2.10:4003", old.Credential).TryAllocate().Code);
        // What is there goes on.
        Assert.Equal(0, old.Refresh(600).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("with:colon")]
    [InlineData("ümlaut")]
    public void An_id_that_cannot_be_is_refused(string id) => Assert.Throws<ArgumentException>(() => RelayCredentials.Issue(new RelaySecrets(World.Key(1)), id, 1));

    [Fact]
    public void Credentials_and_keys_print_nothing()
    {
        var secrets = new RelaySecrets(World.Key(1));
        Assert.Equal("[redacted]", secrets.ToString());
        Assert.Equal("[redacted]", RelayCredentials.Issue(secrets, "a", 1).ToString());
        Assert.Throws<ArgumentException>(() => new RelaySecrets(new byte[15]));
        Assert.Throws<ArgumentException>(() => new RelaySecrets());
    }

    [Theory]
    [InlineData("-1:a")]
    [InlineData("+9999999999:a")]
    [InlineData("9999999999999:a")]
    [InlineData(":a")]
    [InlineData("9999999999:")]
    [InlineData("9999999999")]
    [InlineData("99999x9999:a")]
    public void A_name_of_another_shape_is_unauthorized_even_with_its_mac(string username)
    {
        var world = new World();
        var password = Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(World.Key(1), Encoding.ASCII.GetBytes(username)));
        Assert.Equal(401, world.Client(credential: new RelayCredential(username, password)).TryAllocate().Code);
    }
}
