using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Node.Files.Channels;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Https;

/// <summary>
/// One browser's lane by HTTPS: what the ticket opens, and no more. Messages of the channel "dapari-files" go down in one answer that never ends, and come up in the bodies of numbered
/// requests; each record is sealed with a key that the two told each other by the path, so that whoever ends TLS in between sees no file. What went down is kept until the browser says
/// that it has come, so that nothing is lost with the lane. Safe for threads.
/// <code>
/// down   (length (4) | AES-256-GCM(key down, record's number, message))*     record 0 is empty
/// up     AES-256-GCM(key up, request's number, (length (4) | message)*)
/// </code>
/// </summary>
internal sealed class HttpsLane : IDisposable
{
    /// <summary>The longest message: a chunk in one piece.</summary>
    public const int MostMessage = FileChannelCodec.PieceHeader + FileShape.ChunkBytes;

    /// <summary>The longest body that comes up: four whole chunks, each in pieces of 64 KiB as data channels carry them.</summary>
    public const int MostUp = (16 * (4 + FileChannelCodec.MaxBytes)) + TagBytes;

    /// <summary>So many bytes may be on their way down.</summary>
    public const int Window = 8 << 20;

    private const int TagBytes = 16;
    private const int NonceBytes = 12;

    // So many requests of a browser may be under way at once.
    private const int MostUps = 4;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly AesGcm _down;
    private readonly AesGcm _up;
    private readonly IFileReceiver? _receiver;
    private readonly int _lane;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _taking = new(1);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Queue<byte[]> _kept = new();
    private readonly byte[] _sealed = new byte[4 + MostMessage + TagBytes];
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Stream? _body;
    private ulong _sent;
    private ulong _got;
    private int _keptBytes;
    private long _heard;
    private ulong _nextUp;
    private int _ups;
    private bool _isOver;

    /// <param name="origin">The one page that may use it, as browsers name it.</param>
    /// <param name="down">Seals what goes down.</param>
    /// <param name="up">Opens what comes up.</param>
    /// <param name="receiver">Takes what comes up; null: nothing may.</param>
    /// <param name="lane">As which of its lanes.</param>
    /// <param name="time">For silence.</param>
    public HttpsLane(string origin, ReadOnlySpan<byte> down, ReadOnlySpan<byte> up, IFileReceiver? receiver, int lane, TimeProvider time)
    {
        Origin = origin;
        _down = new AesGcm(down, TagBytes);
        _up = new AesGcm(up, TagBytes);
        (_receiver, _lane, _time) = (receiver, lane, time);
    }

    /// <summary>The page that may use it.</summary>
    public string Origin { get; }

    /// <summary>Done when nothing goes by it any more, for whatever reason.</summary>
    public Task Ended => _over.Task;

