using System.Collections.Concurrent;
using Dapari.Server.Connections;
using Dapari.Server.Storage;
using Dapari.Wire;

namespace Dapari.Server.Cluster;

/// <summary>
/// A mailbox that this machine has taken: it alone gives sequences and writes, as long as its epoch is the one in the database. Any thread.
/// </summary>
/// <remarks>Whoever posts or acknowledges enters, and leaves when that is done; when the mailbox goes to another machine, nobody enters any more and those inside are waited for.</remarks>
internal sealed class ClusterMailbox
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inside;
    private bool _closing;

    public ClusterMailbox(MailboxId id, long number, long epoch, MailboxState state, IGrainContext context)
    {
        (Id, Number, Epoch, State, Context) = (id, number, epoch, state, context);
        Exit = Leave;
    }

    public MailboxId Id { get; }

    public long Number { get; }

    /// <summary>Of the machine that took the mailbox last, as this one knows it.</summary>
    public long Epoch { get; }

    /// <summary>Sequences, marks, and how much the database holds, at most.</summary>
    public MailboxState State { get; }

    public IGrainContext Context { get; }

    /// <summary>Ends what <see cref="TryEnter"/> began.</summary>
    public Action Exit { get; }

    /// <summary>Those who post from other machines, one slot for each machine: their posts keep their order.</summary>
    public ConcurrentDictionary<SiloAddress, SenderSlot> Slots { get; } = [];

    /// <summary>What is inside fails: another machine has it (<see cref="IsTaken"/>), or a write has failed, and nothing that came later may be kept before that comes again.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The database says that another machine has it.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Marks that the database does not know; the writer's.</summary>
    public bool IsDirty { get; set; }

    /// <summary>By the stopwatch: when something was posted or opened.</summary>
    public long UsedAt { get; set; }

    /// <summary>Completes when this machine has let it go.</summary>
    public Task Gone => _gone.Task;

    /// <summary>When a full mailbox was counted, by the stopwatch; the writer's.</summary>
    public long CountedAt { get; set; }

    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_closing)
                return false;
            _inside++;
            UsedAt = System.Diagnostics.Stopwatch.GetTimestamp();
            return true;
        }
    }

    /// <summary>Nobody enters any more.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_gate)
                return _closing;
        }
    }

    /// <summary>Nobody enters any more; completes when nobody is inside.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closing = true;
            if (_inside == 0)
                _empty.TrySetResult();
        }

        return _empty.Task;
    }

    /// <summary>From now on what is inside fails.</summary>
    public void Lose()
    {
        IsLost = true;
        State.Forget();
        _ = CloseAsync();
    }

    public void SetGone() => _gone.TrySetResult();

    private void Leave()
    {
        lock (_gate)
        {
            if (--_inside == 0 && _closing)
                _empty.TrySetResult();
        }
    }
}
