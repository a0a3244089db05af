using System.Net;
using Dapari.Peer.Hosting;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths.Rtc;

/// <summary>What the settled pair of a connection says of the way. The other end judges too; the farther of both counts.</summary>
internal static class RtcFacts
{
    /// <summary>The facts of a peer that has a pair; without one, unknown ones.</summary>
    public static PathFacts Of(RtcPeer peer)
    {
        if (peer.SelectedPair is not { } pair)
            return default;
        var round = peer.RoundTripUs > 0 ? peer.RoundTripUs / 1_000.0 : pair.RoundTripMs;
        return new PathFacts(NetworkOf(pair), round > 0 ? (uint)Math.Clamp(Math.Round(round), 1, 60_000) : 0);
    }

    /// <summary>Same network only where no router changed an address, and theirs means nothing outside or begins as ours.</summary>
    public static Network NetworkOf(in SelectedPair pair)
    {
        if (pair.LocalType == CandidateType.Relayed || pair.RemoteType == CandidateType.Relayed)
            return Network.Relayed;
        // RFC 8445 §7.3.1.3: what a check came from before its candidate was told, or could be resolved, is peer-reflexive.
        if (pair.LocalType != CandidateType.Host || pair.RemoteType is not (CandidateType.Host or CandidateType.PeerReflexive))
            return Network.Internet;
        var (here, there) = (pair.Local.ToIPAddress(), pair.Remote.ToIPAddress());
        return TcpAddresses.NetworkOf(there) == Network.Same || ShareNetwork(here, there) ? Network.Same : Network.Internet;
    }

    // The first 64 bits of IPv6 (RFC 4291 §2.5.4) tell whether two share a network; of IPv4, in practice, the first 24.
    private static bool ShareNetwork(IPAddress here, IPAddress there)
    {
        var (ours, theirs) = (here.GetAddressBytes(), there.GetAddressBytes());
        return ours.Length == theirs.Length && ours.AsSpan(0, ours.Length == 4 ? 3 : 8).SequenceEqual(theirs.AsSpan(0, ours.Length == 4 ? 3 : 8));
    }
}
