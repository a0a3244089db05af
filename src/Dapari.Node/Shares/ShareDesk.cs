using System.Collections.Concurrent;
using Dapari.Node.Files.Https;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>
/// The shares that a daemon serves: each from the command that handed it over until it is used up, stopped or out of time, however often the daemon begins anew meanwhile.
/// Safe from any thread.
/// </summary>
internal sealed class ShareDesk : IAsyncDisposable
{
    /// <summary>Shares that are served at a time: each holds a connection to its server, and its files open.</summary>
    public const int MostShares = 64;

    private readonly ConcurrentDictionary<string, ServedShare> _served = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly string _folder;
    private readonly Authorities _authorities;
    private readonly RtcPathParts _parts;
    private readonly Func<string> _name;
    private readonly HttpsDoor? _door;
    private Task _takingUp = Task.CompletedTask;

    private ShareDesk(string folder, Authorities authorities, RtcPathParts parts, Func<string> name, HttpsDoor? door) =>
        (_folder, _authorities, _parts, _name, _door) = (folder, authorities, parts, name, door);

    /// <summary>Opens it, and takes up again what was served before; files are hashed in the background.</summary>
    /// <param name="folder">Whose shares.</param>
    /// <param name="authorities">Whose certificates count; the desk becomes their owner.</param>
    /// <param name="parts">For connections.</param>
    /// <param name="name">The sharer's name at the moment, told to visitors.</param>
    /// <param name="door">Where browsers reach this machine over HTTPS; null: nowhere. Stays its owner's.</param>
    public static ShareDesk Open(string folder, Authorities authorities, RtcPathParts parts, Func<string> name, HttpsDoor? door)
    {
        var desk = new ShareDesk(folder, authorities, parts, name, door);
        desk._takingUp = Task.Run(desk.TakeUpAsync);
        return desk;
    }

    /// <summary>By which shares end.</summary>
    public TimeProvider Time => _parts.Time;

    /// <summary>Whether this share is being served here.</summary>
    public bool Serves(string id) => _served.ContainsKey(id);

    /// <summary>Keeps a share and serves it from now on; one that is served already is left as it is.</summary>
    /// <param name="id">Of the share, in hexadecimal.</param>
    /// <param name="record">What is kept of it.</param>
    /// <param name="origin">Of the record.</param>
    /// <param name="cancellation">Ends reading the files.</param>
    public async Task<ShareRefusal> ServeAsync(string id, ShareRecord record, Origin origin, CancellationToken cancellation)
    {
        // One after the other: two of them must not read the same files at a time, nor exceed the limit together.
        await _gate.WaitAsync(cancellation);
        List<ShareSource> sources = [];
        var handedOver = false;
        try
        {
            if (_served.ContainsKey(id))
                return ShareRefusal.None;
            if (_served.Count >= MostShares)
                return ShareRefusal.TooMany;
            foreach (var file in record.Paths)
                sources.Add(await Task.Run(() => ShareSource.Open(file, cancellation), cancellation));
            var path = ShareRecord.PathOf(_folder, id);
            var kept = record with { Daemon = true };
            if (!TryKeep(kept, path))
                return ShareRefusal.NotKept;
            ServedShare? served = null;
            var host = new ShareHost(kept, origin, sources, changed => TryKeepOn(changed, path), _authorities, _parts, _name())
            {
                Door = _door,
                IsKept = () => served is not { IsStopped: true } && File.Exists(path),
            };
            served = new ServedShare(host, sources);
            handedOver = true;
            _served[id] = served;
            served.Start(() => OverAsync(id, path));
            return ShareRefusal.None;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ShareRefusal.Unreadable;
        }
        finally
        {
            if (!handedOver)
                sources.ForEach(source => source.Dispose());
            _gate.Release();
        }
    }

    /// <summary>Ends a share for good; false: it is not served here.</summary>
    public async Task<bool> StopAsync(string id)
    {
        if (!_served.TryGetValue(id, out var served))
            return false;
        await served.StopAsync();
        return true;
    }

    /// <summary>Ends all for good.</summary>
    public Task StopAllAsync() => Task.WhenAll(_served.Keys.Select(StopAsync));

    /// <summary>Interrupts all: they go on with the next daemon.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _takingUp;
        await Task.WhenAll(_served.Values.Select(served => served.DisposeAsync().AsTask()));
        _ending.Dispose();
        _gate.Dispose();
        _authorities.Dispose();
    }

    private async Task TakeUpAsync()
    {
        foreach (var path in ShareRecord.Kept(_folder))
        {
            if (ShareRecord.TryRead(path) is not { Daemon: true } record || !Origin.TryParse(record.Origin, out var origin))
                continue;
            if (record.Ends <= Time.GetUtcNow().ToUnixTimeMilliseconds())
            {
                File.Delete(path);
                continue;
            }

            try
            {
                // One whose files cannot be read stays kept: `send --link --again` takes it up when they are back.
                await ServeAsync(Path.GetFileNameWithoutExtension(path), record, origin, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private ValueTask OverAsync(string id, string path)
    {
        File.Delete(path);
        _served.TryRemove(id, out _);
        return ValueTask.CompletedTask;
    }

    private static bool TryKeep(ShareRecord record, string path)
    {
        try
        {
            record.Save(path);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // A record that was removed meanwhile means that the share is over: it must not come back. What the disk refuses is known in memory.
    private static void TryKeepOn(ShareRecord record, string path)
    {
        if (File.Exists(path))
            TryKeep(record, path);
    }
}
