using Orleans.CodeGeneration;

namespace Dapari.Server.Cluster;

/// <summary>Where a mailbox is.</summary>
/// <param name="Silo">The machine that has taken it; null: it is between two machines, ask again.</param>
/// <param name="Number">0: there is no such mailbox.</param>
/// <param name="Epoch">With which it has it.</param>
[GenerateSerializer, Immutable]
internal readonly record struct MailboxPlace([property: Id(0)] SiloAddress? Silo, [property: Id(1)] long Number, [property: Id(2)] long Epoch);

/// <summary>
/// A mailbox in the cluster, by its id. The grain says which machine has it and brings it elsewhere; posts and deliveries do not go through it (<see cref="IDesk"/>).
/// </summary>
/// <remarks>Members are only ever added, each with the next version: two versions work side by side during an upgrade.</remarks>
[Version(1)]
internal interface IMailboxGrain : IGrainWithGuidKey
{
    /// <summary>As a time span.</summary>
    const string Patience = "00:00:06";

    /// <summary>Takes the mailbox for a machine, the caller's if it can, and says which it is.</summary>
    /// <remarks>Whoever asks asks again: an answer that was lost with a machine is not waited for as long as a post may take.</remarks>
    [ResponseTimeout(Patience)]
    ValueTask<MailboxPlace> LocateAsync();

    /// <summary>Its owner is connected there: it goes there.</summary>
    [ResponseTimeout(Patience)]
    ValueTask MoveAsync(SiloAddress silo);
}
