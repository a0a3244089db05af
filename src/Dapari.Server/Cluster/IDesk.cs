using Orleans.CodeGeneration;
using Orleans.Services;

namespace Dapari.Server.Cluster;

/// <summary>Posts of one machine's connections for mailboxes that another machine has; in order.</summary>
/// <param name="From">The machine whose connections posted.</param>
/// <param name="Lane">A row of parcels. After a failure a new one begins.</param>
/// <param name="Number">Of the parcel in its lane, from 0.</param>
/// <param name="Mailboxes">Numbers.</param>
/// <param name="Epochs">With which each mailbox was found there.</param>
/// <param name="Ids">The envelopes' ids.</param>
/// <param name="Envelopes">Sealed.</param>
[GenerateSerializer, Immutable]
internal sealed record PostParcel(
    [property: Id(0)] SiloAddress From,
    [property: Id(1)] Guid Lane,
    [property: Id(2)] long Number,
    [property: Id(3)] long[] Mailboxes,
    [property: Id(4)] long[] Epochs,
    [property: Id(5)] byte[][] Ids,
    [property: Id(6)] byte[][] Envelopes);

/// <summary>What became of each post of a parcel.</summary>
/// <param name="Results">A refusal (its number in the protocol), or a <see cref="PostFate"/>; empty: a parcel before it is missing, and nothing was done.</param>
[GenerateSerializer, Immutable]
internal sealed record ParcelAnswer([property: Id(0)] int[] Results);

/// <summary>What can become of a post besides a refusal. Numbers travel between versions and stay.</summary>
internal static class PostFate
{
    /// <summary>Kept; the owner is not connected.</summary>
    public const int Posted = 0;

    /// <summary>Kept; the owner is connected.</summary>
    public const int PostedToConnected = -1;

    /// <summary>The mailbox is not here, or not under that epoch: nothing was done.</summary>
    public const int Elsewhere = -2;

    /// <summary>It could not be kept, or nobody knows.</summary>
    public const int Failed = -3;
}

/// <summary>One machine's counter for the others. Members are only ever added.</summary>
[Version(1)]
internal interface IDesk : IGrainService
{
    /// <summary>Answered when all of the parcel is answered.</summary>
    Task<ParcelAnswer> PostAsync(PostParcel parcel);

    /// <summary>A live frame for the owner's connection: 1 given, 0 there is none, -1 the mailbox is elsewhere.</summary>
    Task<int> LiveAsync(long mailbox, long epoch, byte[] id, byte[] envelope);

    /// <summary>Few prekeys are left, for whoever has the store's owner.</summary>
    Task TellPrekeyCountAsync(byte[] store, int oneTime, int kem);
}
