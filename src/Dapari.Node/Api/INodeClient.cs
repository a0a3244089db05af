using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Api;

/// <summary>Where a command asks: the folder's daemon, or, if there is none, a peer of its own in this process.</summary>
internal interface INodeClient : IAsyncDisposable
{
    /// <summary>Whether the peer goes on after the command.</summary>
    bool IsDaemon { get; }

    /// <summary>Asks.</summary>
    /// <exception cref="IOException">The daemon has gone meanwhile.</exception>
    Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellation);

    /// <summary>Listens, as <see cref="EventHub.ListenAsync"/>.</summary>
    /// <exception cref="IOException">The daemon has gone meanwhile.</exception>
    IAsyncEnumerable<EventBody> EventsAsync(CancellationToken cancellation);
}
