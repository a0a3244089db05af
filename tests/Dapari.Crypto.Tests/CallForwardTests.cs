using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>What one device signs for another, to be carried by a third.</summary>
public sealed class CallForwardTests
{
    private static readonly SeededRandom _random = new(77);
    private readonly Party _alice = new(_random, 0);
    private readonly Party _bob = new(_random, 0);
    private readonly CallForward _forward;

    public CallForwardTests() => _forward = CallForwards.Sign(_alice.Device, new CallForwardStatement { Group = ByteString.CopyFrom(new byte[16]) });

    [Fact]
    public void Whoever_signed_it_is_known()
    {
        Assert.True(CallForwards.Verify(_forward, _alice.Device.Identity, out var device));
        Assert.Equal(_alice.Device.Id, device!.Id);
        // A device that was checked is not checked again, and another in its place is.
        Assert.True(CallForwards.Verify(_forward, _alice.Device.Identity, out var again, device));
        Assert.Same(device, again);
        Assert.True(CallForwards.Verify(_forward, _alice.Device.Identity, out again, _bob.Device.Verified));
        Assert.Equal(_alice.Device.Id, again!.Id);
    }

    [Fact]
    public void Nobody_signs_for_another()
    {
        Assert.False(CallForwards.Verify(_forward, _bob.Device.Identity, out var device));
        Assert.Null(device);
        var stolen = _forward.Clone();
        stolen.Device = _bob.Device.Certificate;
        Assert.False(CallForwards.Verify(stolen, _bob.Device.Identity, out _));
        Assert.False(CallForwards.Verify(stolen, _alice.Device.Identity, out _));
    }

    [Fact]
    public void Each_changed_bit_makes_it_worthless()
    {
        for (var bit = 0; bit < _forward.Statement.Length * 8; bit++)
        {
            var changed = _forward.Clone();
            var bytes = changed.Statement.ToByteArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            changed.Statement = ByteString.CopyFrom(bytes);
            Assert.False(CallForwards.Verify(changed, _alice.Device.Identity, out _));
        }
    }

    [Fact]
    public void A_prekeys_signature_is_none()
    {
        var forward = _forward.Clone();
        forward.Signature = _alice.Vault.TakeUpload(_alice.Device).SignedPrekey.Signature;
        Assert.False(CallForwards.Verify(forward, _alice.Device.Identity, out _));
    }
}
