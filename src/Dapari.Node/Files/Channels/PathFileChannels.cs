using Dapari.Node.Files.Https;
using Dapari.Node.Paths;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// Channels for files beside a node's paths: streams of TCP, or the data channel "dapari-files" (docs/protocol/files.md), whichever way the path goes. Safe for threads.
/// </summary>
/// <param name="paths">Whose paths.</param>
/// <param name="tcp">Makes those of TCP; stays its owner's.</param>
/// <param name="door">Where browsers reach this node over HTTPS; null: nowhere. Stays its owner's.</param>
/// <param name="time">For limits.</param>
internal sealed class PathFileChannels(NodePathLink paths, TcpFileChannels tcp, HttpsDoor? door, TimeProvider time) : IFileChannelSource
{
    /// <inheritdoc/>
    public Task<IFileChannel>? TryOpen(ulong path, bool offerer, CancellationToken cancellation) =>
        paths.SettledByTcpAsync(path) is { } settled ? OpenAsync(settled, path, offerer, cancellation) : null;

    private async Task<IFileChannel> OpenAsync(Task<bool> settled, ulong path, bool offerer, CancellationToken cancellation)
    {
        // TCP may stand long after that was settled otherwise: then WebRTC is left at both ends.
        var opening = await settled.WaitAsync(cancellation) || paths.Rtc.Find(path) is not { } rtc ? tcp.TryOpen(path, offerer, cancellation) : OpenAsync(rtc, cancellation);
        return await (opening ?? throw new IOException("The path is gone."));
    }

    private async Task<IFileChannel> OpenAsync(RtcPath path, CancellationToken cancellation)
    {
        var channel = await path.OpenFilesAsync(cancellation);
        return door is null ? channel : new HttpsFileChannel(channel, door, RandomSource.System, time);
    }
}
