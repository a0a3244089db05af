using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;

namespace Dapari.Server.Offices;

/// <summary>The rows of drop-offs. Any thread; faults with <see cref="StorageException"/>.</summary>
internal interface IBlobRows
{
    Task<BlobBeginning> BeginBlobAsync(BlobRow fresh, BlobQuota quota, long room, CancellationToken cancellation);

    /// <summary>A drop-off that has not expired; null: none.</summary>
    ValueTask<BlobRow?> BlobAsync(BlobId id, CancellationToken cancellation);

    /// <summary>More of a drop-off is durable; false where it is gone.</summary>
    Task<bool> AdvanceBlobAsync(BlobRow row, long received);

    /// <summary>Less of a drop-off's bytes are there than its row says.</summary>
    Task ResetBlobAsync(BlobId id, long received);

    /// <summary>Removes drop-offs; the result says of each how much of it had been received, or -1 where it was gone.</summary>
    Task<long[]> DeleteBlobsAsync(IReadOnlyList<BlobRow> rows);

    Task<(long Bytes, int Blobs)> BlobUsageAsync(long mailbox, CancellationToken cancellation);

    /// <summary>Drop-offs that expire by then, at most so many (-1: all).</summary>
    ValueTask<List<BlobRow>> BlobsAsync(long expiredAtMs, int limit, CancellationToken cancellation);
}
