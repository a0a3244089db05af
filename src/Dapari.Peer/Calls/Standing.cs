namespace Dapari.Peer.Calls;

/// <summary>What somebody who is named in a call is to this person.</summary>
internal enum Standing
{
    /// <summary>Nobody: no identity, or our own.</summary>
    None,

    /// <summary>An accepted contact.</summary>
    Contact,

    /// <summary>Blocked: never connected, never answered.</summary>
    Blocked,

    /// <summary>No contact, or not an accepted one.</summary>
    Stranger,
}
