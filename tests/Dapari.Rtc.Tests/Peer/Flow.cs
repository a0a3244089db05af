using System.Buffers.Binary;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Peer;

/// <summary>
/// Messages from one peer to the other, each told apart by its number and made from it, and the judge at the other end: each comes whole and once, in order where
/// that was promised, and all of them unless the channel may give up.
/// </summary>
internal sealed class Flow
{
    private const int Header = 8;

    private readonly PeerHost _from;
    private readonly RtcChannel _channel;
    private readonly string _label;
    private readonly bool _reliable;
    private readonly int _count;
    private readonly Func<int, int> _sizeOf;
    private readonly ulong _key;
    private readonly bool[] _came;
    private byte[] _sending = [];
    private byte[] _expected = [];
    private int _next;
    private int _last = -1;
    private long _begunAt = -1;
    private long _cameAt;

    public Flow(PeerHost from, string label, int count, Func<int, int> sizeOf, bool ordered = true, ChannelReliability reliability = default)
    {
        (_from, _label, _count, _sizeOf, _reliable) = (from, label, count, sizeOf, reliability == default);
        _key = (ulong)label.Length << 56 | label[^1];
        _came = new bool[count];
        _channel = from.Peer.OpenChannel(label, "", reliability, ordered);
        from.Each += Feed;
        from.Other.Heard += Judge;
    }

    /// <summary>Messages that came.</summary>
    public int Came { get; private set; }

    /// <summary>Whether all were taken to be sent, and all came that must.</summary>
    public bool IsDone => _next == _count && (_reliable ? Came == _count : _from.Peer.BufferedBytes(_channel) == 0);

    /// <summary>The longest time in which nothing came though something was under way, in milliseconds.</summary>
    public long LongestStall { get; private set; }

    /// <summary>The most that the sender kept, in bytes.</summary>
    public long MostBuffered { get; private set; }

    /// <summary>How far it is.</summary>
    public override string ToString() => $"{_label}: {_next} sent, {Came} of {_count} came, longest stall {LongestStall} ms";

    private static void Fill(Span<byte> message, ulong key, int number)
    {
        new SeededEntropy(key + (ulong)number).Fill(message[Math.Max(Header, message.Length - 64)..]);
        message[Header..Math.Max(Header, message.Length - 64)].Fill(unchecked((byte)number));
        BinaryPrimitives.WriteInt32BigEndian(message, number);
        BinaryPrimitives.WriteInt32BigEndian(message[4..], message.Length);
    }

    private void Feed()
    {
        while (_next < _count)
        {
            var size = Math.Max(Header, _sizeOf(_next));
            if (_sending.Length != size)
                _sending = new byte[size];
            Fill(_sending, _key, _next);
            if (_from.Peer.Send(_channel, _sending, text: false, _from.Now) != SendResult.Accepted)
                break;
            if (_begunAt < 0)
                _begunAt = _cameAt = _from.Now;
            _next++;
        }

        MostBuffered = Math.Max(MostBuffered, _from.Peer.BufferedBytes(_channel));
    }

    private void Judge(RtcChannel channel, ReadOnlySpan<byte> message)
    {
        if (channel.Label != _label)
            return;
        Assert.True(message.Length >= Header, $"{_label}: a message of {message.Length} bytes");
        var number = BinaryPrimitives.ReadInt32BigEndian(message);
        Assert.InRange(number, 0, _next - 1);
        if (_expected.Length != message.Length)
            _expected = new byte[message.Length];
        Fill(_expected, _key, number);
        Assert.True(message.SequenceEqual(_expected), $"{_label}: message {number} is another one");
        Assert.False(_came[number], $"{_label}: message {number} came twice");
        if (_channel.IsOrdered)
            Assert.True(number > _last, $"{_label}: message {number} came after {_last}");
        (_came[number], _last) = (true, number);
        Came++;
        LongestStall = Math.Max(LongestStall, (_from.Now - _cameAt) / 1_000);
        _cameAt = _from.Now;
    }
}
