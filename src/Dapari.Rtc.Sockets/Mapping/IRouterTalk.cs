using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>One way to ask one router. One call at a time.</summary>
internal interface IRouterTalk : IDisposable
{
    /// <summary>Which.</summary>
    MappingProtocol Protocol { get; }

    /// <summary>Asks for a port, renews it, or gives it back. Bounded in time and in what is read; never throws but for the cancellation.</summary>
    Task<RouterAnswer> MapAsync(RouterWish wish, CancellationToken cancellation);
}

/// <summary>A wish.</summary>
/// <param name="Transport">Whose port.</param>
/// <param name="Port">This machine's.</param>
/// <param name="Wanted">What it was before; none: any.</param>
/// <param name="LifetimeSeconds">0 gives it back.</param>
/// <param name="Nonce">Of the mapping.</param>
internal readonly record struct RouterWish(MappingTransport Transport, ushort Port, Endpoint Wanted, uint LifetimeSeconds, PcpNonce Nonce);

/// <summary>What came of it.</summary>
/// <param name="Fault">Whether it was done.</param>
/// <param name="External">Where the port is reached.</param>
/// <param name="LifetimeSeconds">How long; 0: until it is given back.</param>
/// <param name="TableLost">What the router had before is gone.</param>
internal readonly record struct RouterAnswer(MappingFault Fault, Endpoint External = default, uint LifetimeSeconds = 0, bool TableLost = false);