    /// <summary>Whether the browser has shown that what goes down arrives.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
                return _got > 0 && !_isOver;
        }
    }

    /// <summary>Carries what goes down, until the lane or the request ends.</summary>
    /// <param name="body">The answer's.</param>
    /// <param name="aborted">The request is gone.</param>
    /// <returns>False: it is over, or somebody else has it.</returns>
    public async Task<bool> ServeDownAsync(Stream body, CancellationToken aborted)
    {
        lock (_lock)
        {
            if (_body is not null || _isOver)
                return false;
            _body = body;
            _heard = _time.GetTimestamp();
        }

        using var gone = aborted.UnsafeRegister(lane => ((HttpsLane)lane!).End(), this);
        await WriteAsync(default);
        while (!_over.Task.IsCompleted)
        {
            await Task.WhenAny(_over.Task, Task.Delay(_look, _time, CancellationToken.None));
            bool silent;
            lock (_lock)
                silent = _got < _sent && _time.GetElapsedTime(_heard) > _silence;
            if (silent)
                End();
        }

        // The answer's memory is its server's again when this returns.
        await _writing.WaitAsync(CancellationToken.None);
        _writing.Release();
        return true;
    }

    /// <summary>Sends a message down; one call at a time. Waits while so much is on its way that no more may be.</summary>
    /// <returns>False: the lane does not take it, because it is not open yet or over. True: sent, or among <see cref="Rescue"/>.</returns>
    public async ValueTask<bool> TrySendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        while (true)
        {
            Task moved;
            lock (_lock)
            {
                if (_got == 0 || _isOver)
                    return false;
                if (_keptBytes == 0 || _keptBytes + message.Length <= Window)
                {
                    if (_kept.Count == 0)
                        _heard = _time.GetTimestamp();
                    _kept.Enqueue(message.ToArray());
                    _keptBytes += message.Length;
                    break;
                }

                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellation);
        }

        await WriteAsync(message);
        return true;
    }

    /// <summary>What went down and was not said to have come, in order; when it is over, once.</summary>
    public IReadOnlyList<byte[]> Rescue()
    {
        lock (_lock)
        {
            if (!_isOver)
                return [];
            IReadOnlyList<byte[]> lost = [.. _kept];
            _kept.Clear();
            _keptBytes = 0;
            return lost;
        }
    }

    /// <summary>The browser says how many records have come; what cannot be is passed over.</summary>
    public void Acknowledge(ulong records)
    {
        lock (_lock)
        {
            if (records <= _got || records > _sent || _isOver)
                return;
            // Record 0 is none of the kept ones.
            for (var i = Math.Max(_got, 1); i < records; i++)
                _keptBytes -= _kept.Dequeue().Length;
            _got = records;
            _heard = _time.GetTimestamp();
            Move();
        }
    }

    /// <summary>Takes the body of a request, in the order of their numbers; it is opened where it lies.</summary>
    /// <returns>False: it is none of this lane's, which is over then if it was forged.</returns>
    public async Task<bool> TakeUpAsync(ulong number, Memory<byte> body, CancellationToken aborted)
    {
        if (_receiver is not { } receiver)
            return false;
        lock (_lock)
        {
            if (_isOver || number < _nextUp || number >= _nextUp + MostUps || _ups == MostUps)
                return false;
            _ups++;
        }

        try
        {
            return await InTurnAsync(number, aborted) && await TakeAsync(number, body, receiver);
        }
        finally
        {
            lock (_lock)
                _ups--;
        }
    }

    /// <summary>Nothing more goes by it.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            _isOver = true;
            Move();
        }

        _ending.Cancel();
        _over.TrySetResult();
    }

    /// <summary>Ends it, and waits until its receiver has taken what is being taken.</summary>
    public async Task CloseAsync()
    {
        End();
        await _taking.WaitAsync(CancellationToken.None);
        _taking.Release();
        await _writing.WaitAsync(CancellationToken.None);
        _writing.Release();
    }

    /// <summary>Forgets the keys. After <see cref="CloseAsync"/>.</summary>
    public void Dispose()
    {
        End();
        _down.Dispose();
        _up.Dispose();
        _ending.Dispose();
        _taking.Dispose();
        _writing.Dispose();
    }

    // The lock is held.
    private void Move()
    {
        var moved = _moved;
        _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        moved.SetResult();
    }

    private async Task<bool> InTurnAsync(ulong number, CancellationToken aborted)
    {
        while (true)
        {
            Task moved;
            lock (_lock)
            {
                if (_isOver || number < _nextUp)
                    return false;
                if (number == _nextUp)
                    return true;
                moved = _moved.Task;
            }

            await moved.WaitAsync(aborted);
        }
    }

    private async Task<bool> TakeAsync(ulong number, Memory<byte> body, IFileReceiver receiver)
    {
        await _taking.WaitAsync(CancellationToken.None);
        try
        {
            // Of two with one number the first is taken.
            lock (_lock)
            {
                if (_isOver || number != _nextUp)
                    return false;
            }

            if (!TryOpen(number, body.Span))
            {
                End();
                return false;
            }

            var rest = body[..^TagBytes];
            while (rest.Length > 4)
            {
                var length = BinaryPrimitives.ReadUInt32BigEndian(rest.Span);
                if (length is 0 or > MostMessage || length > rest.Length - 4 || rest.Span[4] is not ((byte)FileMessageKind.Piece or (byte)FileMessageKind.Page))
                    break;
                var room = receiver.Room(_lane, (int)length);
                rest.Slice(4, (int)length).CopyTo(room);
                await receiver.TakeAsync(_lane, room);
                rest = rest[(4 + (int)length)..];
            }

            if (receiver.IsBusy(_lane))
                await receiver.RestAsync(_lane);
            lock (_lock)
            {
                _nextUp++;
                Move();
            }

            if (rest.IsEmpty)
                return true;
            End();
            return false;
        }
        finally
        {
            _taking.Release();
        }
    }

    private bool TryOpen(ulong number, Span<byte> body)
    {
        if (body.Length is < TagBytes or > MostUp)
            return false;
        var content = body[..^TagBytes];
        try
        {
            _up.Decrypt(Nonce(number), content, body[^TagBytes..], content);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> message)
    {
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            int length;
            ulong number;
            lock (_lock)
            {
                if (_isOver)
                    return;
                number = _sent++;
            }

            length = message.Length + TagBytes;
            BinaryPrimitives.WriteInt32BigEndian(_sealed, length);
            _down.Encrypt(Nonce(number), message.Span, _sealed.AsSpan(4, message.Length), _sealed.AsSpan(4 + message.Length, TagBytes));
            await _body!.WriteAsync(_sealed.AsMemory(0, 4 + length), _ending.Token);
            await _body.FlushAsync(_ending.Token);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            End();
        }
        finally
        {
            _writing.Release();
        }
    }

    private static byte[] Nonce(ulong number)
    {
        var nonce = new byte[NonceBytes];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(NonceBytes - 8), number);
        return nonce;
    }
}
