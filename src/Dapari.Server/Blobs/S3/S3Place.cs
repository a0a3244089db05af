using System.Threading.Channels;
using Dapari.Server.Blobs.Places;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Wire;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// Drop-offs in a bucket. The names and their rows say everything, so that any machine of a cluster reads and writes any drop-off:
/// 1. at the start the bucket is tried, and marked as this server's;
/// 2. uploads and downloads go straight through (<see cref="S3Writer"/>, <see cref="S3Reader"/>);
/// 3. what is removed goes in the background, and what was left over by an end without a farewell once a day.
/// Any thread.
/// </summary>
internal sealed partial class S3Place : IBlobPlace
{
    private const int MostRemovals = 4096;
    private const int RemovalsAtOnce = 8;
    private static readonly TimeSpan TryAgain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly S3Serving _serving;
    private readonly string _owner;
    private readonly IBlobRows _rows;
    private readonly ILogger _logger;
    private readonly S3Client _client;
    private readonly CancellationTokenSource _stop = new();

    // Full: the newest is left for the daily round.
    private readonly Channel<string> _removals = Channel.CreateBounded<string>(new BoundedChannelOptions(MostRemovals) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private Task _rounds = Task.CompletedTask;
    private Task _removing = Task.CompletedTask;
    private volatile string? _notReady;
    private long _buffered;
    private int _isAway;

    /// <param name="serving">Which bucket.</param>
    /// <param name="owner">A random name of this server or cluster, the same at every start.</param>
    /// <param name="rows">What should be there.</param>
    /// <param name="time">For signatures, deadlines and pauses.</param>
    /// <param name="random">For pauses.</param>
    /// <param name="logger">For the operator.</param>
    public S3Place(S3Serving serving, string owner, IBlobRows rows, TimeProvider time, RandomSource random, ILogger logger)
    {
        (_serving, _owner, _rows, Time, _logger) = (serving, owner, rows, time, logger);
        _client = new S3Client(serving, time, random);
    }

    public string? NotReady => _notReady;

    public long FreeBytes => _notReady is null ? long.MaxValue : 0;

    public TimeProvider Time { get; }

    /// <summary>Step 1. What is wrong is said, and tried again every minute; the server starts all the same, for messages need no store.</summary>
    public async Task<long> RecoverAsync()
    {
        var stored = (await _rows.BlobsAsync(long.MaxValue, -1, CancellationToken.None)).Sum(row => row.Received);
        var isWell = await TryBeginAsync();
        _rounds = RoundsAsync(isWell);
        _removing = RemoveAllAsync();
        return stored;
    }

    public async ValueTask<BlobOpening> OpenToWriteAsync(BlobRow row, long length, CancellationToken cancellation)
    {
        // As much as its buffers can take at once.
        var reserved = Math.Min(2 * S3Names.PieceBytes, (row.Received % S3Names.PieceBytes) + length);
        if (Interlocked.Add(ref _buffered, reserved) > _serving.BufferBytes)
        {
            GiveBack(reserved);
            return new BlobOpening(BlobOpeningEnd.Busy);
        }

        var writer = new S3Writer(this, S3Names.Folder(_serving, row.File), row.Received, length, reserved);
        var isOpen = false;
        try
        {
            if (writer.Short is not { } before || await FillAsync(before, writer.ShortBytes, cancellation))
            {
                isOpen = true;
                return new BlobOpening(BlobOpeningEnd.Open, writer);
            }

            NoteLost();
            await _rows.ResetBlobAsync(row.Id, writer.Whole(row.Received));
            return new BlobOpening(BlobOpeningEnd.Behind);
        }
        finally
        {
            if (!isOpen)
                await writer.DisposeAsync();
        }
    }

    public async ValueTask<IBlobReader?> OpenToReadAsync(BlobRow row, long first, CancellationToken cancellation)
    {
        var reader = new S3Reader(this, S3Names.Folder(_serving, row.File), async token => await _rows.BlobAsync(row.Id, token) is { } now && now.File.AsSpan().SequenceEqual(row.File) ? now.Received : -1);
        return await reader.BeginAsync(row.Received, first, cancellation) ? reader : null;
    }

    public void Remove(byte[] file) => _removals.Writer.TryWrite(S3Names.Folder(_serving, file));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_rounds, _removing);
        _client.Dispose();
        _stop.Dispose();
    }

    /// <summary>An object that no row needs any more goes in the background.</summary>
    internal void Forget(string key) => _removals.Writer.TryWrite(key);

    internal void GiveBack(long reserved) => Interlocked.Add(ref _buffered, -reserved);

    internal Task PutAsync(string key, ReadOnlyMemory<byte> bytes) => DoAsync(() => _client.PutAsync(key, bytes, CancellationToken.None));

    internal async Task<HttpResponseMessage?> GetAsync(string key, (long First, long Last)? range, CancellationToken cancellation)
    {
        HttpResponseMessage? answer = null;
        await DoAsync(async () => answer = await _client.GetAsync(key, range, cancellation));
        return answer;
    }

    /// <summary>Says once that the store is away, and once that it is back.</summary>
    internal S3Fault Noted(S3Fault fault)
    {
        if (Interlocked.Exchange(ref _isAway, 1) == 0)
            Away(_logger, fault.Message);
        return fault;
    }

    internal void NoteLost() => Lost(_logger);

    private async Task DoAsync(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (S3Fault fault)
        {
            throw Noted(fault);
        }

        if (Interlocked.Exchange(ref _isAway, 0) == 1)
            Back(_logger);
    }

    /// <summary>Reads a piece back. False: it is lost.</summary>
    private async Task<bool> FillAsync(string key, Memory<byte> bytes, CancellationToken cancellation)
    {
        using var answer = await GetAsync(key, null, cancellation);
        if (answer is null)
            return false;
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
            await using var stream = await answer.Content.ReadAsStreamAsync(either.Token);
            await stream.ReadExactlyAsync(bytes, either.Token);
            return true;
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Noted(new S3Fault(S3FaultKind.Away, "The store's answer broke off.", e));
        }
    }

    [LoggerMessage(EventId = 1411, Level = LogLevel.Error, Message = "Files that are left here cannot be kept: {Detail} Messages are not affected. It is tried again every minute.")]
    private static partial void NotUsable(ILogger logger, string detail);

    [LoggerMessage(EventId = 1412, Level = LogLevel.Warning, Message = "The store of files left here: {Detail} Messages are not affected; uploads and downloads are asked to come again.")]
    private static partial void Away(ILogger logger, string detail);

    [LoggerMessage(EventId = 1413, Level = LogLevel.Information, Message = "The store of files left here is back.")]
    private static partial void Back(ILogger logger);

    [LoggerMessage(EventId = 1414, Level = LogLevel.Error, Message = "An object of a drop-off is not in the store any more, though nobody here removed it.")]
    private static partial void Lost(ILogger logger);

    [LoggerMessage(EventId = 1415, Level = LogLevel.Warning, Message = "Removed drop-offs could not all be removed from the store ({Detail}); the daily round tries again.")]
    private static partial void NotRemoved(ILogger logger, string detail);

    [LoggerMessage(EventId = 1416, Level = LogLevel.Information, Message = "The store of files left here: {Count} objects that nothing needs were removed.")]
    private static partial void Swept(ILogger logger, int count);

    [LoggerMessage(EventId = 1417, Level = LogLevel.Warning, Message = "This machine's clock and the store's differ by {Minutes} minutes: one of them is wrong.")]
    private static partial void Skewed(ILogger logger, int minutes);
}
