using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Engine;

/// <summary>What the host does after the step's batch is durable, in order.</summary>
public abstract record PeerEffect
{
    private PeerEffect()
    {
    }

    /// <summary>Open a connection to a server.</summary>
    public sealed record ConnectServer(string Origin) : PeerEffect;

    /// <summary>Close the connection to a server; no <see cref="PeerInput.ServerDisconnected"/> follows.</summary>
    public sealed record DisconnectServer(string Origin) : PeerEffect;

    /// <summary>Send one WebSocket message.</summary>
    public sealed record SendToServer(string Origin, byte[] Frame) : PeerEffect;

    /// <summary>Begin a direct path.</summary>
    public sealed record OpenPath(ulong Path, bool Offerer, bool Polite, IReadOnlyList<IceServer> IceServers) : PeerEffect;

    /// <summary>A signal from the other end, for the path driver.</summary>
    public sealed record AcceptSignal(ulong Path, Signal Signal) : PeerEffect;

    /// <summary>Restart ICE.</summary>
    public sealed record RestartPath(ulong Path) : PeerEffect;

    /// <summary>Send one message on a path. A driver that cannot reports <see cref="PeerInput.PathClosed"/>.</summary>
    public sealed record SendOnPath(ulong Path, byte[] Envelope) : PeerEffect;

    /// <summary>Close a path; no <see cref="PeerInput.PathClosed"/> follows.</summary>
    public sealed record ClosePath(ulong Path) : PeerEffect;

    /// <summary>Look for these contacts on the same network, and for no others.</summary>
    public sealed record WatchNearby(IReadOnlyList<NearbyContact> Contacts) : PeerEffect;

    /// <summary>Send a message to a contact on the same network.</summary>
    public sealed record SendNearby(ContactId Contact, byte[] Message) : PeerEffect;

    /// <summary>Begin a media leg.</summary>
    public sealed record OpenLeg(ulong Leg, bool Offerer, bool Polite, bool RelayOnly, IReadOnlyList<IceServer> IceServers) : PeerEffect;

    /// <summary>A signal from the other end, for the media driver.</summary>
    public sealed record AcceptLegSignal(ulong Leg, Signal Signal) : PeerEffect;

    /// <summary>Restart ICE of a media leg, perhaps by another way.</summary>
    public sealed record RestartLeg(ulong Leg, bool RelayOnly, IReadOnlyList<IceServer> IceServers) : PeerEffect;

    /// <summary>Close a media leg; no <see cref="PeerInput.LegClosed"/> follows.</summary>
    public sealed record CloseLeg(ulong Leg) : PeerEffect;

    /// <summary>Something for the driver of files.</summary>
    public sealed record DoFile(FileOrder Order) : PeerEffect;

    /// <summary>A command is done, or refused.</summary>
    public sealed record Completed(long Token, CommandResult Result) : PeerEffect;

    /// <summary>Something visible changed.</summary>
    public sealed record Notify(Notice Notice) : PeerEffect;

    /// <summary>Look a message up and give <see cref="PeerInput.Found"/>.</summary>
    public sealed record FindByEnvelope(EnvelopeId Envelope) : PeerEffect;

    /// <summary>Look a message up by its own id and give <see cref="PeerInput.Found"/> with this envelope.</summary>
    public sealed record FindMessage(EnvelopeId Envelope, MessageId Message) : PeerEffect;

    /// <summary>The identity was deleted: wipe the store. Nothing follows.</summary>
    public sealed record Wipe : PeerEffect;
}
