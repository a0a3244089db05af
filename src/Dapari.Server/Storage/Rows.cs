namespace Dapari.Server.Storage;

/// <summary>A mailbox as it stands in the file.</summary>
internal readonly record struct MailboxRow(long Number, byte[] OwnerKey, byte[] SenderKey, long HighestAcknowledged);

/// <summary>A stored envelope.</summary>
internal readonly record struct EnvelopeRow(long Sequence, long PostedMs, byte[] Envelope);

/// <summary>The public half of a device's prekeys as it stands in the file; protobuf bytes.</summary>
internal readonly record struct PrekeyStoreRow(long Number, byte[] OwnerKey, byte[] Device, byte[] SignedPrekey, byte[] LastResort);

/// <summary>The two kinds of one-time prekeys.</summary>
internal enum PrekeyKind
{
    Agreement = 1,
    Kem = 2,
}
