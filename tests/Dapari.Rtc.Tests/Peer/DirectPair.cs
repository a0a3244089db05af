using System.Buffers;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Tests.Ice;

namespace Dapari.Rtc.Tests.Peer;

/// <summary>Two connected peers whose datagrams need a millisecond to the other one, which they always reach.</summary>
internal sealed class DirectPair : IDisposable
{
    private static readonly Endpoint AddressOfA = Endpoint.V4(0x0A00_0001, 1);
    private static readonly Endpoint AddressOfB = Endpoint.V4(0x0A00_0002, 2);

    private readonly byte[] _buffer = new byte[20_000];
    private readonly byte[] _message = new byte[64 << 10];
    private readonly Counter _counter = new();
    private readonly RtcPeer _a;
    private readonly RtcPeer _b;
    private readonly RtcChannel _channel;
    private long _now;

    public DirectPair(int mtu)
    {
        _a = new RtcPeer(new RtcPeerOptions { Offerer = true, Certificate = Certificates.First }, new SeededEntropy(1), _now);
        _b = new RtcPeer(new RtcPeerOptions { Offerer = false, Certificate = Certificates.Second }, new SeededEntropy(2), _now);
        _a.AddBase(AddressOfA, CandidateType.Host, 65535, _now, mtu: mtu);
        _b.AddBase(AddressOfB, CandidateType.Host, 65535, _now, mtu: mtu);
        _b.SetRemote(_a.LocalDescription, _now);
        _a.SetRemote(_b.LocalDescription, _now);
        _channel = _a.OpenChannel("pump", "", ChannelReliability.Reliable, ordered: true);
        for (var steps = 0; !_a.IsConnected || !_b.IsConnected; steps++)
        {
            Xunit.Assert.True(steps < 10_000, "they meet");
            Step();
        }
    }

    public int LargestDatagram { get; private set; }

    public void Pump(long size)
    {
        var (sent, end) = (0L, _counter.Count + size);
        for (var steps = 0; _counter.Count < end; steps++)
        {
            Xunit.Assert.True(steps < 100_000, "it arrives");
            while (sent < size && _a.Send(_channel, _message, text: false, _now) == SendResult.Accepted)
                sent += _message.Length;
            Step();
        }
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }

    private void Step()
    {
        _now += 1_000;
        _a.Advance(_now);
        _b.Advance(_now);
        Move(_a, _b, AddressOfA);
        while (_b.TryReceive(out _, out _, _counter))
        {
        }

        Move(_b, _a, AddressOfB);
        Tell(_a, _b);
        Tell(_b, _a);
    }

    private void Move(RtcPeer from, RtcPeer to, Endpoint address)
    {
        while (from.TryTakeDatagram(_buffer, out var length, out _, out _))
        {
            LargestDatagram = Math.Max(LargestDatagram, length);
            to.Receive(0, address, _buffer.AsSpan(0, length), _now);
        }
    }

    private void Tell(RtcPeer from, RtcPeer to)
    {
        while (from.TryTakeEvent(out var told))
        {
            if (told.Kind == RtcEventKind.CandidateFound)
                to.AddRemoteCandidate(told.Candidate!, _now);
        }
    }

    private sealed class Counter : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[1 << 20];

        public long Count { get; private set; }

        public void Advance(int count) => Count += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes;

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes;
    }
}
