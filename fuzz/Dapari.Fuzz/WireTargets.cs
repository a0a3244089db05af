using System.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What is read on arrival, before any key is used.</summary>
internal static class WireTargets
{
    public static IEnumerable<Target> All =>
    [
        new("client-frame", Samples.ClientFrames, ClientFrames),
        new("server-frame", Samples.ServerFrames, ServerFrames),
        new("envelope", Samples.Envelopes, Envelopes),
        new("content", Samples.Contents, Contents),
        new("invite-blob", Samples.InviteBlobs, InviteBlobs),
        new("invite-link", Samples.InviteLinks, InviteLinks),
        new("share-link", Samples.ShareLinks, ShareLinks),
        new("origin", Samples.Origins, Origins),
    ];

    private static string ClientFrames(byte[] input)
    {
        var good = FrameCodec.TryRead(input, out ClientFrame? frame, out var fault);
        Require(good == (frame is not null) && good == (fault == FrameFault.None), "result and fault agree");
        if (frame is null)
            return fault.ToString();
        Require(frame.Request > 0, "a request number");
        Require(FrameCodec.TryRead(FrameCodec.Write(frame), out ClientFrame? again, out _) && again.Equals(frame), "reads back what it wrote");
        return frame.KindCase.ToString();
    }

    private static string ServerFrames(byte[] input)
    {
        var good = FrameCodec.TryRead(input, out ServerFrame? frame, out var fault);
        Require(good == (frame is not null) && good == (fault == FrameFault.None), "result and fault agree");
        if (frame is null)
            return fault.ToString();
        Require(FrameCodec.TryRead(FrameCodec.Write(frame), out ServerFrame? again, out _) && again.Equals(frame), "reads back what it wrote");
        return frame.KindCase.ToString();
    }

    private static string Envelopes(byte[] input)
    {
        var good = EnvelopeCodec.TryRead(input, out var envelope, out var fault);
        Require(good == (envelope is not null) && good == (fault == EnvelopeFault.None), "result and fault agree");
        if (envelope is null)
            return fault.ToString();
        Require(EnvelopeId.TryRead(envelope.Id, out _), "an id");
        Require(EnvelopeCodec.TryRead(EnvelopeCodec.Write(envelope), out var again, out _) && again.Equals(envelope), "reads back what it wrote");
        return "read";
    }

    private static string Contents(byte[] input)
    {
        var good = ContentCodec.TryRead(input, out var content, out var fault);
        Require(good == (content is not null) && good == (fault == ContentFault.None), "result and fault agree");
        if (content is null)
            return fault.ToString();
        Require(content.Padding.IsEmpty, "padding is gone");
        Require(ContentCodec.TryRead(ContentCodec.Write(content), out var again, out _) && again.Equals(content), "reads back what it wrote");
        return content.KindCase + (content.KindCase == Content.KindOneofCase.Signal ? content.Signal.PartCase.ToString() : "");
    }

    private static string InviteBlobs(byte[] input)
    {
        var good = InviteBlobCodec.TryRead(input, out var blob, out var fault);
        Require(good == (blob is not null) && good == (fault == InviteBlobFault.None), "result and fault agree");
        if (blob is null)
            return fault.ToString();
        Require(Origin.IsNormal(blob.Mailbox.Server) && Origin.IsNormal(blob.Prekeys.Server), "normal origins");
        return "read";
    }

    private static string ShareLinks(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (!ShareLink.TryParse(text, out var origin, out var secret))
            return "refused";
        var written = ShareLink.Format(origin, secret);
        Require(written.All(char.IsAscii), "a link is ASCII");
        Require(ShareLink.TryParse(written, out var again, out var secretAgain) && again == origin && secretAgain.AsSpan().SequenceEqual(secret), "reads back what it wrote");
        CheckOrigin(origin);
        return "read";
    }

    private static string InviteLinks(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var good = InviteLink.TryParse(text, out var origin, out var secret, out var fault);
        Require(good == (secret is not null) && good == (fault == InviteLinkFault.None), "result and fault agree");
        if (secret is null)
            return fault.ToString();
        var written = InviteLink.Format(origin, secret);
        Require(written.All(char.IsAscii), "a link is ASCII");
        Require(
            InviteLink.TryParse(written, out var again, out var secretAgain, out _) && again == origin && secretAgain.AsSpan().SequenceEqual(secret),
            "reads back what it wrote");
        CheckOrigin(origin);
        return "read";
    }

    private static string Origins(byte[] input)
    {
        if (!Origin.TryParse(Encoding.UTF8.GetString(input), out var origin))
            return "refused";
        CheckOrigin(origin);
        return origin.IsSecure ? "https" : "http";
    }

    private static void CheckOrigin(Origin origin)
    {
        Require(Origin.IsNormal(origin.Value), "the normal form is normal");

        // What a browser makes of it must be the same place.
        Require(Uri.TryCreate(origin.Value, UriKind.Absolute, out var uri), "the platform reads it");
        Require(uri!.UserInfo.Length == 0 && uri.PathAndQuery == "/" && uri.Fragment.Length == 0, "nothing but an origin");
        Require(uri.GetLeftPart(UriPartial.Authority) == origin.Value, "the platform reads the same origin: " + origin.Value + " " + uri);
    }
}
