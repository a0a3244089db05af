using System.Net.Security;
using Dapari.Node.Paths;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// Channels for files beside paths of TCP: the end that connected the path connects the streams too, and each says first which it is.
/// <code>
/// who connected the path   connects so many streams of purpose 1; on each: 1, its number, how many there are (1 byte each)
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
        return path.MakesStreams ? await ConnectAsync(path, either.Token) : await GatherAsync(id, either.Token);
    }

    private static async Task<IFileChannel> ConnectAsync(TcpPath path, CancellationToken cancellation)
    {
        const int Count = 1 + TcpFileChannel.LaneCount;
        var connecting = Enumerable.Range(0, Count).Select(number => ConnectAsync(path, (byte)number, Count, cancellation)).ToList();
        try
        {
            var streams = await Task.WhenAll(connecting);
            var answer = new byte[1];
            await streams[0].ReadExactlyAsync(answer, cancellation);
            return answer[0] == AllHere ? new TcpFileChannel(streams[0], streams[1..]) : throw new IOException("Something else was said.");
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            foreach (var made in connecting)
                _ = made.ContinueWith(static done => done.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new IOException("The other end is out of reach.", fault);
        }
    }

    private static async Task<SslStream> ConnectAsync(TcpPath path, byte number, byte count, CancellationToken cancellation)
    {
        var stream = await path.ConnectStreamAsync(cancellation);
        await stream.WriteAsync(new[] { number, count }, cancellation);
        return stream;
    }

    private async Task<IFileChannel> GatherAsync(ulong path, CancellationToken cancellation)
    {
        Gathering gathering;
        lock (_lock)
            gathering = Find(path);
        try
        {
            var streams = await gathering.All.Task.WaitAsync(cancellation);
            await streams[0].WriteAsync(new[] { AllHere }, cancellation);
            return new TcpFileChannel(streams[0], streams[1..]);
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

    private void OnStream(ulong path, SslStream stream) => _ = Task.Run(async () =>
    {
        try
        {
            using var limit = new CancellationTokenSource(_limit, _time);
            var word = new byte[2];
            await stream.ReadExactlyAsync(word, limit.Token);
            lock (_lock)
            {
                if (word[1] is < 2 or > MostStreams || word[0] >= word[1] || !Find(path).Add(word[0], word[1], stream))
                    throw new IOException("A stream that makes no sense.");
            }
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            await stream.DisposeAsync();
        }
    });

    private sealed class Gathering
    {
        private readonly Dictionary<byte, SslStream> _streams = [];
        private int _count;

        public TaskCompletionSource<SslStream[]> All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Add(byte number, byte count, SslStream stream)
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
                All.TrySetResult([.. _streams.OrderBy(one => one.Key).Select(one => one.Value)]);
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
