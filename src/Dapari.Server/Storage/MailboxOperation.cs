namespace Dapari.Server.Storage;

/// <summary>A change of a mailbox, or a question about one: it goes to the journal and not to the database.</summary>
internal abstract class MailboxOperation : WriteOperation
{
    /// <summary>It takes room in the journal for good. On a full disk it is refused, and others are not.</summary>
    public virtual bool Keeps => false;

    /// <summary>It adds nothing to the journal, and is answered whether that can be written or not.</summary>
    public virtual bool IsQuestion => false;

    /// <summary>About how many bytes it adds to the journal.</summary>
    public virtual int Bytes => 64;

    public sealed override void Apply(WriteSession session) => throw new InvalidOperationException("This goes to the journal.");

    /// <summary>On the writer's thread: decides and adds records. Once more if the first frame could not be written; <see cref="Undo"/> came in between then.</summary>
    /// <exception cref="StorageException">It cannot be kept; it has changed nothing.</exception>
    public virtual void Apply(MailboxStore store)
    {
    }

    /// <summary>On the writer's thread, the last first: the frame was not kept, and memory goes back.</summary>
    public virtual void Undo(MailboxStore store)
    {
    }
}

/// <summary>A <see cref="MailboxOperation"/> whose issuer waits for its outcome.</summary>
internal abstract class MailboxOperation<TResult> : MailboxOperation
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
