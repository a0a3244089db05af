using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Peer;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Who hears what a driven peer tells. Called on the driver's thread, one after the other; must not block, and may use the peer there.</summary>
public interface IRtcListener
{
    /// <summary>Something happened; messages come by <see cref="Received"/> and <see cref="RtcEventKind.MessageWaiting"/> is not told.</summary>
    void Happened(RtcPeer peer, in RtcEvent told, long nowUs);

    /// <summary>A message came. Its bytes are good until this returns.</summary>
    void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs);

    /// <summary>
    /// Whether messages are taken now; those that are not hold the other end back, in every channel. Who says no has something done by <see cref="RtcDriver.Do"/>
    /// when it is yes again.
    /// </summary>
    bool Takes => true;

    /// <summary>The driver's thread ended by an error of its own or of the listener: nothing more is told.</summary>
    void Failed(Exception fault);
}
