using System.Collections.Concurrent;
using Dapari.Server.Connections;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Orleans.Runtime.Services;

namespace Dapari.Server.Cluster;

/// <inheritdoc cref="IDesk"/>
internal sealed class DeskService(GrainId id, Silo silo, ILoggerFactory loggers, ClusterOffice office) : GrainService(id, silo, loggers), IDesk
{
    private readonly ConcurrentDictionary<Guid, ParcelLane> _lanes = [];

    public async Task<ParcelAnswer> PostAsync(PostParcel parcel)
    {
        foreach (var (old, _) in _lanes.Where(l => l.Value.From.Equals(parcel.From) && l.Key != parcel.Lane && l.Value.IsOver))
            _lanes.TryRemove(old, out _);
        var lane = _lanes.GetOrAdd(parcel.Lane, _ => new ParcelLane(parcel.From));
        var answers = new ParcelAnswers(parcel.Mailboxes.Length);
        if (!await lane.TurnAsync(parcel.Number)) // One before it is missing; nothing may overtake it.
            return new ParcelAnswer([]);
        try
        {
            for (var i = 0; i < parcel.Mailboxes.Length; i++)
                await PostAsync(parcel, i, answers);
        }
        finally
        {
            lane.Next();
        }

        return new ParcelAnswer(await answers.All);
    }

    public Task<int> LiveAsync(long mailbox, long epoch, byte[] id, byte[] envelope) =>
        Task.FromResult(office.Has(mailbox, epoch) ? office.Hub.DeliverLive(mailbox, new Live
        {
            MailboxId = UnsafeByteOperations.UnsafeWrap(id), Envelope = UnsafeByteOperations.UnsafeWrap(envelope),
        }) ? 1 : 0 : -1);

    public Task TellPrekeyCountAsync(byte[] store, int oneTime, int kem)
    {
        if (PrekeyStoreId.TryRead(store, out var id))
            office.Hub.TellPrekeyCount(id, oneTime, kem);
        return Task.CompletedTask;
    }

    private ValueTask PostAsync(PostParcel parcel, int i, ParcelAnswers answers)
    {
        var number = parcel.Mailboxes[i];
        if (!office.TryEnter(number, out var mailbox))
        {
            answers.Set(i, PostFate.Elsewhere);
            return ValueTask.CompletedTask;
        }

        if (mailbox.Epoch != parcel.Epochs[i])
        {
            mailbox.Exit();
            answers.Set(i, PostFate.Elsewhere);
            return ValueTask.CompletedTask;
        }

        var sender = mailbox.Slots.GetOrAdd(parcel.From, _ => new SenderSlot(mailbox.Id, number));
        var post = new PostOperation(number, UnsafeByteOperations.UnsafeWrap(parcel.Ids[i]), UnsafeByteOperations.UnsafeWrap(parcel.Envelopes[i]), office.Hub.Options.Quota, (done, stored) =>
        {
            answers.Set(i, !stored ? mailbox.IsLost ? PostFate.Elsewhere : PostFate.Failed
                : done.Refusal != Refusal.Unspecified ? (int)done.Refusal
                : office.Hub.Owner(number) is null ? PostFate.Posted : PostFate.PostedToConnected);
            office.Hub.Settle(sender, done, stored);
        }) { Request = 0 };
        return office.PostHereAsync(mailbox, sender, post, CancellationToken.None);
    }

    /// <summary>The parcels of one lane are taken one after the other, by number: between two machines messages overtake each other.</summary>
    private sealed class ParcelLane(SiloAddress from)
    {
        private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
        private readonly Lock _gate = new();
        private readonly Dictionary<long, TaskCompletionSource<bool>> _early = [];
        private long _next;
        private long _usedAt = System.Diagnostics.Stopwatch.GetTimestamp();

        public SiloAddress From { get; } = from;

        public bool IsOver => System.Diagnostics.Stopwatch.GetElapsedTime(Volatile.Read(ref _usedAt)) > Idle;

        /// <summary>False: it was had before, or one before it does not come. Each true needs a <see cref="Next"/>.</summary>
        public async ValueTask<bool> TurnAsync(long number)
        {
            TaskCompletionSource<bool> early;
            lock (_gate)
            {
                Volatile.Write(ref _usedAt, System.Diagnostics.Stopwatch.GetTimestamp());
                if (number == _next)
                    return true;
                if (number < _next || _early.ContainsKey(number))
                    return false;
                _early[number] = early = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            try
            {
                return await early.Task.WaitAsync(Patience, TimeProvider.System);
            }
            catch (TimeoutException)
            {
                lock (_gate)
                    return !_early.Remove(number); // Or its turn came just now.
            }
        }

        public void Next()
        {
            lock (_gate)
            {
                if (_early.Remove(++_next, out var waiting))
                    waiting.SetResult(true);
            }
        }
    }

    private sealed class ParcelAnswers(int count)
    {
        private readonly int[] _results = new int[count];
        private readonly TaskCompletionSource<int[]> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task<int[]> All => _all.Task;

        public void Set(int i, int result)
        {
            _results[i] = result;
            if (Interlocked.Decrement(ref _left) == 0)
                _all.TrySetResult(_results);
        }
    }
}

/// <summary>Finds the desks of other machines.</summary>
internal sealed class DeskClient(IServiceProvider services) : GrainServiceClient<IDesk>(services)
{
    public IDesk At(SiloAddress silo) => GetGrainService(silo);
}
