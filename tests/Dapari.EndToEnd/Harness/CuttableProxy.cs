using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dapari.EndToEnd;

/// <summary>A piece of network between browsers and a server: passes TCP through on a port of its own, until it is cut.</summary>
public sealed class CuttableProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> open = new();
    private volatile int target;
    private readonly Task accepting;
    private volatile bool cut;
    private long bytesToBrowser;
    private long bytesToServer;
    private volatile int slowness;

    /// <summary>Passes everything to a loopback port.</summary>
    public CuttableProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where browsers find the server through this piece of network.</summary>
    public string Origin => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>What the server sent through here so far: headers, bodies and frames, as they are on the wire above TCP.</summary>
    public long BytesToBrowser => Interlocked.Read(ref bytesToBrowser);

    /// <summary>What browsers sent through here so far.</summary>
    public long BytesToServer => Interlocked.Read(ref bytesToServer);

    /// <summary>From now on each connection takes at most so many bytes a second towards the server; 0: as they come.</summary>
    public void Slow(int bytesPerSecond) => slowness = bytesPerSecond;

    /// <summary>Ends every connection and lets no further one through.</summary>
    public void Cut()
    {
        cut = true;
        CloseAll();
    }

    /// <summary>Passes connections that begin from now on to another loopback port; those that are open stay where they are.</summary>
    public void TurnTo(int port) => target = port;

    /// <summary>Lets connections through again.</summary>
    public void Mend() => cut = false;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        CloseAll();
        await accepting;
        listener.Dispose();
    }

    private void CloseAll()
    {
        foreach (var connection in open.Keys) connection.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient near;
            try
            {
                near = await listener.AcceptTcpClientAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = PassAsync(near);
        }
    }

    private async Task PassAsync(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            open[near] = 0;
            open[far] = 0;
            try
            {
                if (cut) return;
                await far.ConnectAsync(IPAddress.Loopback, target);
                if (cut) return;
                var there = near.GetStream();
                var back = far.GetStream();
                await Task.WhenAny(CopyToServerAsync(there, back), CopyCountingAsync(back, there));
            }
            catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
            {
                // An end went away: the other is closed below, as a router would have it.
            }
            finally
            {
                open.TryRemove(near, out _);
                open.TryRemove(far, out _);
            }
        }
    }

    // A slow line: what was sent holds up what follows.
    private async Task CopyToServerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer) is var count and > 0)
        {
            Interlocked.Add(ref bytesToServer, count);
            await to.WriteAsync(buffer.AsMemory(0, count));
            if (slowness is > 0 and var rate) await Task.Delay(TimeSpan.FromSeconds((double)count / rate), TimeProvider.System);
        }
    }

    private async Task CopyCountingAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer) is var count and > 0)
        {
            Interlocked.Add(ref bytesToBrowser, count);
            await to.WriteAsync(buffer.AsMemory(0, count));
        }
    }
}
