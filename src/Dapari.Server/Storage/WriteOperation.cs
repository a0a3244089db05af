namespace Dapari.Server.Storage;

/// <summary>One change that waits for the writer. Applied in a transaction of the database with its neighbours, completed when that is durable.</summary>
internal abstract class WriteOperation
{
    /// <summary>When it has to be begun at the latest, by <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>; 0: now.</summary>
    public virtual long BeginBy => 0;

    /// <summary>On the writer's thread: it was settled without the file. Such an operation is dropped.</summary>
    public virtual bool IsSettled => false;

    /// <summary>On the writer's thread, before all else. False: it was settled without the file meanwhile, and is neither applied nor completed.</summary>
    public virtual bool TryBegin(MailboxStore store) => true;

    /// <summary>On the writer's thread, inside the transaction. Refuses by its own result; throws only what SQLite throws.</summary>
    public abstract void Apply(WriteSession session);

    /// <summary>On the writer's thread, after the commit: memory follows.</summary>
    /// <exception cref="StorageException">What is asked cannot be read.</exception>
    public virtual void Publish(MailboxStore store)
    {
    }

    /// <summary>The writer's word on whether it is durable.</summary>
    public bool IsKept { get; set; }

    /// <summary>In order, after the commit, or after it failed.</summary>
    /// <param name="stored">False: nothing of it is kept.</param>
    public abstract void Complete(bool stored);
}

/// <summary>A change whose issuer waits for it.</summary>
internal abstract class WriteOperation<TResult> : WriteOperation
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The outcome; faults with <see cref="StorageException"/> when nothing was kept.</summary>
    public Task<TResult> Completion => _completion.Task;

    protected TResult? Result { get; set; }

    public override void Complete(bool stored)
    {
        if (stored)
            _completion.TrySetResult(Result!);
        else
            _completion.TrySetException(new StorageException(0, "not stored"));
    }
}
