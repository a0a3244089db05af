using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Cluster;

/// <summary>What belongs to no mailbox's machine: it goes straight to the database.</summary>
internal sealed partial class ClusterOffice
{
    public Task<Outcome> PutInviteAsync(InviteBlobId id, byte[] ownerKey, byte[] blob, long expiresMs, CancellationToken cancellation) =>
        _rows.PutInviteAsync(id, ownerKey, blob, expiresMs, cancellation);

    public ValueTask<byte[]?> InviteAsync(InviteBlobId id, CancellationToken cancellation) => _rows.InviteAsync(id, cancellation);

    public Task<Outcome> DeleteInviteAsync(InviteBlobId id, Func<byte[], bool> proves, CancellationToken cancellation) => _rows.DeleteInviteAsync(id, proves, cancellation);

    public Task<Outcome> SetWakeAsync(MailboxId id, long number, WakeSubscription? subscription, CancellationToken cancellation) => _rows.SetWakeAsync(number, subscription, cancellation);

    public ValueTask<WakeSubscription?> WakeAsync(long number, CancellationToken cancellation) => _rows.WakeAsync(number, cancellation);

    public Task ForgetWakesAsync(string endpoint, CancellationToken cancellation) => _rows.ForgetWakesAsync(endpoint, cancellation);

    public Task<PrekeyOutcome> PutPrekeysAsync(PrekeyStoreId id, PutPrekeys upload, bool mayCreate, CancellationToken cancellation) =>
        _rows.PutPrekeysAsync(id, upload, mayCreate, cancellation);

    public Task<PrekeyOutcome> TakePrekeysAsync(PrekeyStoreId id, CancellationToken cancellation) => _rows.TakePrekeysAsync(id, cancellation);

    public void TellPrekeyCount(PrekeyStoreId id, int oneTime, int kem)
    {
        _hub!.TellPrekeyCount(id, oneTime, kem);
        foreach (var (silo, member) in _members!.CurrentSnapshot.Members)
        {
            if (member.Status == SiloStatus.Active && !silo.Equals(Silo))
                _ = TellAsync(silo);
        }

        async Task TellAsync(SiloAddress silo)
        {
            try
            {
                await Lane(silo).Desk.TellPrekeyCountAsync(id.ToByteString().ToByteArray(), oneTime, kem);
            }
            catch (Exception e) when (IsOrleansFault(e))
            {
                NotFound(_logger, e); // A hint: the owner learns of it when it uploads, too.
            }
        }
    }

    public Task<int> SweepAsync(long cutoffMs, CancellationToken cancellation) => _rows.SweepAsync(cutoffMs, cancellation);

    public Task<BlobBeginning> BeginBlobAsync(BlobRow fresh, BlobQuota quota, long room, CancellationToken cancellation) => _rows.BeginBlobAsync(fresh, quota, room, cancellation);

    public ValueTask<BlobRow?> BlobAsync(BlobId id, CancellationToken cancellation) => _rows.BlobAsync(id, cancellation);

    public Task<bool> AdvanceBlobAsync(BlobRow row, long received) => _rows.AdvanceBlobAsync(row, received);

    public Task ResetBlobAsync(BlobId id, long received) => _rows.ResetBlobAsync(id, received);

    public Task<long[]> DeleteBlobsAsync(IReadOnlyList<BlobRow> rows) => _rows.DeleteBlobsAsync(rows);

    public Task<(long Bytes, int Blobs)> BlobUsageAsync(long mailbox, CancellationToken cancellation) => _rows.BlobUsageAsync(mailbox, cancellation);

    public ValueTask<List<BlobRow>> BlobsAsync(long expiredAtMs, int limit, CancellationToken cancellation) => _rows.BlobsAsync(expiredAtMs, limit, cancellation);
}
