using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Hosting;

/// <summary>Carries frames to servers. One connection for each origin. Calls never block; full queues close the connection.</summary>
public interface IServerLink
{
    /// <summary>Raised when a connection is open, in order with the frames that follow it.</summary>
    event Action<string>? Connected;

    /// <summary>Raised once for each connection that ended or could not be made.</summary>
    event Action<string>? Disconnected;

    /// <summary>Raised for each binary message: origin and bytes, owned by the receiver.</summary>
    event Action<string, byte[]>? Received;

    /// <summary>Begins to connect to an origin ("https://host[:port]", or http for loopback and trials).</summary>
    void Connect(string origin);

    /// <summary>Sends one message; dropped if the connection is gone (the engine hears Disconnected).</summary>
    void Send(string origin, ReadOnlyMemory<byte> frame);

    /// <summary>Closes the connection; no Disconnected follows.</summary>
    void Disconnect(string origin);
}

/// <summary>What a driver tells of the pair that a path settled on, as this end sees it.</summary>
/// <param name="Network">Same network only if both candidates are host candidates.</param>
/// <param name="RoundTripMs">Current round-trip time in milliseconds, 0 when unknown.</param>
public readonly record struct PathFacts(Network Network, uint RoundTripMs);

/// <summary>
/// Carries envelopes straight to another device. A path is one WebRTC peer connection with one reliable, ordered data channel,
/// named by its attempt id. The driver does perfect negotiation; the engine carries its signals, sealed.
/// </summary>
public interface IPathLink
{
    /// <summary>A local description or candidate to be carried to the other end.</summary>
    event Action<ulong, Signal>? SignalMade;

    /// <summary>The channel is open.</summary>
    event Action<ulong, PathFacts>? Opened;

    /// <summary>The settled pair changed or its round-trip time was measured anew.</summary>
    event Action<ulong, PathFacts>? FactsChanged;

    /// <summary>The channel closed or failed; the path is gone. Not raised after <see cref="Close"/>.</summary>
    event Action<ulong>? Closed;

    /// <summary>One message of the channel.</summary>
    event Action<ulong, byte[]>? Received;

    /// <summary>Raised when the device's network changed (online event, interface change): paths want an ICE restart.</summary>
    event Action? NetworkChanged;

    /// <summary>Whether this platform has direct paths at all.</summary>
    bool IsSupported { get; }

    /// <summary>Begins a path. The offerer makes the channel and the first offer; the polite side yields in a collision of offers.</summary>
    void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers);

    /// <summary>A signal from the other end.</summary>
    void Accept(ulong path, Signal signal);

    /// <summary>Restarts ICE on a path that still is worth it.</summary>
    void Restart(ulong path);

    /// <summary>Sends one message; false when the channel is not open or holds too much already.</summary>
    bool TrySend(ulong path, ReadOnlyMemory<byte> message);

    /// <summary>Closes a path and forgets it.</summary>
    void Close(ulong path);
}

/// <summary>A contact to look for on the networks that this device is on.</summary>
/// <param name="Contact">Who.</param>
/// <param name="Own">32 bytes that both know and nobody else: what this device is found by.</param>
/// <param name="Theirs">The same of theirs: what they are found by.</param>
public sealed record NearbyContact(ContactId Contact, ReadOnlyMemory<byte> Own, ReadOnlyMemory<byte> Theirs);

/// <summary>
/// Finds contacts on the same network, and carries small messages between the two devices, encrypted by what both know. Calls never block. What comes is of
/// the contact, or of who has taken their secrets: envelopes are judged by their seals as by any door.
/// </summary>
public interface INearbyLink
{
    /// <summary>A contact is connected.</summary>
    event Action<ContactId>? Found;

    /// <summary>No more; or the connection could not carry all.</summary>
    event Action<ContactId>? Lost;

    /// <summary>A message of theirs, at most 64 KiB and a byte.</summary>
    event Action<ContactId, byte[]>? Received;

    /// <summary>Looks for these from now on, and lets itself be found by them alone; at most <see cref="WireLimits.NearbyContacts"/>.</summary>
    void Watch(IReadOnlyList<NearbyContact> contacts);

    /// <summary>Sends a message; dropped if they are not connected.</summary>
    void Send(ContactId contact, ReadOnlyMemory<byte> message);
}

/// <summary>
/// Carries the media of calls. A leg is one connection to one other person, named by a number that the engine gives. The driver negotiates; the
/// engine carries its signals, sealed, and decides who may be connected at all. Microphone, camera and screen are between the driver and the user interface.
/// </summary>
public interface IMediaLink
{
    /// <summary>A local description or candidate to be carried to the other end.</summary>
    event Action<ulong, Signal>? SignalMade;

    /// <summary>How the leg stands; with the settled pair once there is one.</summary>
    event Action<ulong, LegFacts>? FactsChanged;

    /// <summary>The leg failed for good: nothing more is heard of it. Not raised after <see cref="Close"/>.</summary>
    event Action<ulong>? Closed;

    /// <summary>Whether this platform has calls at all.</summary>
    bool IsSupported { get; }

    /// <summary>
    /// Begins a leg. The offerer makes the first offer; the polite side yields in a collision of offers. relayOnly: no candidate but a relay's
    /// is gathered. There is no leg before the other accepted the call.
    /// </summary>
    void Open(ulong leg, bool offerer, bool polite, bool relayOnly, IReadOnlyList<IceServer> iceServers);

    /// <summary>A signal from the other end.</summary>
    void Accept(ulong leg, Signal signal);

    /// <summary>Restarts ICE: after a change of network, or to go by another way; media flows on by the former pair meanwhile.</summary>
    void Restart(ulong leg, bool relayOnly, IReadOnlyList<IceServer> iceServers);

    /// <summary>Closes a leg and forgets it.</summary>
    void Close(ulong leg);
}

/// <summary>How a media leg stands, as this end sees it.</summary>
/// <param name="State">Whether media can flow.</param>
/// <param name="Path">The settled pair.</param>
/// <param name="Fingerprint">SHA-256 of the certificate that the other end really showed in the DTLS handshake, 32 bytes; empty before.</param>
/// <param name="Speaks">They speak, as this end hears it; the driver holds it for a moment between words, so that it changes a few times a second at most.</param>
public readonly record struct LegFacts(LegState State, PathFacts Path, ReadOnlyMemory<byte> Fingerprint, bool Speaks = false);

/// <summary>Whether media can flow on a leg.</summary>
public enum LegState
{
    /// <summary>Not yet.</summary>
    Opening,

    /// <summary>It flows.</summary>
    Connected,

    /// <summary>It did, and nothing arrives now; it may come back.</summary>
    Interrupted,
}
