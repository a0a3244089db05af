using System.Net.Security;
using System.Net.Sockets;

namespace Dapari.Node.Paths;

/// <summary>TLS over a socket that can be had back: what both ends agreed on within may go beneath it from there on.</summary>
/// <param name="socket">Owned from here on.</param>
internal sealed class PathStream(Socket socket) : SslStream(new NetworkStream(socket, ownsSocket: true))
{
    /// <summary>What is beneath. Nothing may be read from or written to the TLS above it any more.</summary>
    public Socket Beneath => socket;

    /// <summary>Of the path that it belongs to, for what it carried.</summary>
    public TcpTally? Tally { get; set; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Tally?.Leave(socket);
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Tally?.Leave(socket);
        return base.DisposeAsync();
    }
}
