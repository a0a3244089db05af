namespace Dapari.Peer.Files;

/// <summary>What people and policies allow, as the transfers see it at the moment.</summary>
internal interface IFileRules
{
    /// <summary>Whether a transfer of ours may go by the channel.</summary>
    bool MayUseChannel(Transfer transfer);

    /// <summary>Whether what is to be left at a server may be left now.</summary>
    bool MayLeave(Transfer transfer);
}

/// <summary>Nothing is forbidden.</summary>
internal sealed class NoFileRules : IFileRules
{
    public bool MayUseChannel(Transfer transfer) => true;

    public bool MayLeave(Transfer transfer) => true;
}
