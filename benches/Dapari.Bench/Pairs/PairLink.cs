using System.Net;
using System.Net.Sockets;

namespace Dapari.Bench.Pairs;

/// <summary>
/// One end of a pair, on a socket of its own: what was received and is not understood yet, and what is to be sent. A protocol is only how a message is
/// written and found; windows, pace and clocks are the generator's and the same for all.
/// </summary>
internal abstract class PairLink : IDisposable
{
    /// <summary>Bytes of a message's content.</summary>
    public const int Payload = 256;

    private byte[] _received = new byte[1024];
    private int _length;
    private byte[] _sending = [];
    private int _queued;

    protected Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Which address of this machine to connect from.</summary>
    public void Bind(IPAddress from)
    {
        // IP_BIND_ADDRESS_NO_PORT: the port is chosen when it connects, and may be one that another address uses too.
        Socket.SetRawSocketOption(0, 24, [1, 0, 0, 0]);
        Socket.Bind(new IPEndPoint(from, 0));
    }

    /// <summary>Connects and says whatever has to be said before messages can go.</summary>
    public abstract Task ConnectAsync(IPEndPoint server, int pair, bool isSender);

    /// <summary>After both ends are connected: the sender learns whom it writes to.</summary>
    public virtual Task PairAsync(PairLink receiver) => Task.CompletedTask;

    /// <summary>Queues a message that carries a number of 8 bytes, the time of its sending.</summary>
    public abstract void Write(long stamp);

    /// <summary>Sends what is queued in one call.</summary>
    public async ValueTask FlushAsync()
    {
        var sent = 0;
        while (sent < _queued)
            sent += await Socket.SendAsync(_sending.AsMemory(sent, _queued - sent), SocketFlags.None);
        _queued = 0;
    }

    /// <summary>Waits for bytes and takes all whole messages out of them; false: the server closed.</summary>
    public async ValueTask<bool> ReceiveAsync(List<long> stamps)
    {
        if (_length == _received.Length)
            Array.Resize(ref _received, _received.Length * 2);
        var count = await Socket.ReceiveAsync(_received.AsMemory(_length), SocketFlags.None);
        if (count == 0)
            return false;
        _length += count;
        var used = Take(_received.AsSpan(0, _length), stamps);
        _received.AsSpan(used, _length - used).CopyTo(_received);
        _length -= used;
        return true;
    }

    public void Dispose() => Socket.Dispose();

    /// <summary>Finds whole messages; how many bytes are done with. May queue answers, which the caller flushes.</summary>
    protected abstract int Take(ReadOnlySpan<byte> received, List<long> stamps);

    /// <summary>Room for so many bytes at the end of what is queued.</summary>
    protected Span<byte> Queue(int count)
    {
        if (_queued + count > _sending.Length)
            Array.Resize(ref _sending, Math.Max(_sending.Length * 2, _queued + count));
        _queued += count;
        return _sending.AsSpan(_queued - count, count);
    }

    /// <summary>While connecting: sends, and waits until the answer contains something.</summary>
    protected async Task<byte[]> AskAsync(ReadOnlyMemory<byte> question, Func<byte[], int> answerEnds)
    {
        await Socket.SendAsync(question, SocketFlags.None);
        while (true)
        {
            var end = answerEnds(_received[.._length]);
            if (end > 0)
            {
                var answer = _received[..end];
                _received.AsSpan(end, _length - end).CopyTo(_received);
                _length -= end;
                return answer;
            }

            if (_length == _received.Length)
                Array.Resize(ref _received, _received.Length * 2);
            var count = await Socket.ReceiveAsync(_received.AsMemory(_length), SocketFlags.None);
            if (count == 0)
                throw new InvalidOperationException($"The server closed after: {System.Text.Encoding.UTF8.GetString(_received, 0, _length)}");
            _length += count;
        }
    }
}
