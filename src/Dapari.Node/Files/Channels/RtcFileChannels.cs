using Dapari.Node.Paths;

namespace Dapari.Node.Files.Channels;

/// <summary>Channels for files beside paths of WebRTC: the data channel "dapari-files", which the end that offered the path makes (docs/protocol/files.md). Safe for threads.</summary>
/// <param name="paths">Whose paths.</param>
internal sealed class RtcFileChannels(NodePathLink paths) : IFileChannelSource
{
    /// <inheritdoc/>
    public Task<IFileChannel>? TryOpen(ulong path, bool offerer, CancellationToken cancellation) =>
        paths.GoesByTcp(path) is false && paths.Rtc.Find(path) is { } known ? known.OpenFilesAsync(cancellation) : null;
}
