using Dapari.Relay.Driving;
using Dapari.Rtc;

namespace Dapari.Relay;

/// <summary>A TURN server without sockets: datagrams and time in; datagrams, socket wishes and the next deadline out.</summary>
/// <remarks>
/// One owner: all members are called from one thread. For each worker thread there is one core; they have one <see cref="RelayShared"/>.
/// The way in of each batch: <see cref="Advance"/> once, then <see cref="FromClient"/> or <see cref="FromPeer"/> for each datagram, then send.
/// </remarks>
public sealed partial class RelayCore
{
    /// <summary>Bytes that must be free before each received datagram in its buffer.</summary>
    public const int HeadRoom = 64;

    /// <summary>Bytes that must be free behind it.</summary>
    public const int TailRoom = 4;

    /// <summary>The least length of a buffer for <see cref="FromClient"/>: an answer is written into it.</summary>
    public const int LeastBuffer = 1024;
}
