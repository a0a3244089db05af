using Dapari.Server.Connections;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Cluster;

/// <summary>Mailboxes: opening, posting, acknowledging.</summary>
internal sealed partial class ClusterOffice
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    public ValueTask<MailboxRow?> FindMailboxAsync(MailboxId id, CancellationToken cancellation) => _rows.FindMailboxAsync(id, cancellation);

    public async Task<Outcome> CreateMailboxAsync(MailboxId id, byte[] ownerKey, byte[] senderKey, bool mayCreate, CancellationToken cancellation)
    {
        var outcome = await _rows.CreateMailboxAsync(id, ownerKey, senderKey, mayCreate, cancellation);
        return outcome.Refusal == Refusal.Unspecified && await BringHereAsync(id, outcome.Number, cancellation) is null ? new Outcome(Refusal.Storage) : outcome;
    }

    public async Task<UsageOutcome> OpenMailboxAsync(MailboxId id, long number, CancellationToken cancellation)
    {
        // Another connection of this machine or of another may have it; it learns so when the mailbox is given to the new one, or leaves.
        if (await BringHereAsync(id, number, cancellation) is null)
            return new UsageOutcome(Refusal.UnknownMailbox, 0, 0, 0);
        return await UsageAsync(number, cancellation);
    }

    public async Task<UsageOutcome> UsageAsync(long number, CancellationToken cancellation)
    {
        var (envelopes, bytes, acknowledged) = await _rows.UsageAsync(number, cancellation);
        if (acknowledged < 0)
            return new UsageOutcome(Refusal.UnknownMailbox, 0, 0, 0);
        if (_mailboxes.TryGetValue(number, out var mailbox))
            acknowledged = Math.Max(acknowledged, mailbox.State.HighestAcknowledged);
        return new UsageOutcome(Refusal.Unspecified, bytes, envelopes, acknowledged);
    }

    public async Task<Outcome> DeleteMailboxAsync(long number, CancellationToken cancellation)
    {
        if (_mailboxes.TryGetValue(number, out var mailbox))
            await mailbox.CloseAsync().WaitAsync(cancellation);
        await _rows.DeleteMailboxAsync(number, cancellation);
        if (mailbox is not null)
        {
            _hub!.Forget(number);
            mailbox.Lose();
            _mailboxes.TryRemove(KeyValuePair.Create(number, mailbox));
            mailbox.Context.Deactivate(new Orleans.DeactivationReason(Orleans.DeactivationReasonCode.ApplicationRequested, "The mailbox is gone."), CancellationToken.None);
        }

        return new Outcome(Refusal.Unspecified);
    }

    public ValueTask PostAsync(SenderSlot sender, PostOperation post, CancellationToken cancellation)
    {
        // What is on its way goes first, wherever the mailbox is by now.
        if (_far.TryGetValue(sender.Number, out var far) && far.TryAdd(sender, post, onlyBehind: true, out _))
            return ValueTask.CompletedTask;
        if (TryEnter(sender.Number, out var mailbox))
        {
            if (!sender.IsBroken)
                return PostHereAsync(mailbox, sender, post, cancellation);
            mailbox.Exit(); // It is taken anew since; what failed before comes again on another connection, and goes first.
            post.WasForwarded = true;
            post.Complete(false);
            return ValueTask.CompletedTask;
        }

        bool isPutAway;
        do
        {
            far = _far.GetOrAdd(sender.Number, number => new FarMailbox(this, sender.Id, number));
            if (!far.TryAdd(sender, post, onlyBehind: false, out isPutAway) && isPutAway)
                _far.TryRemove(KeyValuePair.Create(sender.Number, far));
        }
        while (isPutAway);
        return ValueTask.CompletedTask;
    }

    /// <summary>Posts to a mailbox of this machine that was entered.</summary>
    public ValueTask PostHereAsync(ClusterMailbox mailbox, SenderSlot sender, PostOperation post, CancellationToken cancellation)
    {
        post.Ended = mailbox.Exit;
        _hub!.OfferToOwner(sender, post);
        return EnqueueAsync(mailbox, post, () =>
        {
            mailbox.Exit();
            if (post.Holder is null)
                sender.Completed();
        }, post.Holder is null ? cancellation : CancellationToken.None);
    }

    public ValueTask AcknowledgeAsync(AcknowledgeOperation operation, CancellationToken cancellation)
    {
        if (!TryEnter(operation.Number, out var mailbox))
        {
            operation.Complete(false); // It has just left; its owner was told.
            return ValueTask.CompletedTask;
        }

        operation.Ended = mailbox.Exit;
        return EnqueueAsync(mailbox, operation, mailbox.Exit, cancellation);
    }

    public async ValueTask<bool> LiveAsync(SenderSlot sender, Live live)
    {
        if (_mailboxes.ContainsKey(sender.Number))
            return _hub!.DeliverLive(sender.Number, live);
        var far = _far.GetOrAdd(sender.Number, number => new FarMailbox(this, sender.Id, number));
        if (await far.PlaceAsync() is not { } place)
            return false;
        if (place.Silo!.Equals(Silo))
            return _hub!.DeliverLive(sender.Number, live);
        try
        {
            var given = await Lane(place.Silo).Desk.LiveAsync(sender.Number, place.Epoch, PostgresBatch.Bytes(live.MailboxId), PostgresBatch.Bytes(live.Envelope));
            if (given < 0)
                far.Forget(place);
            return given > 0;
        }
        catch (Exception e) when (IsOrleansFault(e))
        {
            far.Forget(place);
            return false;
        }
    }

    public ValueTask<List<EnvelopeRow>> AfterAsync(long number, long sequence, int count, long bytes, CancellationToken cancellation) =>
        _rows.AfterAsync(number, sequence, count, bytes, cancellation);

    private async ValueTask EnqueueAsync(ClusterMailbox mailbox, MailboxOperation operation, Action undo, CancellationToken cancellation)
    {
        try
        {
            await Writer(mailbox.Number).EnqueueAsync(new PostgresWork(mailbox, operation), cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            undo();
            throw;
        }
    }

    /// <summary>The mailbox, at this machine; null: there is none.</summary>
    /// <exception cref="StorageException">It could not be brought in time.</exception>
    private async Task<ClusterMailbox?> BringHereAsync(MailboxId id, long number, CancellationToken cancellation)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var wait = FirstRetry; ; wait = TimeSpan.FromTicks(Math.Min(LastRetry.Ticks, wait.Ticks * 2)))
        {
            if (TryEnter(number, out var mailbox))
            {
                mailbox.Exit();
                return mailbox;
            }

            // A machine that ends would get it, and lose it at once, for as long as it asks.
            if (_hub!.IsGoingAway)
                throw new StorageException(0, "this machine is ending");
            try
            {
                var place = await Grain(id).LocateAsync();
                if (place.Number == 0)
                    return null;
                if (place.Silo is { } silo && !silo.Equals(Silo))
                    await Grain(id).MoveAsync(Silo);
                if (place.Silo?.Equals(Silo) == true && TryEnter(number, out mailbox))
                {
                    mailbox.Exit();
                    return mailbox;
                }
            }
            catch (Exception e) when (IsOrleansFault(e))
            {
                NotFound(_logger, e);
            }

            if (System.Diagnostics.Stopwatch.GetElapsedTime(began) >= _serving.Patience)
                throw new StorageException(0, "the mailbox could not be brought here");
            await Task.Delay(wait, Time, cancellation);
        }
    }
}
