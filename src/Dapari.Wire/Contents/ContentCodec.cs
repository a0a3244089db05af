using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Wire.V1.Content;

namespace Dapari.Wire;

/// <summary>
/// Reads and writes what a session's plaintext is. A kind of a newer version is read as a content whose <c>KindCase</c> is <c>None</c> and
/// whose bytes are kept: written again, it is the same; unknown fields of known kinds likewise. Padding is removed on reading.
/// </summary>
public static class ContentCodec
{
    /// <summary>Presence runs and negotiation attempts, in bytes.</summary>
    public const int ShortId = 8;

    /// <summary>Reads a content.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out Content? content, out ContentFault fault)
    {
        content = null;
        fault = ContentFault.TooLarge;
        if (source.Length > WireLimits.ContentBytes)
            return false;
        fault = ContentFault.Malformed;
        if (!Protobuf.TryParse(source, Content.Parser, out var parsed))
            return false;
        fault = Check(parsed);
        if (fault != ContentFault.None)
            return false;
        parsed.Padding = ByteString.Empty;
        content = parsed;
        return true;
    }

    /// <summary>Writes a content as it stands; padding is the caller's (Dapari.Crypto's Padding).</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.ContentBytes"/>.</exception>
    public static byte[] Write(Content content)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (content.CalculateSize() > WireLimits.ContentBytes)
            throw new ArgumentException("The content is too large.", nameof(content));
        return content.ToByteArray();
    }

    /// <summary>Lengths and counts of a content.</summary>
    public static ContentFault Check(Content content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return content.KindCase switch
        {
            KindOneofCase.Chat => Check(content.Chat),
            KindOneofCase.Receipts => Check(content.Receipts),
            KindOneofCase.ContactRequest => Check(content.ContactRequest),
            KindOneofCase.ContactAccept =>
                Addressed(content.ContactAccept.Name, content.ContactAccept.ReplyTo, content.ContactAccept.Prekeys),
            KindOneofCase.Profile => Shape.IsName(content.Profile.Name) ? ContentFault.None : ContentFault.TextTooLong,
            KindOneofCase.CannotOpen => Check(content.CannotOpen),
            KindOneofCase.Address => Addressed("", content.Address.ReplyTo, content.Address.Prekeys),
            KindOneofCase.File => Files.FileCheck.Check(content.File),
            KindOneofCase.FileUpdate => Files.FileCheck.Check(content.FileUpdate),
            KindOneofCase.Presence => Length(content.Presence.RunId.Length == ShortId),
            KindOneofCase.Signal => Check(content.Signal),
            KindOneofCase.Call => CallCheck.Check(content.Call),
            KindOneofCase.CallForward => CallForwardCodec.Check(content.CallForward),
            KindOneofCase.CallNote => CallCheck.Check(content.CallNote),
            KindOneofCase.PathReport => Length(content.PathReport.AttemptId.Length == ShortId),
            _ => ContentFault.None,
        };
    }

    /// <summary>Lengths of a WebRTC signal.</summary>
    public static ContentFault Check(Signal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.AttemptId.Length == ShortId ? CheckPart(signal) : ContentFault.FieldLength;
    }

    /// <summary>Lengths of what a WebRTC signal carries, whatever names its negotiation.</summary>
    public static ContentFault CheckPart(Signal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.PartCase switch
        {
            Signal.PartOneofCase.OfferSdp => Text(signal.OfferSdp, WireLimits.SdpBytes),
            Signal.PartOneofCase.AnswerSdp => Text(signal.AnswerSdp, WireLimits.SdpBytes),
            Signal.PartOneofCase.Candidate when Text(signal.Candidate.SdpMid, WireLimits.SdpMidBytes) != ContentFault.None
                || Text(signal.Candidate.UsernameFragment, WireLimits.UsernameFragmentBytes) != ContentFault.None => ContentFault.TextTooLong,
            Signal.PartOneofCase.Candidate => Text(signal.Candidate.Candidate_, WireLimits.CandidateBytes),
            Signal.PartOneofCase.Tcp => Check(signal.Tcp),
            _ => ContentFault.None,
        };
    }

    private static ContentFault Check(TcpWays ways)
    {
        if (ways.Addresses.Count > WireLimits.TcpAddresses)
            return ContentFault.TooMany;
        return Length(ways is { Token.Length: Shape.Id, Fingerprint.Length: Shape.Key }
            && ways.Addresses.All(address => address.Ip.Length is 4 or 16 && address.Port is >= 1 and <= 65_535));
    }

    private static ContentFault Check(ChatMessage chat) =>
        chat.MessageId.Length != Shape.Id ? ContentFault.FieldLength : Text(chat.Text, WireLimits.TextBytes);

    private static ContentFault Check(Receipts receipts)
    {
        if (receipts.Delivered.Count > WireLimits.ReceiptsPerEnvelope)
            return ContentFault.TooMany;
        return Length(receipts.Delivered.All(delivered => delivered.MessageId.Length == Shape.Id));
    }

    private static ContentFault Check(ContactRequest request) =>
        request is { InviteId.Length: Shape.Id, InviteProof.Length: Shape.Key }
            ? Addressed(request.Name, request.ReplyTo, request.Prekeys)
            : ContentFault.FieldLength;

    private static ContentFault Check(CannotOpen cannotOpen)
    {
        if (cannotOpen.EnvelopeIds.Count > WireLimits.CannotOpenPerEnvelope)
            return ContentFault.TooMany;
        return Length(Shape.All(cannotOpen.EnvelopeIds, Shape.Id));
    }

    private static ContentFault Addressed(string name, MailboxAddress? mailbox, PrekeyAddress? prekeys)
    {
        if (!Shape.IsName(name))
            return ContentFault.TextTooLong;
        return Length(Shape.IsMailboxAddress(mailbox) && Shape.IsPrekeyAddress(prekeys));
    }

    private static ContentFault Text(string text, int bytes) => Shape.FitsUtf8(text, bytes) ? ContentFault.None : ContentFault.TextTooLong;

    private static ContentFault Length(bool right) => right ? ContentFault.None : ContentFault.FieldLength;
}
