using Dapari.Server.Blobs;
using Dapari.Server.Offices;
using Dapari.Server.Options;
using Dapari.Server.Storage;

namespace Dapari.Server.Hosting;

/// <summary>Removes what is over: envelopes past retention, expired invites and drop-offs. At start and then every hour, in small portions.</summary>
internal sealed partial class Housekeeping : IAsyncDisposable
{
    private ServerOptions _options;
    private readonly ServerClock _clock;
    private readonly IPostOffice _office;
    private readonly BlobStore _blobs;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1);
    private readonly ITimer _timer;

    public Housekeeping(ServerOptions options, ServerClock clock, IPostOffice office, BlobStore blobs, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _office = office;
        _blobs = blobs;
        _logger = logger;
        _timer = clock.Time.CreateTimer(_ => _ = SweepQuietlyAsync(), null, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));
    }

    /// <summary>What the next sweep goes by.</summary>
    public ServerOptions Options
    {
        set => Volatile.Write(ref _options, value);
    }

    /// <summary>One sweep; how many envelopes went.</summary>
    public async Task<int> SweepAsync()
    {
        await _one.WaitAsync(_stop.Token);
        try
        {
            await _blobs.SweepAsync(_stop.Token);
            var cutoff = _clock.NowMs - (long)TimeSpan.FromDays(_options.RetentionDays).TotalMilliseconds;
            return await _office.SweepAsync(cutoff, _stop.Token);
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _stop.CancelAsync();
    }

    private async Task SweepQuietlyAsync()
    {
        try
        {
            var removed = await SweepAsync();
            if (removed > 0)
                Swept(_logger, removed);
        }
        catch (StorageException e)
        {
            SweepFailed(_logger, e.Code, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Debug, Message = "{Count} envelopes were past their retention.")]
    private static partial void Swept(ILogger logger, int count);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Error, Message = "The sweep failed (SQLite {Code}: {Detail}); the next hour tries again.")]
    private static partial void SweepFailed(ILogger logger, int code, string detail);
}
