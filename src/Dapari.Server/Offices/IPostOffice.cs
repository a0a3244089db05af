using Dapari.Server.Connections;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Offices;

/// <summary>
/// What keeps mailboxes, invites, prekeys and the rows of drop-offs: files of this machine (<see cref="EmbeddedOffice"/>), or a database that several machines share. Any thread.
/// Whatever faults with <see cref="StorageException"/> kept nothing.
/// </summary>
internal interface IPostOffice : IBlobRows
{
    /// <summary>The last batch could not be stored.</summary>
    bool IsFailing { get; }

    /// <summary>How long batches of writes took.</summary>
    CommitTimes Commits { get; }

    /// <summary>A post that could not be kept ends its connection: it goes again before those behind it, which may lie at another machine by then.</summary>
    bool BreaksOnFailure { get; }

    /// <summary>How long a post that its owner has is left alone at most before it is written, in the stopwatch's ticks.</summary>
    long PatienceTicks { get; }

    /// <summary>Once, before the first connection.</summary>
    void Attach(Hub hub);

    /// <summary>Once a second.</summary>
    void Tick();

    ValueTask<MailboxRow?> FindMailboxAsync(MailboxId id, CancellationToken cancellation);

    /// <summary>Creates a mailbox, or finds it with the same keys; its deliveries are made from here then.</summary>
    Task<Outcome> CreateMailboxAsync(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate, CancellationToken cancellation);

    /// <summary>From here on this machine delivers what is in the mailbox, and no other does.</summary>
    Task<UsageOutcome> OpenMailboxAsync(MailboxId id, long number, CancellationToken cancellation);

    Task<UsageOutcome> UsageAsync(long number, CancellationToken cancellation);

    Task<Outcome> DeleteMailboxAsync(long number, CancellationToken cancellation);

    /// <summary>Takes a post; its completion says what became of it. Posts of one sender keep their order.</summary>
    ValueTask PostAsync(SenderSlot sender, PostOperation post, CancellationToken cancellation);

    /// <summary>Takes an acknowledgement of what was written, of a mailbox opened here.</summary>
    ValueTask AcknowledgeAsync(AcknowledgeOperation operation, CancellationToken cancellation);

    /// <summary>Gives a live frame to the owner's connection; false: there is none.</summary>
    ValueTask<bool> LiveAsync(SenderSlot sender, Live live);

    /// <summary>What is stored after a sequence, in order, bounded in number and, beyond the first, in bytes.</summary>
    ValueTask<List<EnvelopeRow>> AfterAsync(long number, long sequence, int count, long bytes, CancellationToken cancellation);

    Task<Outcome> PutInviteAsync(InviteBlobId id, byte[] ownerKey, byte[] blob, long expiresMs, CancellationToken cancellation);

    /// <summary>Null: there is none, or its time is over.</summary>
    ValueTask<byte[]?> InviteAsync(InviteBlobId id, CancellationToken cancellation);

    Task<Outcome> DeleteInviteAsync(InviteBlobId id, Func<byte[], bool> proves, CancellationToken cancellation);

    /// <summary>Says how the owner of a mailbox is woken while no connection has it; null: not at all.</summary>
    Task<Outcome> SetWakeAsync(MailboxId id, long number, WakeSubscription? subscription, CancellationToken cancellation);

    /// <summary>Null: nobody is to be woken.</summary>
    ValueTask<WakeSubscription?> WakeAsync(long number, CancellationToken cancellation);

    /// <summary>A device is not to be reached there any more.</summary>
    Task ForgetWakesAsync(string endpoint, CancellationToken cancellation);

    Task<PrekeyOutcome> PutPrekeysAsync(PrekeyStoreId id, PutPrekeys upload, bool mayCreate, CancellationToken cancellation);

    /// <summary>Takes one key of each kind out for good, before it is given.</summary>
    Task<PrekeyOutcome> TakePrekeysAsync(PrekeyStoreId id, CancellationToken cancellation);

    /// <summary>Tells the owner's connection, wherever it is, that few prekeys are left.</summary>
    void TellPrekeyCount(PrekeyStoreId id, int oneTime, int kem);

    /// <summary>Removes expired invites, and envelopes that were posted before then; how many envelopes went.</summary>
    Task<int> SweepAsync(long cutoffMs, CancellationToken cancellation);
}
