using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// What one device says to another through a third that is trusted by both and believed by none: Ed25519 by the device's signing key over a label and the
/// serialized <c>CallForwardStatement</c>, exactly the bytes that travel. docs/protocol/calls.md.
/// </summary>
public static class CallForwards
{
    /// <summary>Signs a statement as this device.</summary>
    public static CallForward Sign(LocalDevice device, CallForwardStatement statement)
    {
        ArgumentNullException.ThrowIfNull(device);
        var bytes = statement.ToByteString();
        return new CallForward
        {
            Statement = bytes,
            Signature = UnsafeByteOperations.UnsafeWrap(device.Signing.Sign(Signed(bytes.Span))),
            Device = device.Certificate.Clone(),
        };
    }

    /// <summary>
    /// Whether a device of this person signed the statement. What the statement says, and to whom, is the caller's to judge.
    /// </summary>
    /// <param name="forward">As it came; lengths are checked.</param>
    /// <param name="from">The person whom the statement names.</param>
    /// <param name="device">The device, for the next time; null where none is good.</param>
    /// <param name="known">A device of theirs that was checked before: the same certificate is not checked again.</param>
    public static bool Verify(CallForward forward, IdentityPublicKey from, out VerifiedDevice? device, VerifiedDevice? known = null)
    {
        ArgumentNullException.ThrowIfNull(forward);
        device = known is not null && known.Certificate.Equals(forward.Device) ? known : null;
        if (device is null && DeviceCertificates.TryVerify(forward.Device, out device) != CertificateFault.None)
            return false;
        if (device!.Identity != from || forward.Signature.Length != Shape.Signature)
        {
            device = null;
            return false;
        }

        return device.SigningKey.Verify(Signed(forward.Statement.Span), forward.Signature.Span);
    }

    private static byte[] Signed(ReadOnlySpan<byte> statement) => [.. Labels.CallForward, .. statement];
}
