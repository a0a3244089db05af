using Dapari.Rtc;

namespace Dapari.Relay.Driving;

/// <summary>The relayed sockets of one core: UDP, opened and closed by the driver on the core's word, within its calls.</summary>
public interface IRelayPorts
{
    /// <summary>Opens the relayed socket number <paramref name="port"/>.</summary>
    /// <param name="port">
    /// The number by which the core will name this socket: 0 and up, dense (an array's index), below <see cref="RelayOptions.Ports"/>; used again after
    /// <see cref="Close"/>.
    /// </param>
    /// <param name="local">What to bind to, exactly (no wildcard, no SO_REUSEPORT: a port that is taken must fail).</param>
    /// <returns>False when it is taken or cannot be bound; then nothing was opened.</returns>
    bool TryOpen(int port, in Endpoint local);

    /// <summary>Closes it. What was collected for sending through it must be sent before, or dropped.</summary>
    void Close(int port);
}
