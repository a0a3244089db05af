using Dapari.Server.Connections;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Offices;

/// <summary>The office of one machine: journal and SQLite in its data folder, one writer.</summary>
internal sealed class EmbeddedOffice(Writer writer, Readers readers, ServerClock clock) : IPostOffice
{
    private const int MailboxesPerRead = 200;
    private const int EnvelopesPerWrite = 200;
    private Hub? _hub;

    /// <summary>The only one who writes.</summary>
    public Writer Writer => writer;

    public CommitTimes Commits => writer.Commits;

    public bool IsFailing => writer.IsFailing;

    public bool BreaksOnFailure => false;

    public long PatienceTicks => writer.PatienceTicks;

    public void Attach(Hub hub) => _hub = hub;

    public void Tick()
    {
        if (writer.HasLeftovers)
            _ = writer.EnqueueAsync(new LeftoversOperation(), CancellationToken.None).AsTask();
    }

    public ValueTask<MailboxRow?> FindMailboxAsync(MailboxId id, CancellationToken cancellation) => readers.ReadAsync(r => r.Mailbox(id.ToArray()), cancellation);

    public Task<Outcome> CreateMailboxAsync(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate, CancellationToken cancellation) =>
        writer.RunAsync(new CreateMailboxOperation(id, ownerKey, senderKey, mayCreate), cancellation);

    public Task<UsageOutcome> OpenMailboxAsync(MailboxId id, long number, CancellationToken cancellation) => UsageAsync(number, cancellation);

    public Task<UsageOutcome> UsageAsync(long number, CancellationToken cancellation) => writer.RunAsync(new UsageOperation(number), cancellation);

    public Task<Outcome> DeleteMailboxAsync(long number, CancellationToken cancellation) => writer.RunAsync(new DeleteMailboxOperation(number), cancellation);

    public ValueTask PostAsync(SenderSlot sender, PostOperation post, CancellationToken cancellation)
    {
        _hub!.OfferToOwner(sender, post);
        // What the owner has is settled in any case, whether the sender's connection lives on or not.
        return writer.EnqueueAsync(post, post.Holder is null ? cancellation : CancellationToken.None);
    }

    public ValueTask AcknowledgeAsync(AcknowledgeOperation operation, CancellationToken cancellation) => writer.EnqueueAsync(operation, cancellation);

    public ValueTask<bool> LiveAsync(SenderSlot sender, Live live) => ValueTask.FromResult(_hub!.DeliverLive(sender.Number, live));

    public ValueTask<List<EnvelopeRow>> AfterAsync(long number, long sequence, int count, long bytes, CancellationToken cancellation) =>
        writer.Store.AfterAsync(readers, number, sequence, count, bytes, cancellation);

    public Task<Outcome> PutInviteAsync(InviteBlobId id, byte[] ownerKey, byte[] blob, long expiresMs, CancellationToken cancellation) =>
        writer.RunAsync(new PutInviteOperation(id, ownerKey, blob, expiresMs), cancellation);

    public ValueTask<byte[]?> InviteAsync(InviteBlobId id, CancellationToken cancellation) => readers.ReadAsync(r => r.Invite(id.ToArray(), clock.NowMs), cancellation);

    public Task<Outcome> DeleteInviteAsync(InviteBlobId id, Func<byte[], bool> proves, CancellationToken cancellation) =>
        writer.RunAsync(new DeleteInviteOperation(id, proves), cancellation);

    public Task<Outcome> SetWakeAsync(MailboxId id, long number, WakeSubscription? subscription, CancellationToken cancellation) =>
        writer.RunAsync(new SetWakeOperation(id, number, subscription), cancellation);

    public async ValueTask<WakeSubscription?> WakeAsync(long number, CancellationToken cancellation) =>
        await readers.ReadAsync(r => r.Wake(number), cancellation) is { } bytes ? WakeSubscription.Parser.ParseFrom(bytes) : null;

    public Task ForgetWakesAsync(string endpoint, CancellationToken cancellation) => writer.RunAsync(new ForgetWakesOperation(endpoint), cancellation);

    public Task<PrekeyOutcome> PutPrekeysAsync(PrekeyStoreId id, PutPrekeys upload, bool mayCreate, CancellationToken cancellation) =>
        writer.RunAsync(new PutPrekeysOperation(id, upload, mayCreate), cancellation);

    public Task<PrekeyOutcome> TakePrekeysAsync(PrekeyStoreId id, CancellationToken cancellation) => writer.RunAsync(new TakePrekeysOperation(id), cancellation);

    public void TellPrekeyCount(PrekeyStoreId id, int oneTime, int kem) => _hub!.TellPrekeyCount(id, oneTime, kem);

    public async Task<int> SweepAsync(long cutoffMs, CancellationToken cancellation)
    {
        await writer.RunAsync(new ExpireInvitesOperation(), cancellation);
        var removed = 0;
        var next = 1L;
        do
        {
            (var expired, next) = await readers.ReadAsync(r => r.Expired(next, cutoffMs, MailboxesPerRead), cancellation);
            removed += await SweepAsync(expired, cutoffMs, cancellation);
        }
        while (next != 0);
        return removed + await SweepAsync(writer.Store.ExpiredFresh(cutoffMs), cutoffMs, cancellation);
    }

    public Task<BlobBeginning> BeginBlobAsync(BlobRow fresh, BlobQuota quota, long room, CancellationToken cancellation) =>
        writer.RunAsync(new BeginBlobOperation(fresh, quota, room), cancellation);

    public ValueTask<BlobRow?> BlobAsync(BlobId id, CancellationToken cancellation) => readers.ReadAsync(r => r.Blob(id, clock.NowMs), cancellation);

    public Task<bool> AdvanceBlobAsync(BlobRow row, long received) => writer.RunAsync(new AdvanceBlobOperation(row, received), CancellationToken.None);

    public Task ResetBlobAsync(BlobId id, long received) => writer.RunAsync(new ResetBlobOperation(id, received), CancellationToken.None);

    public Task<long[]> DeleteBlobsAsync(IReadOnlyList<BlobRow> rows) => writer.RunAsync(new DeleteBlobsOperation(rows), CancellationToken.None);

    public Task<(long Bytes, int Blobs)> BlobUsageAsync(long mailbox, CancellationToken cancellation) => writer.RunAsync(new BlobUsageOperation(mailbox), cancellation);

    public ValueTask<List<BlobRow>> BlobsAsync(long expiredAtMs, int limit, CancellationToken cancellation) => readers.ReadAsync(r => r.Blobs(expiredAtMs, limit), cancellation);

    private async Task<int> SweepAsync(List<long> mailboxes, long cutoffMs, CancellationToken cancellation)
    {
        var removed = 0;
        foreach (var mailbox in mailboxes)
        {
            int went;
            do
            {
                went = await writer.RunAsync(new SweepMailboxOperation(mailbox, cutoffMs, EnvelopesPerWrite), cancellation);
                removed += went;
            }
            while (went == EnvelopesPerWrite);
        }

        return removed;
    }
}
