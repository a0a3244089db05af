using Dapari.Crypto.State;
using Dapari.Wire;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class PrekeyVaultTests
{
    private const ulong Day = 86_400_000;

    private readonly SeededRandom _random = new(51);
    private readonly Party _bob;

    public PrekeyVaultTests() => _bob = new Party(_random, 3);

    [Fact]
    public void An_upload_has_everything_public_and_signed()
    {
        var upload = _bob.Vault.TakeUpload(_bob.Device);
        Assert.Equal(3, upload.OneTime.Count);
        Assert.Equal(3, upload.OneTimeKem.Count);
        Assert.True(upload.LastResort.LastResort);
        Assert.True(PrekeySignatures.Verify(_bob.Device.Verified.SigningKey, upload.SignedPrekey));
        Assert.True(PrekeySignatures.Verify(_bob.Device.Verified.SigningKey, upload.LastResort));
        Assert.All(upload.OneTimeKem, kem =>
        {
            Assert.False(kem.LastResort);
            Assert.True(PrekeySignatures.Verify(_bob.Device.Verified.SigningKey, kem));
        });
        uint[] ids = [upload.SignedPrekey.Id, upload.LastResort.Id, .. upload.OneTime.Select(key => key.Id), .. upload.OneTimeKem.Select(key => key.Id)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.DoesNotContain(0u, ids);
    }

    [Fact]
    public void Replenishing_gives_only_the_new_ones()
    {
        var before = _bob.Vault.TakeUpload(_bob.Device);
        var upload = _bob.Vault.Replenish(_bob.Device, _random, 2, 1, 5);
        Assert.Equal(2, upload.OneTime.Count);
        Assert.Single(upload.OneTimeKem);
        Assert.Empty(upload.OneTime.Select(key => key.Id).Intersect(before.OneTime.Select(key => key.Id)));
        Assert.Equal(before.SignedPrekey, upload.SignedPrekey);
        Assert.Equal(before.LastResort, upload.LastResort);
        Assert.Equal(5, _bob.Vault.OneTimeCount);
        Assert.Equal(4, _bob.Vault.OneTimeKemCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => _bob.Vault.Replenish(_bob.Device, _random, WireLimits.PrekeysPerUpload + 1, 0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => _bob.Vault.Replenish(_bob.Device, _random, 0, -1, 5));
    }

    [Fact]
    public void Keys_never_written_to_are_dropped_the_oldest_first()
    {
        var first = _bob.Vault.TakeUpload(_bob.Device).OneTime[0].Id;
        for (var i = 0; i < 4; i++)
            _bob.Vault.Replenish(_bob.Device, _random, WireLimits.PrekeysPerUpload, 0, 5);
        Assert.Equal(PrekeyVault.OneTimeKept, _bob.Vault.OneTimeCount);
        Assert.Null(_bob.Vault.FindOneTime(first));
        Assert.True(PrekeyVault.TryLoad(_bob.Vault.Save(), out _));
    }

    [Fact]
    public void Signed_keys_are_rotated_and_former_ones_answer_for_a_time_of_grace()
    {
        var alice = new Party(_random, 0);
        var early = alice.Begin(_bob.Bundle(), _bob, _random).PendingHandshake!;
        var late = alice.Begin(_bob.Bundle(false, false), _bob, _random).PendingHandshake!;

        Assert.False(_bob.Vault.RotateSigned(_bob.Device, _random, Day, 7 * Day, 30 * Day));
        Assert.True(_bob.Vault.RotateSigned(_bob.Device, _random, 8 * Day, 7 * Day, 30 * Day));
        Assert.False(_bob.Vault.RotateSigned(_bob.Device, _random, 8 * Day, 7 * Day, 30 * Day));
        Assert.NotEqual(early.SignedPrekeyId, _bob.Bundle().SignedPrekey.Id);
        _bob.Answer(early);

        Assert.True(_bob.Vault.RotateSigned(_bob.Device, _random, 39 * Day, 7 * Day, 30 * Day));
        Assert.Equal(HandshakeFault.UnknownPrekey, Pqxdh.TryRespond(_bob.Device, _bob.Vault, late, out _, out _));
        Assert.Equal(2, _bob.Vault.Save().Signed.Count);
        Assert.Equal(2, _bob.Vault.Save().LastResort.Count);
    }

    [Fact]
    public void A_clock_set_back_rotates_too_and_the_count_stays_capped()
    {
        Assert.True(_bob.Vault.RotateSigned(_bob.Device, _random, 100 * Day, 7 * Day, 30 * Day));
        Assert.True(_bob.Vault.RotateSigned(_bob.Device, _random, Day, 7 * Day, 30 * Day));
        for (ulong i = 0; i < 20; i++)
            Assert.True(_bob.Vault.RotateSigned(_bob.Device, _random, Day + i + 1, 0, 1000 * Day));
        Assert.Equal(PrekeyVault.SignedKept, _bob.Vault.Save().Signed.Count);
        Assert.True(PrekeyVault.TryLoad(_bob.Vault.Save(), out _));
    }

    [Fact]
    public void What_was_saved_is_loaded()
    {
        var bytes = _bob.Vault.Save().ToByteArray();
        Assert.True(PrekeyVault.TryLoad(PrekeyState.Parser.ParseFrom(bytes), out var loaded));
        Assert.Equal(bytes, loaded.Save().ToByteArray());
        Assert.Equal(_bob.Vault.TakeUpload(_bob.Device).OneTimeKem, loaded.TakeUpload(_bob.Device).OneTimeKem);
    }

    [Fact]
    public void Damaged_or_newer_state_is_not_loaded()
    {
        Assert.False(PrekeyVault.TryLoad(new PrekeyState(), out _));
        foreach (var change in new Action<PrekeyState>[]
        {
            state => state.Version = 2,
            state => state.NextId = 0,
            state => state.Signed.Clear(),
            state => state.LastResort.Clear(),
            state => state.Signed[0].Signature = ByteString.Empty,
            state => state.OneTime[0].PrivateKey = ByteString.CopyFrom(new byte[31]),
            state => state.OneTimeKem[0].PublicKey = ByteString.CopyFrom(new byte[32]),
            state => state.SeenHandshakes.Add(ByteString.CopyFrom(new byte[15])),
            state => state.OneTime.Add(Enumerable.Repeat(state.OneTime[0], PrekeyVault.OneTimeKept)),
        })
        {
            var state = _bob.Vault.Save();
            change(state);
            Assert.False(PrekeyVault.TryLoad(state, out _));
        }
    }

    [Fact]
    public void A_full_upload_fits_a_frame()
    {
        var device = _bob.Device;
        var upload = _bob.Vault.Replenish(device, _random, WireLimits.PrekeysPerUpload, WireLimits.PrekeysPerUpload, 5);
        var put = new Wire.V1.PutPrekeys
        {
            StoreId = PrekeyStoreId.Random(_random).ToByteString(),
            OwnerKey = ByteString.CopyFrom(new byte[32]),
            Signature = ByteString.CopyFrom(new byte[64]),
            Device = device.Certificate,
            SignedPrekey = upload.SignedPrekey,
            LastResort = upload.LastResort,
        };
        put.OneTime.Add(upload.OneTime);
        put.OneTimeKem.Add(upload.OneTimeKem);
        var frame = FrameCodec.Write(new Wire.V1.ClientFrame { Request = 1, PutPrekeys = put });
        Assert.True(FrameCodec.TryRead(frame, out Wire.V1.ClientFrame? read, out _));
        Assert.Equal(put, read.PutPrekeys);
    }
}
