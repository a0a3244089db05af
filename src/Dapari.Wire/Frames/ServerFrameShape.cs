using Dapari.Wire.V1;
using static Dapari.Wire.V1.ServerFrame;

namespace Dapari.Wire;

/// <summary>Lengths and counts of a server's frames.</summary>
internal static class ServerFrameShape
{
    public static FrameFault Check(ServerFrame frame)
    {
        if (frame.KindCase == KindOneofCase.Welcome && HasTooManyIceServers(frame.Welcome))
            return FrameFault.TooMany;
        if (frame.KindCase == KindOneofCase.RelayAccess && frame.RelayAccess.Urls.Count > WireLimits.UrlsPerIceServer)
            return FrameFault.TooMany;
        var ok = frame.KindCase switch
        {
            KindOneofCase.Welcome => frame.Welcome is { Version: > 0, Challenge.Length: ProofMessage.ChallengeLength, PushKey.Length: 0 or Shape.PushKey }
                && frame.Welcome.IceServers.All(IsIceServer),
            KindOneofCase.Deliver => frame.Deliver is { MailboxId.Length: Shape.Id, Envelope.Length: > 0 and <= WireLimits.EnvelopeBytes },
            KindOneofCase.LiveDeliver => frame.LiveDeliver is
                { MailboxId.Length: Shape.Id, Envelope.Length: > 0 and <= WireLimits.EnvelopeBytes },
            KindOneofCase.Invite => frame.Invite.Blob.Length is > 0 and <= WireLimits.InviteBlobBytes,
            KindOneofCase.Prekeys => Shape.IsPrekeyBundle(frame.Prekeys.Bundle),
            KindOneofCase.MailboxTaken => frame.MailboxTaken.MailboxId.Length == Shape.Id,
            KindOneofCase.RelayAccess => IsRelayAccess(frame.RelayAccess),
            KindOneofCase.BlobBegun => frame.BlobBegun is { UploadToken.Length: BlobToken.Length, Usage: not null },
            KindOneofCase.PrekeyCount => frame.PrekeyCount.StoreId.Length == Shape.Id,
            _ => true,
        };
        return ok ? FrameFault.None : FrameFault.FieldLength;
    }

    private static bool HasTooManyIceServers(Welcome welcome) =>
        welcome.IceServers.Count > WireLimits.IceServers || welcome.IceServers.Any(server => server.Urls.Count > WireLimits.UrlsPerIceServer);

    private static bool IsRelayAccess(RelayAccess access) =>
        access is { Urls.Count: > 0, Username.Length: > 0, Password.Length: > 0, LifetimeSeconds: > 0 and <= WireLimits.RelayLifetimeSeconds }
        && access.Urls.All(url => url.Length > 0 && Shape.FitsUtf8(url, WireLimits.IceServerTextBytes))
        && Shape.FitsUtf8(access.Username, WireLimits.IceServerTextBytes)
        && Shape.FitsUtf8(access.Password, WireLimits.IceServerTextBytes);

    private static bool IsIceServer(IceServer server) =>
        server.Urls.All(url => Shape.FitsUtf8(url, WireLimits.IceServerTextBytes))
        && Shape.FitsUtf8(server.Username, WireLimits.IceServerTextBytes)
        && Shape.FitsUtf8(server.Credential, WireLimits.IceServerTextBytes);
}
