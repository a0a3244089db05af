using Dapari.Peer.Local;
using Dapari.Simulation.Peers;
using Google.Protobuf;

namespace Dapari.Simulation.Scenarios;

/// <summary>One person means to ask another by that one's invite.</summary>
internal sealed class Acquaintance(SimPeer maker, SimPeer opener, bool reusable, RequestAnswer decision)
{
    public SimPeer Maker { get; } = maker;

    public SimPeer Opener { get; } = opener;

    public bool Reusable { get; } = reusable;

    /// <summary>The two were contacts before, and one removed the other.</summary>
    public bool Again { get; init; }

    /// <summary>What the maker answers to the request.</summary>
    public RequestAnswer Decision { get; } = decision;

    public string? Link { get; set; }

    public ByteString InviteId { get; set; } = ByteString.Empty;

    /// <summary>The maker took the invite back: it may have been too late, or not.</summary>
    public bool Revoked { get; set; }

    public bool Opened { get; set; }

    public int Attempts { get; set; }
}
