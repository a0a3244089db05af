using Dapari.Peer.Hosting;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Core;

/// <summary>Frames, envelopes and batches in a few words.</summary>
internal static class Details
{
    public static string Of(ClientFrame frame) => $"{frame.Request} {frame.KindCase} " + frame.KindCase switch
    {
        ClientFrame.KindOneofCase.Post => $"{Short(frame.Post.EnvelopeId)} to {Short(frame.Post.MailboxId)}",
        ClientFrame.KindOneofCase.Live => $"{Envelope(frame.Live.Envelope.ToByteArray())} to {Short(frame.Live.MailboxId)}",
        ClientFrame.KindOneofCase.CreateMailbox => Short(frame.CreateMailbox.MailboxId),
        ClientFrame.KindOneofCase.OpenMailbox => Short(frame.OpenMailbox.MailboxId),
        ClientFrame.KindOneofCase.OpenSender => Short(frame.OpenSender.MailboxId),
        ClientFrame.KindOneofCase.Acknowledge => $"{Short(frame.Acknowledge.MailboxId)} {string.Join(',', frame.Acknowledge.Sequences)}",
        _ => "",
    };

    public static string Of(ServerFrame frame) => $"{frame.Request} {frame.KindCase} " + frame.KindCase switch
    {
        ServerFrame.KindOneofCase.Deliver =>
            $"{Envelope(frame.Deliver.Envelope.ToByteArray())} in {Short(frame.Deliver.MailboxId)}, {frame.Deliver.Sequence}, lay {frame.Deliver.LayMs}",
        ServerFrame.KindOneofCase.LiveDeliver => $"{Envelope(frame.LiveDeliver.Envelope.ToByteArray())} in {Short(frame.LiveDeliver.MailboxId)}",
        ServerFrame.KindOneofCase.Refused => frame.Refused.Refusal.ToString(),
        ServerFrame.KindOneofCase.MailboxOpened => frame.MailboxOpened.ToString(),
        ServerFrame.KindOneofCase.LiveResult => frame.LiveResult.RecipientConnected.ToString(),
        ServerFrame.KindOneofCase.Posted => frame.Posted.RecipientConnected.ToString(),
        _ => "",
    };

    public static string Envelope(byte[] bytes)
    {
        try
        {
            return Short(Wire.V1.Envelope.Parser.ParseFrom(bytes).Id);
        }
        catch (InvalidProtocolBufferException)
        {
            return "nonsense";
        }
    }

    public static string Batch(IEnumerable<StoreBatch> batches) => string.Join("; ", batches.Where(batch => !batch.IsEmpty).Select(batch =>
        string.Join(' ', batch.State.Select(row => (row.Value is null ? "-" : "+") + Key(row.Key)))
        + string.Concat(batch.Messages.Select(message => $" [{Short(message.Id)} {(message.Outgoing ? "out" : "in")} {message.Clock} {message.State} {message.Route?.Route}]"))));

    private static string Short(ByteString id) => Convert.ToHexStringLower(id.Span)[..Math.Min(8, id.Length * 2)];

    private static string Key(string key) =>
        string.Join('/', key.Split('/').Select(part => part.Length > 12 ? part[..8] : part));
}
