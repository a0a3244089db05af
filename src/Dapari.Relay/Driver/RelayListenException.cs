using System.Net.Sockets;
using Dapari.Rtc;

namespace Dapari.Relay.Driver;

/// <summary>None of a relay's addresses could be bound.</summary>
public sealed class RelayListenException : Exception
{
    internal RelayListenException(IReadOnlyList<(Endpoint Address, SocketError Fault)> refused)
        : base($"The relay cannot listen: {string.Join(", ", refused.Select(one => $"{one.Address} ({one.Fault})"))}.") =>
        Refused = refused;

    /// <summary>Each address and why.</summary>
    public IReadOnlyList<(Endpoint Address, SocketError Fault)> Refused { get; }
}
