using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Node.Links;

/// <summary>For who wants no direct paths: everything goes by servers.</summary>
internal sealed class NoPathLink : IPathLink
{
    /// <inheritdoc/>
    public event Action<ulong, Signal>? SignalMade { add { } remove { } }

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? Opened { add { } remove { } }

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? FactsChanged { add { } remove { } }

    /// <inheritdoc/>
    public event Action<ulong>? Closed { add { } remove { } }

    /// <inheritdoc/>
    public event Action<ulong, byte[]>? Received { add { } remove { } }

    /// <inheritdoc/>
    public event Action? NetworkChanged { add { } remove { } }

    /// <inheritdoc/>
    public bool IsSupported => false;

    /// <inheritdoc/>
    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
    }

    /// <inheritdoc/>
    public void Accept(ulong path, Signal signal)
    {
    }

    /// <inheritdoc/>
    public void Restart(ulong path)
    {
    }

    /// <inheritdoc/>
    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => false;

    /// <inheritdoc/>
    public void Close(ulong path)
    {
    }
}
