using Dapari.Peer.Local;

namespace Dapari.Node.Api;

/// <summary>What the engine refuses, in words for people and numbers of HTTP.</summary>
internal static class Refusals
{
    /// <summary>A sentence.</summary>
    public static string Text(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.NoIdentity => "There is no identity here yet: `dapari init NAME --server URL` begins one.",
        CommandRefusal.HasIdentity => "There is an identity here already.",
        CommandRefusal.UnknownContact => "There is no such contact.",
        CommandRefusal.NotAccepted => "They are not an accepted contact.",
        CommandRefusal.Empty => "There is nothing to say.",
        CommandRefusal.TooLong => "It is too long.",
        CommandRefusal.BadLink => "This is no invite link.",
        CommandRefusal.OwnInvite => "This invite is your own.",
        CommandRefusal.AlreadyContact => "They are a contact already.",
        CommandRefusal.UnknownInvite => "There is no such invite.",
        CommandRefusal.TooMany => "There are too many already.",
        CommandRefusal.StoreFailed => "The disk refused; nothing changed.",
        CommandRefusal.Blocked => "They are blocked.",
        CommandRefusal.NoFiles => "This node cannot move files.",
        CommandRefusal.UnknownTransfer => "There is no such transfer, or it has ended.",
        CommandRefusal.NoServer => "The home server is out of reach.",
        CommandRefusal.NoDropOffs => "The home server keeps no files.",
        CommandRefusal.NoWay => "The way asked for and theirs exclude each other.",
        CommandRefusal.PeerFailed => "The peer had an error of its own; nothing was kept.",
        _ => "It was refused: " + Words.Of(refusal) + ".",
    };

    /// <summary>A status of HTTP (RFC 9110 §15).</summary>
    public static int Status(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.UnknownContact or CommandRefusal.UnknownInvite or CommandRefusal.UnknownTransfer => 404,
        CommandRefusal.Empty or CommandRefusal.TooLong or CommandRefusal.BadLink or CommandRefusal.Malformed => 400,
        CommandRefusal.StoreFailed => 507,
        CommandRefusal.PeerFailed => 500,
        CommandRefusal.NoServer => 503,
        _ => 409,
    };
}
