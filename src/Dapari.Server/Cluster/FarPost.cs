using Dapari.Server.Connections;
using Dapari.Server.Storage.Operations;

namespace Dapari.Server.Cluster;

/// <summary>A post for a mailbox that is not at this machine, or was not when it came.</summary>
internal sealed class FarPost(FarMailbox mailbox, SenderSlot sender, PostOperation post, long order)
{
    public FarMailbox Mailbox { get; } = mailbox;

    public SenderSlot Sender { get; } = sender;

    public PostOperation Post { get; } = post;

    /// <summary>Its place among the posts for this mailbox.</summary>
    public long Order { get; } = order;

    /// <summary>The epoch with which the mailbox was found where it was sent to.</summary>
    public long Epoch { get; set; }

    /// <summary>How often posts for this mailbox had come back undone when it was sent.</summary>
    public int Generation { get; set; }

    /// <summary>By the stopwatch.</summary>
    public long CameAt { get; } = System.Diagnostics.Stopwatch.GetTimestamp();
}
