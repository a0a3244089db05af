namespace Dapari.Peer.Files;

/// <summary>What people and policies allow, as the transfers see it at the moment.</summary>
internal interface IFileRules
{
    /// <summary>Whether a transfer of ours may go by the channel.</summary>
    bool MayUseChannel(Transfer transfer);

    /// <summary>Whether anything of a transfer of ours may lie at a server.</summary>
    bool MayLeave(Transfer transfer);

    /// <summary>Whether a channel is hoped for, so that nothing is begun to be left yet.</summary>
    bool AwaitsChannel(Transfer transfer);
}

/// <summary>Nothing is forbidden.</summary>
internal sealed class NoFileRules : IFileRules
{
    public bool MayUseChannel(Transfer transfer) => true;

    public bool MayLeave(Transfer transfer) => true;

    public bool AwaitsChannel(Transfer transfer) => false;
}
