using Dapari.Node.Api.Bodies;
using Dapari.Node.Hosting;

namespace Dapari.Node.Api;

/// <summary>A peer in this process, for as long as the command runs.</summary>
internal sealed class OwnClient(NodePeer peer) : INodeClient
{
    private readonly NodeApi _api = new(peer);
    private readonly EventHub _events = new(peer);

    /// <inheritdoc/>
    public bool IsDaemon => false;

    /// <inheritdoc/>
    public Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellation) => _api.HandleAsync(request, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<EventBody> EventsAsync(CancellationToken cancellation) => _events.ListenAsync(cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _events.Dispose();
        return peer.DisposeAsync();
    }
}
