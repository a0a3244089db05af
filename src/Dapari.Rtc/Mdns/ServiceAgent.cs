using System.Diagnostics.CodeAnalysis;

namespace Dapari.Rtc.Mdns;

/// <summary>
/// Finds who offers a service on one network, and tells what this end offers (RFC 6762, RFC 6763): messages and time in; messages, instances and the next
/// deadline out. One owner; not thread-safe. Times are monotonic microseconds. Its owner sends to <see cref="MdnsAgent.Group4"/> and <see cref="MdnsAgent.Group6"/>.
/// </summary>
/// <remarks>
/// Nobody probes for the name (RFC 6762 §8.1): instances here have random names. Nothing is cached: who hears of an instance does at once what is to be done with it.
/// </remarks>
/// <param name="service">As in <c>_name._tcp.local</c>, at most 32 letters.</param>
/// <param name="entropy">For the moments of answers.</param>
public sealed class ServiceAgent(string service, Entropy entropy)
{
    /// <summary>Instances that wait to be taken; more are not heard.</summary>
    public const int MostFound = 32;

    // RFC 6762 §5.2: a second, then twice as long each time, up to an hour.
    private const long FirstWait = 1_000_000;
    private const long LongestWait = 3_600_000_000;

    // RFC 6762 §6: no record more than once a second, and answers of several not all at once.
    private const long AnswerEvery = 1_000_000;
    private const long LeastDelay = 20_000;
    private const long DelaySpread = 100_000;

    // RFC 6762 §8.3: twice, a second apart.
    private const int Announcements = 2;

    private readonly Queue<byte[]> _outgoing = [];
    private readonly Queue<(ServiceInstance Instance, bool Gone)> _found = [];
    private ServiceInstance? _own;
    private long _askAt = long.MaxValue;
    private long _askWait = FirstWait;
    private long _tellAt = long.MaxValue;
    private long _toldAt = long.MinValue / 2;
    private int _toTell;

    /// <summary>When <see cref="Advance"/> is wanted; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadlineUs => Math.Min(_askAt, _tellAt);

    /// <summary>Asks who is there, soon and then rarer and rarer; begins anew if it asks already.</summary>
    public void Browse(long nowUs)
    {
        _askWait = FirstWait;
        _askAt = Math.Min(_askAt, nowUs + Delay());
    }

    /// <summary>Asks no more.</summary>
    public void StopBrowsing() => _askAt = long.MaxValue;

    /// <summary>Offers this from now on, in place of what it offered.</summary>
    /// <exception cref="ArgumentException">It is longer than an instance may be.</exception>
    public void Offer(ServiceInstance instance, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(instance);
        Withdraw();
        _own = instance;
        _toTell = Announcements;
        _tellAt = nowUs;
        // What is another name is another record.
        _toldAt = long.MinValue / 2;
    }

    /// <summary>Offers nothing any more, and says so.</summary>
    public void Withdraw()
    {
        if (_own is not null && _toldAt > long.MinValue / 2)
            Send(_own, gone: true);
        _own = null;
        _tellAt = long.MaxValue;
    }

    /// <summary>Says once more what it offers: somebody seems not to have heard.</summary>
    public void Tell(long nowUs)
    {
        if (_own is null)
            return;
        _toTell = Math.Max(_toTell, 1);
        _tellAt = Math.Min(_tellAt, Math.Max(nowUs + Delay(), _toldAt + AnswerEvery));
    }

    /// <summary>Takes a message that came to the group.</summary>
    public void Receive(ReadOnlySpan<byte> message, long nowUs)
    {
        if (_own is not null && ServiceMessage.Asks(message, service, _own.Name))
            Tell(nowUs);
        if (_found.Count < MostFound && ServiceMessage.TryRead(message, service, out var instance, out var gone) && instance.Name != _own?.Name)
            _found.Enqueue((instance, gone));
    }

    /// <summary>Does what is due.</summary>
    public void Advance(long nowUs)
    {
        if (_tellAt <= nowUs && _own is not null)
        {
            Send(_own, gone: false);
            _toldAt = nowUs;
            _tellAt = --_toTell > 0 ? nowUs + AnswerEvery : long.MaxValue;
        }

        if (_askAt > nowUs)
            return;
        Span<byte> bytes = stackalloc byte[512];
        _outgoing.Enqueue(bytes[..ServiceMessage.WriteQuery(bytes, service, _own?.Name)].ToArray());
        _askAt = nowUs + _askWait;
        _askWait = Math.Min(2 * _askWait, LongestWait);
    }

    /// <summary>The next message for the group.</summary>
    public bool TryTake([NotNullWhen(true)] out byte[]? message) => _outgoing.TryDequeue(out message);

    /// <summary>The next instance that was heard of, again each time it is told; or that one is no more.</summary>
    public bool TryTakeFound([NotNullWhen(true)] out ServiceInstance? instance, out bool gone)
    {
        var any = _found.TryDequeue(out var found);
        (instance, gone) = found;
        return any && instance is not null;
    }

    private long Delay() => LeastDelay + (long)(entropy.Next() % (ulong)DelaySpread);

    private void Send(ServiceInstance instance, bool gone)
    {
        Span<byte> bytes = stackalloc byte[MdnsMessage.Longest];
        _outgoing.Enqueue(bytes[..ServiceMessage.WriteAnswer(bytes, service, instance, gone)].ToArray());
    }
}
