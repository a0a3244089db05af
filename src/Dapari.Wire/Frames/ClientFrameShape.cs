using Dapari.Wire.V1;
using static Dapari.Wire.V1.ClientFrame;

namespace Dapari.Wire;

/// <summary>Lengths and counts of a client's frames.</summary>
internal static class ClientFrameShape
{
    public static FrameFault Check(ClientFrame frame)
    {
        var ok = frame.KindCase switch
        {
            KindOneofCase.Hello => frame.Hello is { LowestVersion: > 0 } hello && hello.LowestVersion <= hello.HighestVersion
                && Shape.FitsUtf8(hello.Agent, WireLimits.AgentBytes) && Shape.FitsUtf8(hello.RegistrationCode, WireLimits.RegistrationCodeBytes),
            KindOneofCase.CreateMailbox => frame.CreateMailbox is
                { MailboxId.Length: Shape.Id, OwnerKey.Length: Shape.Key, SenderKey.Length: Shape.Key, Signature.Length: Shape.Signature },
            KindOneofCase.OpenMailbox => frame.OpenMailbox is { MailboxId.Length: Shape.Id, Signature.Length: Shape.Signature },
            KindOneofCase.CloseMailbox => frame.CloseMailbox.MailboxId.Length == Shape.Id,
            KindOneofCase.OpenSender => frame.OpenSender is { MailboxId.Length: Shape.Id, Signature.Length: Shape.Signature },
            KindOneofCase.Post => frame.Post is
                { MailboxId.Length: Shape.Id, EnvelopeId.Length: Shape.Id, Envelope.Length: > 0 and <= WireLimits.EnvelopeBytes },
            KindOneofCase.Live => frame.Live is { MailboxId.Length: Shape.Id, Envelope.Length: > 0 and <= WireLimits.EnvelopeBytes },
            KindOneofCase.Acknowledge => frame.Acknowledge is { MailboxId.Length: Shape.Id, Sequences.Count: > 0 },
            KindOneofCase.DeleteMailbox => frame.DeleteMailbox.MailboxId.Length == Shape.Id,
            KindOneofCase.GetUsage => frame.GetUsage.MailboxId.Length == Shape.Id,
            KindOneofCase.PutInvite => frame.PutInvite is
            {
                BlobId.Length: Shape.Id, OwnerKey.Length: Shape.Key, Signature.Length: Shape.Signature,
                Blob.Length: > 0 and <= WireLimits.InviteBlobBytes,
            },
            KindOneofCase.GetInvite => frame.GetInvite.BlobId.Length == Shape.Id,
            KindOneofCase.DeleteInvite => frame.DeleteInvite is { BlobId.Length: Shape.Id, Signature.Length: Shape.Signature },
            KindOneofCase.PutPrekeys => IsPutPrekeys(frame.PutPrekeys),
            KindOneofCase.BeginBlob => frame.BeginBlob is
            {
                MailboxId.Length: Shape.Id, BlobId.Length: Shape.Id, Size: > 0 and <= WireLimits.BlobBytes,
                ReadTokenHash.Length: BlobToken.Length, OwnerTokenHash.Length: BlobToken.Length,
            },
            KindOneofCase.GetBlobUsage => frame.GetBlobUsage.MailboxId.Length == Shape.Id,
            KindOneofCase.SetWake => frame.SetWake.MailboxId.Length == Shape.Id && (frame.SetWake.Subscription is not { } wake
                || (wake is { Key.Length: Shape.PushKey, Secret.Length: Shape.PushSecret, Endpoint.Length: > 0 } && Shape.FitsUtf8(wake.Endpoint, WireLimits.PushEndpointBytes))),
            KindOneofCase.TakePrekeys => frame.TakePrekeys.StoreId.Length == Shape.Id,
            _ => true,
        };
        if (!ok)
            return FrameFault.FieldLength;
        return HasTooMany(frame) ? FrameFault.TooMany : FrameFault.None;
    }

    private static bool IsPutPrekeys(PutPrekeys put) =>
        put is { StoreId.Length: Shape.Id, OwnerKey.Length: Shape.Key, Signature.Length: Shape.Signature }
        && Shape.IsCertificate(put.Device) && Shape.IsSignedPrekey(put.SignedPrekey) && Shape.IsKemPrekey(put.LastResort)
        && put.LastResort.LastResort
        && put.OneTime.All(Shape.IsOneTimePrekey)
        && put.OneTimeKem.All(kem => Shape.IsKemPrekey(kem) && !kem.LastResort);

    private static bool HasTooMany(ClientFrame frame) => frame.KindCase switch
    {
        KindOneofCase.Acknowledge => frame.Acknowledge.Sequences.Count > WireLimits.AcknowledgementsPerFrame,
        KindOneofCase.PutPrekeys =>
            frame.PutPrekeys.OneTime.Count > WireLimits.PrekeysPerUpload || frame.PutPrekeys.OneTimeKem.Count > WireLimits.PrekeysPerUpload,
        _ => false,
    };
}
