using Dapari.Server.Blobs.Places;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Blobs;

/// <summary>
/// The drop-offs of one server: rows in the database, bytes in a <see cref="IBlobPlace"/>. A row is the truth: bytes count when they are durable and the row says so.
/// Any thread.
/// </summary>
internal sealed class BlobStore : IAsyncDisposable
{
    /// <summary>What is read from the network or the disk at once. A transfer holds about two of these in memory.</summary>
    public const int PieceBytes = 128 * 1024;

    /// <summary>Rows removed in one transaction.</summary>
    private const int SweepRows = 100;

    private readonly ServerClock _clock;
    private readonly RandomSource _random;
    private readonly IBlobRows _rows;
    private readonly UploadTurns _turns = new();
    private BlobServing _serving;
    private long _stored;

    public BlobStore(BlobServing serving, IBlobPlace place, ServerClock clock, RandomSource random, IBlobRows rows)
    {
        _serving = serving;
        Place = place;
        Slots = new TransferSlots(serving.Transfers, serving.TransfersPerAddress);
        _clock = clock;
        _random = random;
        _rows = rows;
    }

    /// <summary>As it is now: the operator changes some of it while the server runs.</summary>
    public BlobServing Serving
    {
        get => Volatile.Read(ref _serving);
        set => Volatile.Write(ref _serving, value);
    }

    public IBlobPlace Place { get; }

    public TransferSlots Slots { get; }

    public TimeProvider Time => _clock.Time;

    /// <summary>Bytes in all files.</summary>
    public long StoredBytes => Interlocked.Read(ref _stored);

    /// <summary>What may still be written before the cap or the disk's reserve is met; 0 or more.</summary>
    public long Room => Math.Max(0, Math.Min(Serving.TotalBytes - StoredBytes, Place.FreeBytes - Serving.ReserveBytes));

    /// <summary>After a start: puts in order what an end without a farewell left.</summary>
    /// <exception cref="StorageException">The rows refused.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public async Task RecoverAsync() => Interlocked.Add(ref _stored, await Place.RecoverAsync());

    /// <summary>Begins an upload for a mailbox, or renews its token.</summary>
    /// <exception cref="StorageException">Nothing was kept.</exception>
    public async Task<(BlobBeginning Beginning, BlobToken Token)> BeginAsync(long mailbox, BeginBlob begin, CancellationToken cancellation)
    {
        BlobId.TryRead(begin.BlobId, out var id);
        var token = BlobToken.Random(_random);
        var days = begin.Days == 0 ? Serving.Days : Math.Min(Serving.Days, begin.Days);
        var row = new BlobRow(id, _random.Bytes(BlobFolder.NameBytes), mailbox, (long)begin.Size, 0, _clock.NowMs + (long)TimeSpan.FromDays(days).TotalMilliseconds,
            token.Hash(), begin.ReadTokenHash.ToByteArray(), begin.OwnerTokenHash.ToByteArray());
        var beginning = await _rows.BeginBlobAsync(row, Serving.Quota, Room, cancellation);
        if (beginning.Expired is { } expired)
            Remove(expired.File, expired.Received);
        return (beginning, token);
    }

    public long LeftMs(BlobRow row) => Math.Max(0, row.ExpiresMs - _clock.NowMs);

    /// <exception cref="StorageException">Nothing was read.</exception>
    public async Task<BlobUsage> UsageAsync(long mailbox, CancellationToken cancellation)
    {
        var (bytes, blobs) = await _rows.BlobUsageAsync(mailbox, cancellation);
        return Usage(bytes, blobs);
    }

    public BlobUsage Usage(long bytes, int blobs) => new()
    {
        UsedBytes = (ulong)bytes,
        QuotaBytes = (ulong)Serving.Quota.Bytes,
        UsedBlobs = (uint)blobs,
        QuotaBlobs = (uint)Serving.Quota.Blobs,
        Days = (uint)Serving.Days,
        RoomBytes = (ulong)(!Serving.On || blobs >= Serving.Quota.Blobs ? 0 : Math.Max(0, Math.Min(Serving.Quota.Bytes - bytes, Room))),
    };

    /// <summary>A drop-off that has not expired; null: none.</summary>
    /// <exception cref="StorageException">SQLite refused.</exception>
    public ValueTask<BlobRow?> FindAsync(BlobId id) => _rows.BlobAsync(id, CancellationToken.None);

    /// <summary>The turn to write to a drop-off: a newer upload ends the one before, whose connection is as a rule dead, and waits until that has kept
    /// what it had. Null: the server ends.</summary>
    public Task<UploadTurn?> TakeTurnAsync(BlobId id, CancellationToken cancellation) => _turns.TakeAsync(id, cancellation);

    /// <summary>Counts bytes that are about to be written. False: the cap does not allow them.</summary>
    public bool TryCount(long bytes)
    {
        if (Interlocked.Add(ref _stored, bytes) <= Serving.TotalBytes)
            return true;
        Uncount(bytes);
        return false;
    }

    public void Uncount(long bytes) => Interlocked.Add(ref _stored, -bytes);

    /// <summary>Makes what was written durable: first the bytes, then the row that counts them. False: the drop-off is gone.</summary>
    /// <exception cref="IOException">The disk or store refused: after that nothing that was not durable before may be believed.</exception>
    /// <exception cref="StorageException">Nothing was kept.</exception>
    public async Task<bool> KeepAsync(BlobRow row, IBlobWriter writer, long received)
    {
        await writer.FlushAsync(received);
        if (!await _rows.AdvanceBlobAsync(row, received))
            return false;
        writer.Kept();
        return true;
    }

    /// <summary>Removes a drop-off: an upload under way is ended, then the row goes, then the bytes.</summary>
    /// <exception cref="StorageException">It is still there.</exception>
    public async Task<bool> DeleteAsync(BlobId id, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(id, cancellation);
        if (turn is null || await FindAsync(id) is not { } row)
            return false;
        return await DeleteAsync([row]) > 0;
    }

    /// <summary>Removes what has expired; how many went.</summary>
    /// <exception cref="StorageException">The rest is still there.</exception>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var removed = 0;
        while (true)
        {
            var rows = await _rows.BlobsAsync(_clock.NowMs, SweepRows, cancellation);
            if (rows.Count == 0)
                return removed;
            var turns = new List<UploadTurn>();
            try
            {
                foreach (var row in rows)
                {
                    if (await TakeTurnAsync(row.Id, cancellation) is not { } turn)
                        return removed;
                    turns.Add(turn);
                }

                removed += await DeleteAsync(rows);
            }
            finally
            {
                turns.ForEach(turn => turn.Dispose());
            }
        }
    }

    /// <summary>Ends all uploads, each with what it has made durable.</summary>
    public Task StopAsync() => _turns.EndAsync();

    public ValueTask DisposeAsync() => Place.DisposeAsync();

    private async Task<int> DeleteAsync(List<BlobRow> rows)
    {
        var received = await _rows.DeleteBlobsAsync(rows);
        var removed = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            if (received[i] < 0)
                continue;
            removed++;
            Remove(rows[i].File, received[i]);
        }

        return removed;
    }

    private void Remove(byte[] file, long received)
    {
        Uncount(received);
        Place.Remove(file);
    }
}
