using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Engine;

/// <summary>All that can happen to a peer, one at a time, in order.</summary>
public abstract record PeerInput
{
    private PeerInput()
    {
    }

    /// <summary>First input after loading: the engine asks for its connections.</summary>
    public sealed record Start : PeerInput;

    /// <summary>A person (or program) said something; completed by <see cref="PeerEffect.Completed"/> with the same token.</summary>
    public sealed record Said(long Token, Command Command) : PeerInput;

    /// <summary>The clock reached <see cref="PeerEngine.NextDeadline"/>, or may have.</summary>
    public sealed record Tick : PeerInput;

    /// <summary>No further input waits at the moment: what was gathered (receipts, acknowledgements) may go.</summary>
    public sealed record Drained : PeerInput;

    /// <summary>A connection to a server opened.</summary>
    public sealed record ServerConnected(string Origin) : PeerInput;

    /// <summary>A connection to a server ended or could not be made.</summary>
    public sealed record ServerDisconnected(string Origin) : PeerInput;

    /// <summary>One WebSocket message from a server, unparsed.</summary>
    public sealed record ServerSent(string Origin, byte[] Frame) : PeerInput;

    /// <summary>The path driver has a description or candidate for the other end.</summary>
    public sealed record PathSignalMade(ulong Path, Signal Signal) : PeerInput;

    /// <summary>A direct path's channel opened.</summary>
    public sealed record PathOpened(ulong Path, PathFacts Facts) : PeerInput;

    /// <summary>The settled pair changed, or its round-trip time was measured anew.</summary>
    public sealed record PathFactsChanged(ulong Path, PathFacts Facts) : PeerInput;

    /// <summary>A direct path ended.</summary>
    public sealed record PathClosed(ulong Path) : PeerInput;

    /// <summary>One message of a direct path, unparsed.</summary>
    public sealed record PathReceived(ulong Path, byte[] Envelope) : PeerInput;

    /// <summary>A contact is connected on the same network.</summary>
    public sealed record NearbyFound(ContactId Contact) : PeerInput;

    /// <summary>They are no longer.</summary>
    public sealed record NearbyLost(ContactId Contact) : PeerInput;

    /// <summary>A message by that connection, unparsed.</summary>
    public sealed record NearbyReceived(ContactId Contact, byte[] Message) : PeerInput;

    /// <summary>The media driver has a description or candidate for the other end.</summary>
    public sealed record LegSignalMade(ulong Leg, Signal Signal) : PeerInput;

    /// <summary>A media leg stands otherwise than before.</summary>
    public sealed record LegFactsChanged(ulong Leg, LegFacts Facts) : PeerInput;

    /// <summary>A media leg failed for good.</summary>
    public sealed record LegClosed(ulong Leg) : PeerInput;

    /// <summary>The driver of files has something to say.</summary>
    public sealed record FileHappened(FileEvent Event) : PeerInput;

    /// <summary>The device's network changed, came or went.</summary>
    public sealed record NetworkChanged : PeerInput;

    /// <summary>Answer to <see cref="PeerEffect.FindByEnvelope"/> or <see cref="PeerEffect.FindMessage"/>.</summary>
    public sealed record Found(EnvelopeId Envelope, MessageRecord? Message) : PeerInput;
}
