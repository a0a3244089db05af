using System.Text;
using Dapari.Server.Storage;

namespace Dapari.Server.Blobs.S3;

/// <summary>The start, the daily round, and removals.</summary>
internal sealed partial class S3Place
{
    /// <summary>True: the bucket can be read and written, and is ours.</summary>
    internal async Task<bool> TryBeginAsync()
    {
        try
        {
            var mark = S3Names.Owner(_serving);
            var owner = await _client.TextAsync(mark, _stop.Token);
            if (owner is null)
                await _client.PutAsync(mark, Encoding.ASCII.GetBytes(_owner), _stop.Token);
            else if (owner != _owner)
                throw new S3Fault(S3FaultKind.Foreign, $"The bucket {_serving.Bucket} holds another server's files: give this one a --blob-s3-prefix of its own, or remove the object {mark} if that server is no more.");
            _notReady = null;
            if (Interlocked.Exchange(ref _isAway, 0) == 1)
                Back(_logger);
            if (_client.Skew.Duration() > TimeSpan.FromMinutes(1))
                Skewed(_logger, (int)_client.Skew.Duration().TotalMinutes);
            return true;
        }
        catch (S3Fault fault)
        {
            // A store that is away is no reason to send people elsewhere: messages need none, and the others have the same.
            _notReady = fault.IsOfSettings ? "files" : null;
            if (Interlocked.Exchange(ref _isAway, 1) == 0)
                NotUsable(_logger, fault.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// What nothing needs goes: drop-offs without a row, and short pieces that a longer one has replaced. The names are listed before the rows are read: a
    /// row is there before its first object and goes before its last, and what it says never shrinks while its objects are there.
    /// </summary>
    /// <returns>How many objects went.</returns>
    /// <exception cref="S3Fault">The rest is still there.</exception>
    /// <exception cref="StorageException">The same.</exception>
    internal async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var found = new List<(string Key, string File, long End)>();
        await foreach (var key in _client.ListAsync(_serving.Prefix, cancellation))
        {
            if (S3Names.TryRead(key.AsSpan(_serving.Prefix.Length), out var file, out var end))
                found.Add((key, file, end));
        }

        var received = (await _rows.BlobsAsync(long.MaxValue, -1, cancellation)).ToDictionary(row => BlobFolder.NameOf(row.File), row => row.Received);
        var needless = found.Where(o => !received.TryGetValue(o.File, out var there) || (o.End % S3Names.PieceBytes != 0 && o.End < there)).Select(o => o.Key).ToList();
        await DeleteAsync(needless, cancellation);
        return needless.Count;
    }

    private async Task RoundsAsync(bool isWell)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                while (!isWell)
                {
                    await Task.Delay(TryAgain, Time, _stop.Token);
                    isWell = await TryBeginAsync();
                }

                try
                {
                    var swept = await SweepAsync(_stop.Token);
                    if (swept > 0)
                        Swept(_logger, swept);
                }
                catch (Exception e) when (e is S3Fault or StorageException)
                {
                    NotRemoved(_logger, e.Message);
                }

                await Task.Delay(Day, Time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private async Task RemoveAllAsync()
    {
        await Task.Yield();
        try
        {
            await foreach (var name in _removals.Reader.ReadAllAsync(_stop.Token))
            {
                try
                {
                    var keys = new List<string>();
                    if (name.EndsWith('/'))
                    {
                        await foreach (var key in _client.ListAsync(name, _stop.Token))
                            keys.Add(key);
                    }
                    else
                        keys.Add(name);
                    await DeleteAsync(keys, _stop.Token);
                }
                catch (S3Fault fault)
                {
                    NotRemoved(_logger, fault.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends; the next start's round finds what is left.
        }
    }

    // One by one: deleting by lists needs MD5 or a checksum header, and not every store has it.
    private Task DeleteAsync(List<string> keys, CancellationToken cancellation) =>
        Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = RemovalsAtOnce, CancellationToken = cancellation }, async (key, token) => await _client.DeleteAsync(key, token));
}
