using Dapari.Node.Paths;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// Channels for files beside paths of TCP: the end that connected the path connects the streams too, and each says first which it is.
/// <code>
/// who connected the path   connects so many streams of purpose 1; on each: 1, its number, how many there are (1 byte each); on all but number 0 keys are agreed on
/// the other                waits until all are there; the channel is open at both ends with the byte 1 that it then sends on stream 0
/// </code>
/// Safe for threads.
/// </summary>
internal sealed class TcpFileChannels : IFileChannelSource, IDisposable
{
    // A contact that connects without end costs this much for each path.
    private const int MostStreams = 9;
    private const byte AllHere = 1;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);
    private readonly TcpPathLink _paths;
    private readonly Func<ulong, bool> _carries;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Gathering> _gatherings = [];

    /// <param name="paths">Whose paths.</param>
    /// <param name="carries">Whether what goes by a path goes by TCP now.</param>
    /// <param name="time">For the limit on opening.</param>
    public TcpFileChannels(TcpPathLink paths, Func<ulong, bool> carries, TimeProvider time)
    {
        (_paths, _carries, _time) = (paths, carries, time);
        paths.StreamArrived += OnStream;
    }

    /// <inheritdoc/>
    public Task<IFileChannel>? TryOpen(ulong path, bool offerer, CancellationToken cancellation) =>
        _carries(path) && _paths.Find(path) is { } known ? OpenAsync(known, path, cancellation) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _paths.StreamArrived -= OnStream;
        lock (_lock)
        {
            foreach (var gathering in _gatherings.Values)
                gathering.Drop();
            _gatherings.Clear();
        }
    }

    private async Task<IFileChannel> OpenAsync(TcpPath path, ulong id, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        return path.MakesStreams ? await ConnectAsync(path, _time, either.Token) : await GatherAsync(id, either.Token);
    }

    private static async Task<IFileChannel> ConnectAsync(TcpPath path, TimeProvider time, CancellationToken cancellation)
    {
        const int Count = 1 + TcpFileChannel.LaneCount;
        var control = ConnectControlAsync(path, Count, cancellation);
        var lanes = Enumerable.Range(1, TcpFileChannel.LaneCount).Select(number => ConnectLaneAsync(path, (byte)number, Count, time, cancellation)).ToList();
        try
        {
            var made = await Task.WhenAll(lanes);
            var stream = await control;
            var answer = new byte[1];
            await stream.ReadExactlyAsync(answer, cancellation);
            return answer[0] == AllHere ? new TcpFileChannel(stream, made) : throw new IOException("Something else was said.");
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            foreach (var one in lanes)
                _ = one.ContinueWith(static done => done.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            _ = control.ContinueWith(static done => done.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new IOException("The other end is out of reach.", fault);
        }
    }

    private static async Task<PathStream> ConnectControlAsync(TcpPath path, byte count, CancellationToken cancellation)
    {
        var stream = await path.ConnectStreamAsync(cancellation);
        await stream.WriteAsync((byte[])[0, count], cancellation);
        return stream;
    }

    private static async Task<SealedLane> ConnectLaneAsync(TcpPath path, byte number, byte count, TimeProvider time, CancellationToken cancellation)
    {
        var stream = await path.ConnectStreamAsync(cancellation);
        try
        {
            return await SealedLane.ConnectAsync(stream, number, count, time, cancellation);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private async Task<IFileChannel> GatherAsync(ulong path, CancellationToken cancellation)
    {
        Gathering gathering;
        lock (_lock)
            gathering = Find(path);
        try
        {
            var (control, lanes) = await gathering.All.Task.WaitAsync(cancellation);
            await control.WriteAsync(new[] { AllHere }, cancellation);
            return new TcpFileChannel(control, lanes);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            gathering.Drop();
            throw new IOException("The other end did not connect.", fault);
        }
        finally
        {
            lock (_lock)
                _gatherings.Remove(path);
        }
    }

    private Gathering Find(ulong path)
    {
        if (_gatherings.TryGetValue(path, out var known))
            return known;
        // Streams may come before the engine asks for the channel; those of paths that are gone are of no use.
        foreach (var gone in _gatherings.Keys.Where(one => _paths.Find(one) is null).ToList())
        {
            _gatherings[gone].Drop();
            _gatherings.Remove(gone);
        }

        return _gatherings[path] = new Gathering();
    }

    private void OnStream(ulong path, PathStream stream) => _ = Task.Run(async () =>
    {
        try
        {
            using var limit = new CancellationTokenSource(_limit, _time);
            var word = new byte[2];
            await stream.ReadExactlyAsync(word, limit.Token);
            var (number, count) = (word[0], word[1]);
            if (count is < 2 or > MostStreams || number >= count)
                throw new IOException("A stream that makes no sense.");
            IDisposable made = number == 0 ? stream : await SealedLane.AcceptAsync(stream, number, _time, limit.Token);
            lock (_lock)
            {
                if (!Find(path).Add(number, count, made))
                    throw new IOException("The channel has all its streams.");
            }
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            await stream.DisposeAsync();
        }
    });

    private sealed class Gathering
    {
        private readonly Dictionary<byte, IDisposable> _streams = [];
        private int _count;

        public TaskCompletionSource<(PathStream Control, SealedLane[] Lanes)> All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Add(byte number, byte count, IDisposable stream)
        {
            if (All.Task.IsCompleted)
                return false;
            // The other end has begun anew: what came of its last attempt is of no use.
            if (_streams.ContainsKey(number) || (_count != 0 && _count != count))
            {
                foreach (var old in _streams.Values)
                    old.Dispose();
                _streams.Clear();
            }

            _streams.Add(number, stream);
            _count = count;
            if (_streams.Count == count)
                All.TrySetResult(((PathStream)_streams[0], [.. _streams.Where(one => one.Key > 0).OrderBy(one => one.Key).Select(one => (SealedLane)one.Value)]));
            return true;
        }

        public void Drop()
        {
            All.TrySetCanceled();
            foreach (var stream in _streams.Values)
                stream.Dispose();
        }
    }
}
