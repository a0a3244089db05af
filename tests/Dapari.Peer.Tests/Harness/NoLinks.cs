using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Harness;

/// <summary>Links of a host that reaches nobody.</summary>
internal sealed class NoLinks : IServerLink, IPathLink
{
    event Action<string>? IServerLink.Connected
    {
        add { }
        remove { }
    }

    event Action<string>? IServerLink.Disconnected
    {
        add { }
        remove { }
    }

    event Action<string, byte[]>? IServerLink.Received
    {
        add { }
        remove { }
    }

    event Action<ulong, Signal>? IPathLink.SignalMade
    {
        add { }
        remove { }
    }

    event Action<ulong, PathFacts>? IPathLink.Opened
    {
        add { }
        remove { }
    }

    event Action<ulong, PathFacts>? IPathLink.FactsChanged
    {
        add { }
        remove { }
    }

    event Action<ulong>? IPathLink.Closed
    {
        add { }
        remove { }
    }

    event Action<ulong, byte[]>? IPathLink.Received
    {
        add { }
        remove { }
    }

    event Action? IPathLink.NetworkChanged
    {
        add { }
        remove { }
    }

    public bool IsSupported => false;

    public void Connect(string origin)
    {
    }

    public void Send(string origin, ReadOnlyMemory<byte> frame)
    {
    }

    public void Disconnect(string origin)
    {
    }

    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
    }

    public void Accept(ulong path, Signal signal)
    {
    }

    public void Restart(ulong path)
    {
    }

    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => false;

    public void Close(ulong path)
    {
    }
}
