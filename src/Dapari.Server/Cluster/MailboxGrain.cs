using Dapari.Server.Storage;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Dapari.Server.Cluster;

/// <inheritdoc cref="IMailboxGrain"/>
/// <remarks>It lives as long as its machine wants (<see cref="ClusterOffice.Tick"/>): most of what happens to a mailbox calls no grain.</remarks>
[PreferLocalPlacement, KeepAlive, Reentrant]
internal sealed class MailboxGrain(ClusterOffice office) : Grain, IMailboxGrain
{
    private ClusterMailbox? _mailbox;
    private bool _isMoving;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            _mailbox = await office.TakeAsync(this.GetPrimaryKey(), GrainContext, cancellationToken);
        }
        catch (StorageException e)
        {
            // Who asked from another machine is told so with the exception in it. Orleans drops what it cannot write, and the other would wait until its own deadline.
            throw new OrleansException($"The mailbox cannot be taken: {e.Message}");
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _mailbox is null ? Task.CompletedTask : office.LetGoAsync(_mailbox, _isMoving, cancellationToken);

    public ValueTask<MailboxPlace> LocateAsync()
    {
        if (_mailbox is null or { IsLost: true })
            DeactivateOnIdle(); // The next call finds out anew.
        return ValueTask.FromResult(
            _mailbox is null ? default
            : _mailbox.IsLost ? new MailboxPlace(null, _mailbox.Number, 0)
            : new MailboxPlace(office.Silo, _mailbox.Number, _mailbox.Epoch));
    }

    public ValueTask MoveAsync(SiloAddress silo)
    {
        if (silo.Equals(office.Silo) || office.IsEnding(silo)) // One that was silent for long does not know yet.
            return ValueTask.CompletedTask;
        _isMoving = true;
        GrainContext.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = silo });
        return ValueTask.CompletedTask;
    }
}
