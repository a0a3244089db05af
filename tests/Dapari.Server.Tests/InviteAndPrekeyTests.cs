using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class InviteAndPrekeyTests
{
    [Fact]
    public async Task An_invite_is_found_until_its_owner_revokes_it()
    {
        await using var server = await TestServer.StartAsync();
        await using var maker = await server.ConnectAsync();
        await using var guest = await server.ConnectAsync();
        var (id, key) = (InviteBlobId.Random(RandomSource.System), new KeyPair());
        Assert.Equal(Refusal.UnknownInvite, (await GetAsync(guest, id)).Refused.Refusal);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await PutAsync(maker, id, key, "sealed", 0)).KindCase);
        Assert.Equal("sealed", (await GetAsync(guest, id)).Invite.Blob.ToStringUtf8());
        // Only the owner may replace or revoke it.
        Assert.Equal(Refusal.Taken, (await PutAsync(guest, id, new KeyPair(), "other", 0)).Refused.Refusal);
        Assert.Equal(Refusal.UnknownInvite, (await DeleteAsync(guest, id, new KeyPair())).Refused.Refusal);
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await PutAsync(maker, id, key, "again", 0)).KindCase);
        Assert.Equal("again", (await GetAsync(guest, id)).Invite.Blob.ToStringUtf8());
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await DeleteAsync(maker, id, key)).KindCase);
        Assert.Equal(Refusal.UnknownInvite, (await GetAsync(guest, id)).Refused.Refusal);
    }

    [Fact]
    public async Task An_invite_ends_with_its_time_and_never_outlives_the_servers_longest()
    {
        await using var server = await TestServer.StartAsync(o => o with { InviteDays = 10, IdleDeadline = TimeSpan.FromDays(100) });
        await using var client = await server.ConnectAsync();
        var (brief, longest, key) = (InviteBlobId.Random(RandomSource.System), InviteBlobId.Random(RandomSource.System), new KeyPair());
        await PutAsync(client, brief, key, "brief", (ulong)TimeSpan.FromHours(1).TotalMilliseconds);
        await PutAsync(client, longest, key, "longest", ulong.MaxValue);
        server.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(ServerFrame.KindOneofCase.Invite, (await GetAsync(client, brief)).KindCase);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Refusal.UnknownInvite, (await GetAsync(client, brief)).Refused.Refusal);
        server.Time.Advance(TimeSpan.FromDays(9));
        Assert.Equal(ServerFrame.KindOneofCase.Invite, (await GetAsync(client, longest)).KindCase);
        server.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(Refusal.UnknownInvite, (await GetAsync(client, longest)).Refused.Refusal);
        // An id whose time is over is free again.
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await PutAsync(client, brief, new KeyPair(), "new", 0)).KindCase);
    }

    [Fact]
    public async Task Each_one_time_prekey_is_given_once_and_then_the_last_resort()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        var (store, key) = (PrekeyStoreId.Random(RandomSource.System), new KeyPair());
        var put = Upload(owner, store, key, first: 1, count: 3);
        var count = (await owner.AskAsync(new ClientFrame { PutPrekeys = put })).PrekeyCount;
        Assert.Equal((3u, 3u), (count.OneTime, count.OneTimeKem));

        await using var taker = await server.ConnectAsync();
        var taken = new List<PrekeyBundle>();
        for (var i = 0; i < 5; i++)
            taken.Add((await TakeAsync(taker, store)).Prekeys.Bundle);
        Assert.Equal([1u, 2u, 3u], taken.Take(3).Select(b => b.OneTimePrekey.Id));
        Assert.Equal([1u, 2u, 3u], taken.Take(3).Select(b => b.KemPrekey.Id));
        Assert.All(taken.Take(3), b => Assert.False(b.KemPrekey.LastResort));
        Assert.All(taken.Skip(3), b => Assert.True(b.OneTimePrekey is null && b.KemPrekey.LastResort));
        Assert.All(taken, b => Assert.Equal((put.Device, put.SignedPrekey), (b.Device, b.SignedPrekey)));
        // The owner heard that few were left.
        Assert.Equal(2u, (await owner.NextAsync()).PrekeyCount.OneTime);
        // A repeated upload, as after a lost answer, revives none of them.
        Assert.Equal(0u, (await owner.AskAsync(new ClientFrame { PutPrekeys = put })).PrekeyCount.OneTime);
        Assert.Null((await TakeAsync(taker, store)).Prekeys.Bundle.OneTimePrekey);
    }

    [Fact]
    public async Task Many_takers_at_once_never_get_the_same_prekey()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        var (store, key) = (PrekeyStoreId.Random(RandomSource.System), new KeyPair());
        await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 1, 50) });
        await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 51, 50) });
        var takers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.ConnectAsync()));
        var bundles = await Task.WhenAll(takers.Select(async taker =>
        {
            var mine = new List<PrekeyBundle>();
            for (var i = 0; i < 9; i++)
                mine.Add((await TakeAsync(taker, store)).Prekeys.Bundle);
            return mine;
        }));
        var given = bundles.SelectMany(b => b).ToList();
        Assert.Equal(100, given.Where(b => b.OneTimePrekey is not null).Select(b => b.OneTimePrekey.Id).Distinct().Count());
        Assert.Equal(100, given.Count(b => b.OneTimePrekey is not null));
        Assert.Equal(100, given.Where(b => !b.KemPrekey.LastResort).Select(b => b.KemPrekey.Id).Distinct().Count());
        Assert.Equal(8, given.Count(b => b.KemPrekey.LastResort));
        foreach (var taker in takers)
            await taker.DisposeAsync();
    }

    [Fact]
    public async Task Prekeys_are_replaced_after_a_restore_and_guarded_by_their_key()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        var (store, key) = (PrekeyStoreId.Random(RandomSource.System), new KeyPair());
        await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 1, 50) });
        var replace = Upload(owner, store, key, 40, 10);
        replace.Replace = true;
        Assert.Equal(10u, (await owner.AskAsync(new ClientFrame { PutPrekeys = replace })).PrekeyCount.OneTime);
        Assert.Equal(40u, (await TakeAsync(owner, store)).Prekeys.Bundle.OneTimePrekey.Id);

        Assert.Equal(Refusal.Taken, (await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, new KeyPair(), 1, 1) })).Refused.Refusal);
        var forged = Upload(owner, store, key, 1, 1);
        forged.Signature = new KeyPair().Sign([1]);
        Assert.Equal(Refusal.UnknownPrekeys, (await owner.AskAsync(new ClientFrame { PutPrekeys = forged })).Refused.Refusal);
        Assert.Equal(Refusal.UnknownPrekeys, (await TakeAsync(owner, PrekeyStoreId.Random(RandomSource.System))).Refused.Refusal);
    }

    [Fact]
    public async Task More_prekeys_than_are_kept_are_refused_and_nothing_changes()
    {
        await using var server = await TestServer.StartAsync();
        await using var owner = await server.ConnectAsync();
        var (store, key) = (PrekeyStoreId.Random(RandomSource.System), new KeyPair());
        await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 1, 50) });
        await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 51, 50) });
        Assert.Equal(Refusal.TooMany, (await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 101, 1) })).Refused.Refusal);
        Assert.Equal(100u, (await owner.AskAsync(new ClientFrame { PutPrekeys = Upload(owner, store, key, 1, 0) })).PrekeyCount.OneTime);
    }

    [Fact]
    public async Task Where_registration_is_closed_only_owners_get_more()
    {
        await using var server = await TestServer.StartAsync();
        var box = await MailboxTests.PrepareAsync(server);
        await using var closed = await TestServer.StartAsync(o => o with { Registration = Registration.Closed });
        await using var stranger = await closed.ConnectAsync();
        Assert.Equal(Refusal.RegistrationClosed, (await stranger.CreateAsync(box)).Refused.Refusal);
        var put = Upload(stranger, PrekeyStoreId.Random(RandomSource.System), new KeyPair(), 1, 1);
        Assert.Equal(Refusal.RegistrationClosed, (await stranger.AskAsync(new ClientFrame { PutPrekeys = put })).Refused.Refusal);
    }

    private static Task<ServerFrame> TakeAsync(TestClient client, PrekeyStoreId store) =>
        client.AskAsync(new ClientFrame { TakePrekeys = new TakePrekeys { StoreId = store.ToByteString() } });

    private static Task<ServerFrame> GetAsync(TestClient client, InviteBlobId id) =>
        client.AskAsync(new ClientFrame { GetInvite = new GetInvite { BlobId = id.ToByteString() } });

    private static Task<ServerFrame> PutAsync(TestClient client, InviteBlobId id, KeyPair key, string blob, ulong expiresInMs) =>
        client.AskAsync(new ClientFrame
        {
            PutInvite = new PutInvite
            {
                BlobId = id.ToByteString(), Blob = ByteString.CopyFromUtf8(blob), OwnerKey = key.Public, ExpiresInMs = expiresInMs,
                Signature = key.Sign(ProofMessage.InviteOwner(client.Host, client.Challenge, id)),
            },
        });

    private static Task<ServerFrame> DeleteAsync(TestClient client, InviteBlobId id, KeyPair key) =>
        client.AskAsync(new ClientFrame
        {
            DeleteInvite = new DeleteInvite { BlobId = id.ToByteString(), Signature = key.Sign(ProofMessage.InviteOwner(client.Host, client.Challenge, id)) },
        });

    private static PutPrekeys Upload(TestClient client, PrekeyStoreId store, KeyPair key, uint first, int count)
    {
        var put = new PutPrekeys
        {
            StoreId = store.ToByteString(), OwnerKey = key.Public, Signature = key.Sign(ProofMessage.PrekeysOwner(client.Host, client.Challenge, store)),
            Device = new DeviceCertificate { Statement = Fill(100, 1), Signature = Fill(64, 2) },
            SignedPrekey = new SignedPrekey { Id = 1, PublicKey = Fill(32, 3), Signature = Fill(64, 4) },
            LastResort = new KemPrekey { Id = 1000, PublicKey = Fill(1184, 5), Signature = Fill(64, 6), LastResort = true },
        };
        for (var i = 0u; i < count; i++)
        {
            put.OneTime.Add(new OneTimePrekey { Id = first + i, PublicKey = Fill(32, (byte)i) });
            put.OneTimeKem.Add(new KemPrekey { Id = first + i, PublicKey = Fill(1184, (byte)i), Signature = Fill(64, 7) });
        }

        return put;
    }

    private static ByteString Fill(int length, byte value)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return ByteString.CopyFrom(bytes);
    }
}
