using System.Collections.Concurrent;
using System.Threading.Channels;
using Dapari.Node.Files.Channels;
using Dapari.Node.Files.DropOffs;
using Dapari.Node.Files.Lines;
using Dapari.Node.Files.Storage;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files;

/// <summary>
/// Moves files between disks, channels and servers (docs/node.md, "Files"). Folders are opened and closed by one task, in the order that the engine said; channels and drop-offs run side by
/// side. Safe for threads.
/// </summary>
/// <remarks>Memory: for each lane of a channel a chunk to send and two to receive, and where chunks are hashed side by side sixteen more and two such batches for all lanes; a chunk for each fetch and each upload, and verified pages. None of it grows with sizes.</remarks>
internal sealed partial class NodeFileLink : IFileLink, IAsyncDisposable
{
    private static readonly TimeSpan[] _removeAgain = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1)];
    private readonly IReadOnlyList<IFileChannelSource> _sources;
    private readonly DropOffHttp _http;
    private readonly TimeProvider _time;
    private readonly string _folder;
    private readonly FileBooks _books;
    private readonly Lock _lock = new();
    private readonly Dictionary<ContactId, Attachment> _attached = [];
    private readonly ConcurrentDictionary<TransferId, CancellationTokenSource> _fetching = new();
    private readonly Dictionary<TransferId, CancellationTokenSource> _uploading = [];
    private readonly Channel<Action> _work = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _working;

    /// <param name="folder">Where transfers have their folders; made when needed.</param>
    /// <param name="sources">Who carries channels; asked in order.</param>
    /// <param name="http">For drop-offs; stays its owner's.</param>
    /// <param name="time">For limits.</param>
    public NodeFileLink(string folder, IReadOnlyList<IFileChannelSource> sources, DropOffHttp http, TimeProvider time)
    {
        (_folder, _sources, _http, _time) = (folder, sources, http, time);
        _books = new FileBooks(folder, this);
        _working = Task.Run(WorkAsync);
    }

    /// <inheritdoc/>
    public bool IsSupported => true;

    /// <summary>64 MiB by a channel, so that a fast disk's flush is never waited for; each lane has ranges to take from.</summary>
    public FileCredit Credit { get; } = new(FileCredit.MostByChannel, 4 * TcpFileChannel.LaneCount);

    /// <summary>The folder of a transfer: of its sources' trees, or of what was received.</summary>
    public string FolderOf(TransferId transfer) => _books.FolderOf(transfer);

    /// <summary>Whether what is sent to a contact now goes by HTTPS.</summary>
    public bool GoesByHttps(ContactId contact) => Line(contact)?.IsByHttps is true;

    /// <inheritdoc/>
    public void Attach(ContactId contact, ulong path, bool offerer)
    {
        Attachment attachment;
        lock (_lock)
        {
            // Asked for again while it is being made: it is.
            if (_stopping.IsCancellationRequested || (_attached.TryGetValue(contact, out var before) && before.Path == path && !before.IsOver))
                return;
            if (before is not null)
                End(contact, before);
            attachment = _attached[contact] = new Attachment(path, offerer, new CancellationTokenSource());
        }

        _ = Task.Run(() => RunAsync(contact, attachment));
    }

    /// <inheritdoc/>
    public void Detach(ContactId contact)
    {
        lock (_lock)
        {
            if (_attached.Remove(contact, out var attachment))
                End(contact, attachment);
        }
    }

    /// <inheritdoc/>
    public void SendControl(ContactId contact, ReadOnlyMemory<byte> message)
    {
        // One that takes no more control messages is as good as gone.
        if (Line(contact) is { } line && !line.TrySendControl(message))
            line.Dispose();
    }

    /// <inheritdoc/>
    public void Expect(ContactId contact, TransferId transfer, ChunkRange range) => Line(contact)?.Expected.Add(transfer, range);

    /// <inheritdoc/>
    public void ExpectNothing(ContactId contact, TransferId transfer) => Line(contact)?.Expected.Clear(transfer);

    /// <inheritdoc/>
    public void Serve(ContactId contact, TransferId transfer, ChunkRange range, bool pages) => Line(contact)?.Serving.Add(transfer, range, pages);

    /// <inheritdoc/>
    public void StopServing(ContactId contact, TransferId transfer) => Line(contact)?.Serving.Remove(transfer);

    /// <inheritdoc/>
    public void OpenSource(TransferId transfer, IReadOnlyList<FileId> items) => Do(() =>
    {
        var source = SourceFiles.TryOpen(_books.FolderOf(transfer));
        if (source is null || !source.Place.Items.SequenceEqual(items))
        {
            source?.Dispose();
            SourceReady?.Invoke(transfer, false);
            return;
        }

        _books.Put(transfer, source);
        SourceReady?.Invoke(transfer, true);
        foreach (var (item, changed) in source.Missing())
            SourceFailed?.Invoke(transfer, (uint)item, changed);
    });

    /// <inheritdoc/>
    public void OpenDestination(TransferId transfer, IReadOnlyList<FileId> items) => Do(() =>
    {
        _books.Close(transfer);
        try
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _books.Put(transfer, Destination.Open(_books.FolderOf(transfer), transfer, items, this, _time, out var isNew));
            // Of a new place nothing can be verified, whatever was believed.
            if (isNew)
                DestinationFailed?.Invoke(transfer, TransferTrouble.Unspecified, true);
            DestinationReady?.Invoke(transfer);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            DestinationFailed?.Invoke(transfer, Destination.TroubleOf(fault), false);
        }
    });

    /// <inheritdoc/>
    public void ReadManifest(TransferId transfer) => Do(() =>
    {
        if (_books.Destination(transfer)?.ReadManifest() is { } manifest)
            ManifestRead?.Invoke(transfer, manifest);
        else
            DestinationFailed?.Invoke(transfer, TransferTrouble.StorageFailed, true);
    });

    /// <inheritdoc/>
    public void Finish(TransferId transfer) => Do(() =>
    {
        try
        {
            if ((_books.Destination(transfer) ?? OpenAgain(transfer)) is not { } destination)
            {
                DestinationFailed?.Invoke(transfer, TransferTrouble.StorageFailed, true);
                return;
            }

            var heads = destination.Heads();
            ReceivedFiles.MarkDone(_books.FolderOf(transfer));
            _books.Close(transfer);
            Finished?.Invoke(transfer, heads);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            DestinationFailed?.Invoke(transfer, Destination.TroubleOf(fault), false);
        }
    });

    /// <inheritdoc/>
    public void Release(TransferId transfer)
    {
        StopFetch(transfer);
        Do(() =>
        {
            _books.Close(transfer);
            try
            {
                if (Directory.Exists(_books.FolderOf(transfer)) && !ReceivedFiles.IsDone(_books.FolderOf(transfer)))
                    Directory.Delete(_books.FolderOf(transfer), recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // It stays: nothing else depends on it.
            }
        });
    }

    /// <inheritdoc/>
    public void Fetch(TransferId transfer, DropOff dropOff, ChunkRange range)
    {
        StopFetch(transfer);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _fetching[transfer] = stop;
        _ = Task.Run(() => new DropOffFetch(transfer, dropOff.Clone(), range, _http, _books).RunAsync(_time, stop.Token));
    }

    /// <inheritdoc/>
    public void StopFetch(TransferId transfer)
    {
        if (_fetching.TryRemove(transfer, out var stop))
            stop.Cancel();
    }

    /// <inheritdoc/>
    public void Upload(TransferId transfer, DropOff dropOff, ReadOnlyMemory<byte> token)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        lock (_lock)
            _uploading[transfer] = stop;
        var upload = new DropOffUpload(transfer, dropOff.Clone(), token.ToArray(), _http, _books);
        // Behind what was said of the source before.
        Do(() => _ = Task.Run(async () =>
        {
            await upload.RunAsync(_time, stop.Token);
            lock (_lock)
            {
                if (_uploading.GetValueOrDefault(transfer) == stop)
                    _uploading.Remove(transfer);
            }
        }));
    }

    /// <inheritdoc/>
    public void StopUpload(TransferId transfer)
    {
        CancellationTokenSource? stop;
        lock (_lock)
            _uploading.Remove(transfer, out stop);
        if (stop is null)
            LeftAtServer?.Invoke(transfer, null);
        else
            stop.Cancel();
    }

    /// <inheritdoc/>
    public void RemoveDropOffs(IReadOnlyList<DropOff> dropOffs)
    {
        foreach (var dropOff in dropOffs)
            _ = Task.Run(() => RemoveAsync(dropOff.Clone()));
    }

    /// <inheritdoc/>
    public void GoEasy(bool easy)
    {
        // There are no calls in a terminal.
    }

    /// <summary>Ends everything under way.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _ = _stopping.CancelAsync();
            foreach (var (contact, attachment) in _attached)
                End(contact, attachment);
            _attached.Clear();
        }

        _work.Writer.TryComplete();
        await _working;
        _books.Dispose();
    }

    // Told within the lock, and at once: what a later channel says comes behind it.
    private void End(ContactId contact, Attachment attachment)
    {
        attachment.End();
        if (attachment.Line is null)
            return;
        attachment.Line = null;
        ChannelClosed?.Invoke(contact);
    }

    // After a restart; null: what was there is not any more.
    private Destination? OpenAgain(TransferId transfer)
    {
        if (SourceIndex.TryRead(_books.FolderOf(transfer))?.Ids() is not { Count: > 0 } items)
            return null;
        var destination = Destination.Open(_books.FolderOf(transfer), transfer, items, this, _time, out var isNew);
        if (isNew)
        {
            destination.Dispose();
            return null;
        }

        _books.Put(transfer, destination);
        return destination;
    }

    private ContactLine? Line(ContactId contact)
    {
        lock (_lock)
            return _attached.GetValueOrDefault(contact)?.Line;
    }

    private void Do(Action work) => _work.Writer.TryWrite(work);

    private async Task WorkAsync()
    {
        await foreach (var work in _work.Reader.ReadAllAsync())
        {
            if (!_stopping.IsCancellationRequested)
                work();
        }
    }

    private async Task RunAsync(ContactId contact, Attachment attachment)
    {
        try
        {
            Task<IFileChannel>? opening = null;
            foreach (var source in _sources)
            {
                opening = source.TryOpen(attachment.Path, attachment.IsOfferer, attachment.Ending);
                if (opening is not null)
                    break;
            }

            if (opening is null)
                return;
            var channel = await opening;
            using var line = new ContactLine(contact, channel, _books, message => ControlReceived?.Invoke(contact, message));
            lock (_lock)
            {
                if (attachment.Ending.IsCancellationRequested)
                    return;
                attachment.Line = line;
                ChannelOpened?.Invoke(contact);
            }

            await line.RunAsync(attachment.Ending);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // There is none: the engine asks again if it misses it.
        }
        finally
        {
            lock (_lock)
            {
                attachment.IsOver = true;
                End(contact, attachment);
            }
        }
    }

    private async Task RemoveAsync(DropOff dropOff)
    {
        foreach (var wait in _removeAgain)
        {
            try
            {
                await Task.Delay(wait, _time, _stopping.Token);
                using var answer = await _http.AskAsync(HttpMethod.Delete, dropOff, dropOff.ReadToken.Memory, _stopping.Token);
                if (answer.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotFound)
                    return;
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
            {
                if (_stopping.IsCancellationRequested)
                    return;
            }
        }
    }

    /// <summary>A path that the channel is, or is being made on.</summary>
    private sealed class Attachment(ulong path, bool offerer, CancellationTokenSource ending)
    {
        public ulong Path => path;

        public bool IsOfferer => offerer;

        public CancellationToken Ending { get; } = ending.Token;

        public ContactLine? Line { get; set; }

        public bool IsOver { get; set; }

        public void End() => _ = ending.CancelAsync();
    }
}
