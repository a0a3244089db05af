using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Storage.Operations;

/// <summary>What one mailbox may drop off.</summary>
internal readonly record struct BlobQuota(long Bytes, int Blobs);

/// <summary>What became of a beginning.</summary>
/// <param name="Refusal">Unspecified: it is begun.</param>
/// <param name="Row">As it stands now; null where it was refused.</param>
/// <param name="UsedBytes">Of the mailbox, this blob included.</param>
/// <param name="UsedBlobs">Of the mailbox, this blob included.</param>
/// <param name="Expired">An expired blob of this id, which went; its file is to be removed.</param>
internal sealed record BlobBeginning(Refusal Refusal, BlobRow? Row = null, long UsedBytes = 0, int UsedBlobs = 0, BlobRow? Expired = null);

/// <summary>Begins a drop-off, or gives a begun one another upload token; said again with a smaller size, no more of it will come.</summary>
/// <remarks>The whole declared size counts from here on: what was begun never fails for its owner's quota.</remarks>
internal sealed class BeginBlobOperation(BlobRow fresh, BlobQuota quota, long room) : WriteOperation<BlobBeginning>
{
    public override void Apply(WriteSession session)
    {
        if (session.Marks(fresh.Mailbox) is null)
        {
            Result = new BlobBeginning(Refusal.UnknownMailbox);
            return;
        }

        var now = session.Clock.NowMs;
        var before = session.Blob(fresh.Id);
        if (before is not null && before.ExpiresMs > now)
        {
            Result = Again(session, before, now);
            return;
        }

        var (bytes, blobs) = session.BlobUsage(fresh.Mailbox, now);
        var refusal = fresh.Size > quota.Bytes ? Refusal.TooLarge
            : blobs >= quota.Blobs ? Refusal.TooMany
            : fresh.Size > quota.Bytes - bytes ? Refusal.BlobQuota
            : fresh.Size > room ? Refusal.Storage
            : Refusal.Unspecified;
        if (refusal != Refusal.Unspecified)
        {
            Result = new BlobBeginning(refusal);
            return;
        }

        if (before is not null)
            session.DeleteBlob(before.Id, before.File);
        session.InsertBlob(fresh);
        Result = new BlobBeginning(Refusal.Unspecified, fresh, bytes + fresh.Size, blobs + 1, before);
    }

    private BlobBeginning Again(WriteSession session, BlobRow before, long now)
    {
        var same = before.Mailbox == fresh.Mailbox && before.Size >= fresh.Size
            & CryptographicOperations.FixedTimeEquals(before.ReadHash, fresh.ReadHash) & CryptographicOperations.FixedTimeEquals(before.OwnerHash, fresh.OwnerHash);
        if (!same)
            return new BlobBeginning(Refusal.Taken);
        // What came stays, and counts.
        var row = before with { Size = Math.Max(fresh.Size, before.Received) };
        session.RenewBlob(before.Id, fresh.UploadHash, row.Size);
        var (bytes, blobs) = session.BlobUsage(fresh.Mailbox, now);
        return new BlobBeginning(Refusal.Unspecified, row, bytes, blobs);
    }
}

/// <summary>More of a drop-off is durable; false where it is gone.</summary>
internal sealed class AdvanceBlobOperation(BlobRow blob, long received) : WriteOperation<bool>
{
    public override void Apply(WriteSession session) => Result = session.AdvanceBlob(blob.Id, blob.File, received);
}

/// <summary>Less of a drop-off's file is there than its row says.</summary>
internal sealed class ResetBlobOperation(BlobId id, long received) : WriteOperation<bool>
{
    public override void Apply(WriteSession session)
    {
        session.ResetBlob(id, received);
        Result = true;
    }
}

/// <summary>Removes drop-offs; the result says of each how much of it had been received, or -1 where it was gone.</summary>
internal sealed class DeleteBlobsOperation(IReadOnlyList<BlobRow> blobs) : WriteOperation<long[]>
{
    public override void Apply(WriteSession session) => Result = [.. blobs.Select(blob => session.DeleteBlob(blob.Id, blob.File))];
}

/// <summary>What a mailbox has dropped off.</summary>
internal sealed class BlobUsageOperation(long mailbox) : WriteOperation<(long Bytes, int Blobs)>
{
    public override void Apply(WriteSession session) => Result = session.BlobUsage(mailbox, session.Clock.NowMs);
}
