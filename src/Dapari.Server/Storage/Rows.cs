using Dapari.Wire;

namespace Dapari.Server.Storage;

/// <summary>A mailbox as it stands in the file.</summary>
/// <param name="Number">Never given again.</param>
/// <param name="OwnerKey">Who may open it.</param>
/// <param name="SenderKey">Who may post to it.</param>
/// <param name="Wake">The mark of the subscription by which its owner is woken; empty: none, or not asked for.</param>
internal readonly record struct MailboxRow(long Number, byte[] OwnerKey, byte[] SenderKey, byte[] Wake);

/// <summary>A stored envelope.</summary>
internal readonly record struct EnvelopeRow(long Sequence, long PostedMs, byte[] Id, byte[] Envelope);

/// <summary>Envelopes that the database has.</summary>
/// <param name="Rows">In order.</param>
/// <param name="More">There may be more behind them; there is a row then.</param>
internal readonly record struct SettledRows(List<EnvelopeRow> Rows, bool More);

/// <summary>A mailbox's marks in the database: all of them sequences.</summary>
internal readonly record struct MarksRow(long Acknowledged, long Removed, long Reserved);

/// <summary>The public half of a device's prekeys as it stands in the file; protobuf bytes.</summary>
internal readonly record struct PrekeyStoreRow(long Number, byte[] OwnerKey, byte[] Device, byte[] SignedPrekey, byte[] LastResort);

/// <summary>A drop-off as it stands in the file. <paramref name="Received"/> bytes are durable and count.</summary>
internal sealed record BlobRow(BlobId Id, byte[] File, long Mailbox, long Size, long Received, long ExpiresMs, byte[] UploadHash, byte[] ReadHash, byte[] OwnerHash)
{
    public const string Columns = "id, file, mailbox, size, received, expires_ms, upload_hash, read_hash, owner_hash";

    public static BlobRow Read(Statement row)
    {
        BlobId.TryRead(row.Blob(0), out var id);
        return new BlobRow(id, row.Blob(1), row.Int64(2), row.Int64(3), row.Int64(4), row.Int64(5), row.Blob(6), row.Blob(7), row.Blob(8));
    }
}

/// <summary>The two kinds of one-time prekeys.</summary>
internal enum PrekeyKind
{
    Agreement = 1,
    Kem = 2,
}
