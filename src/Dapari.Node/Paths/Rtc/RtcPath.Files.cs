using Dapari.Node.Files.Channels;
using Dapari.Rtc.DataChannels;

namespace Dapari.Node.Paths.Rtc;

/// <summary>The second channel, for files: made by the offerer when files go by this path, and taken at the other end; one at a time. All on the driver's thread.</summary>
internal sealed partial class RtcPath
{
    /// <summary>The channel of files.</summary>
    public const string FilesLabel = "dapari-files";

    private RtcFileChannel? _files;
    private bool _filesTaken;
    private TaskCompletionSource<IFileChannel>? _filesWanted;

    /// <summary>The channel for files, as soon as it is open. Any thread.</summary>
    /// <exception cref="IOException">The path is gone, or another is wanted meanwhile.</exception>
    public async Task<IFileChannel> OpenFilesAsync(CancellationToken cancellation)
    {
        var wanted = new TaskCompletionSource<IFileChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        _driver.Do((peer, now) =>
        {
            _filesWanted?.TrySetException(Gone());
            _filesWanted = wanted;
            if (_over || !_opened)
                EndFiles();
            else if (_offerer)
            {
                if (_files is { } former)
                    peer.CloseChannel(former.Data, now);
                _files = new RtcFileChannel(_driver, peer.OpenChannel(FilesLabel, "", ChannelReliability.Reliable, ordered: true));
                _filesTaken = false;
            }
            else
                GiveFiles();
        });
        if (await Task.WhenAny(wanted.Task, _driver.Ended).WaitAsync(cancellation) == wanted.Task)
            return await wanted.Task;
        throw Gone();
    }

    private static IOException Gone() => new("The path is gone.");

    private bool TryAdoptFiles(RtcChannel channel)
    {
        if (channel.IsOurs)
        {
            if (_files?.Data == channel)
                GiveFiles();
            return _files?.Data == channel;
        }

        if (channel.Label != FilesLabel || !channel.IsOrdered || channel.Reliability != ChannelReliability.Reliable || _offerer || _files is not null)
            return false;
        _files = new RtcFileChannel(_driver, channel);
        _filesTaken = false;
        GiveFiles();
        return true;
    }

    private void GiveFiles()
    {
        if (_files is not { } files || _filesTaken || files.Data.State != ChannelState.Open || _filesWanted is not { } wanted)
            return;
        _filesTaken = wanted.TrySetResult(files);
        _filesWanted = null;
    }

    private void FilesClosed(RtcChannel? channel)
    {
        if (_files is not { } files || files.Data != channel)
            return;
        files.End();
        _files = null;
    }

    private void EndFiles()
    {
        _files?.End();
        _files = null;
        _filesWanted?.TrySetException(Gone());
        _filesWanted = null;
    }
}
