using Dapari.Server.Blobs.Places;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// Reads a drop-off from a store, piece after piece, as fast as the other side takes it; nothing is held but what the caller's memory holds. An answer
/// that breaks off is asked for again from where it ended.
/// </summary>
internal sealed class S3Reader(S3Place place, string folder, Func<CancellationToken, ValueTask<long>> received) : IBlobReader
{
    private const int Tries = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private HttpResponseMessage? _answer;
    private Stream? _stream;
    private int _left;
    private long _received;

    /// <summary>Begins. False: it is not there.</summary>
    public async ValueTask<bool> BeginAsync(long receivedNow, long first, CancellationToken cancellation)
    {
        _received = receivedNow;
        return await OpenAsync(first, cancellation);
    }

    public async ValueTask<int> ReadAsync(Memory<byte> memory, long position, CancellationToken cancellation)
    {
        for (var tried = 1; ; tried++)
        {
            if (_stream is null && !await OpenAsync(position, cancellation))
                return 0;
            try
            {
                using var deadline = new CancellationTokenSource(Deadline, place.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
                var part = memory[..Math.Min(memory.Length, _left)];
                var read = await _stream!.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, either.Token);
                _left -= read;
                if (_left == 0 || read < part.Length)
                    Close();
                if (read > 0)
                    return read;
            }
            catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // Asked for again below.
                Close();
            }

            if (tried == Tries)
                throw place.Noted(new S3Fault(S3FaultKind.Away, "The store's answers break off."));
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>False: it is not there any more.</summary>
    private async ValueTask<bool> OpenAsync(long position, CancellationToken cancellation)
    {
        while (true)
        {
            var number = position / S3Names.PieceBytes;
            var (first, length) = ((int)(position % S3Names.PieceBytes), S3Names.Length(number, _received));
            var answer = await place.GetAsync(S3Names.Piece(folder, number, length), first == 0 ? null : (first, length - 1), cancellation);
            if (answer is not null)
            {
                if (answer.Content.Headers.ContentLength != length - first)
                {
                    answer.Dispose();
                    throw place.Noted(new S3Fault(S3FaultKind.Odd, "An object in the store has not the length that its name says."));
                }

                (_answer, _left) = (answer, length - first);
                _stream = await answer.Content.ReadAsStreamAsync(cancellation);
                return true;
            }

            // The last piece may have grown meanwhile, and has another name then.
            var now = await received(cancellation);
            if (now <= _received || S3Names.Length(number, now) == length)
            {
                if (now >= 0)
                    place.NoteLost();
                return false;
            }

            _received = now;
        }
    }

    private void Close()
    {
        _answer?.Dispose();
        (_answer, _stream) = (null, null);
    }
}
