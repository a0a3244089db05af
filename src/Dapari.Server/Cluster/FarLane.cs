using System.Threading.Channels;

namespace Dapari.Server.Cluster;

/// <summary>
/// The way to one other machine: what waits goes together, several parcels on their way at once, numbered, so that the other side notices if one is missing. The queue is bounded by what
/// connections may have on their way.
/// </summary>
internal sealed partial class FarLane : IDisposable
{
    private const int ParcelLength = 256;
    private const int ParcelBytes = 512 * 1024;
    private const int Window = 8;

    private readonly Channel<FarPost> _queue = Channel.CreateUnbounded<FarPost>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _window = new(Window);
    private readonly IDesk _desk;
    private readonly SiloAddress _self;
    private readonly ILogger _logger;
    private Guid _lane = Guid.NewGuid();
    private long _number;
    private volatile bool _broken;

    public FarLane(IDesk desk, SiloAddress self, ILogger logger)
    {
        (_desk, _self, _logger) = (desk, self, logger);
        _ = Task.Run(SendAllAsync);
    }

    public IDesk Desk => _desk;

    public void Add(FarPost far) => _queue.Writer.TryWrite(far);

    /// <summary>Nothing more comes; what waits is sent. The semaphore stays usable: answers still give their turns back.</summary>
    public void Dispose() => _queue.Writer.TryComplete();

    private async Task SendAllAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            await _window.WaitAsync();
            if (_broken)
                await BeginAnewAsync();
            var posts = new List<FarPost>();
            for (var bytes = 0; posts.Count < ParcelLength && bytes < ParcelBytes && _queue.Reader.TryRead(out var far);)
            {
                if (far.Generation != far.Mailbox.Generation)
                {
                    far.Mailbox.Answered(far, PostFate.Failed); // It goes again, behind those that came back.
                    continue;
                }

                posts.Add(far);
                bytes += far.Post.Envelope.Length;
            }

            if (posts.Count == 0)
                _window.Release();
            else
                _ = SendAsync(posts);
        }
    }

    /// <summary>A parcel is missing over there. All that are on their way come back first: those behind it undone, so nothing of a new lane overtakes them.</summary>
    private async Task BeginAnewAsync()
    {
        for (var i = 1; i < Window; i++)
            await _window.WaitAsync();
        (_lane, _number) = (Guid.NewGuid(), 0);
        _broken = false;
        _window.Release(Window - 1);
    }

    private async Task SendAsync(List<FarPost> posts)
    {
        var (lane, number) = (_lane, _number++);
        int[]? results = null;
        try
        {
            var answer = await _desk.PostAsync(new PostParcel(
                _self, lane, number, [.. posts.Select(p => p.Mailbox.Number)], [.. posts.Select(p => p.Epoch)],
                [.. posts.Select(p => PostgresBatch.Bytes(p.Post.EnvelopeId))], [.. posts.Select(p => PostgresBatch.Bytes(p.Post.Envelope))]));
            results = answer.Results;
        }
        catch (Exception e) when (ClusterOffice.IsOrleansFault(e))
        {
            NotAnswered(_logger, e);
        }

        if (results?.Length != posts.Count)
        {
            results = null;
            _broken = true;
        }

        Connections.Outbox.Gather(() =>
        {
            for (var i = 0; i < posts.Count; i++)
                posts[i].Mailbox.Answered(posts[i], results?[i] ?? PostFate.Failed);
        });
        _window.Release();
    }

    [LoggerMessage(EventId = 1511, Level = LogLevel.Debug, Message = "Another machine did not answer; what was sent to it goes again.")]
    private static partial void NotAnswered(ILogger logger, Exception exception);
}
