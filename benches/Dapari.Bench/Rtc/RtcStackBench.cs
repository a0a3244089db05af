using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using Dapari.Rtc;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;

namespace Dapari.Bench.Rtc;

/// <summary>
/// Two whole peers in one process on one thread, and no sockets between them: what ICE, DTLS, SCTP and channels cost by themselves. Beside the platform's
/// AES-GCM alone, sealing and opening the same bytes.
/// </summary>
internal sealed class RtcStackBench : IBench
{
    private const int Message = 64 << 10;

    public string Name => "rtc-stack";

    public string Summary => "two peers on one thread without sockets: bytes a second, allocations, a small message's round trip; beside bare AES-GCM";

    public Task<BenchReport> RunAsync(BenchArguments arguments)
    {
        var size = (arguments.Quick ? 128L : 1_024L) << 20;
        var report = new BenchReport(Name).Figure("size", size / 1e6, "MB");
        // One run for warming up, five that count.
        foreach (var (name, mtu) in new[] { ("1,180-byte packets", 1_280), ("Ethernet", 1_500), ("loopback", 65_536) })
        {
            using var pair = new PeerPair(mtu);
            pair.Pump(size / 4);
            List<double> rates = [], allocated = [], bare = [];
            for (var round = 0; round < (arguments.Quick ? 2 : 5); round++)
            {
                bare.Add(Bare(pair.LargestDatagram - 37, size / 4));
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var began = Stopwatch.GetTimestamp();
                pair.Pump(size);
                rates.Add(size / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds);
                allocated.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / 1e3);
            }

            report.Figure($"{name}: largest datagram", pair.LargestDatagram, "bytes")
                .Figure($"{name}: both ends on one core", Statistics.Median(rates), "MB/s")
                .Figure($"{name}: bare AES-GCM, sealed and opened, on one core", Statistics.Median(bare), "MB/s")
                .AtMost($"{name}: allocated in a run, kB", Statistics.Median(allocated), 500);
            if (mtu == 1_280)
            {
                report.AtLeast($"{name}: both ends on one core, MB/s", Statistics.Median(rates), 250);
                var rounds = pair.Echo(arguments.Quick ? 5_000 : 50_000);
                report.Figure("a small message there and back, p50", Statistics.Percentile(rounds, 50), "µs").Figure("a small message there and back, p99", Statistics.Percentile(rounds, 99), "µs");
            }
        }

        return Task.FromResult(report);
    }

    private static double Bare(int length, long size)
    {
        using var aes = new AesGcm(RandomNumberGenerator.GetBytes(16), 16);
        byte[] text = new byte[length], tag = new byte[16], nonce = new byte[12], associated = new byte[13];
        var began = Stopwatch.GetTimestamp();
        for (var done = 0L; done < size; done += length)
        {
            aes.Encrypt(nonce, text, text, tag, associated);
            aes.Decrypt(nonce, text, tag, text, associated);
        }

        return size / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private sealed class PeerPair : IDisposable
    {
        private static readonly Endpoint AddressOfA = Endpoint.V4(0x0A00_0001, 1);
        private static readonly Endpoint AddressOfB = Endpoint.V4(0x0A00_0002, 2);

        private readonly long _began = Stopwatch.GetTimestamp();
        private readonly DtlsCertificate _certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        private readonly byte[] _buffer = new byte[20_000];
        private readonly byte[] _message = new byte[Message];
        private readonly Sink _sink = new();
        private readonly RtcPeer _a;
        private readonly RtcPeer _b;
        private readonly RtcChannel _channel;

        public PeerPair(int mtu)
        {
            _a = new RtcPeer(new RtcPeerOptions { Offerer = true, Certificate = _certificate }, Entropy.System, Now);
            _b = new RtcPeer(new RtcPeerOptions { Offerer = false, Certificate = _certificate }, Entropy.System, Now);
            _a.AddBase(AddressOfA, CandidateType.Host, 65535, Now, mtu: mtu);
            _b.AddBase(AddressOfB, CandidateType.Host, 65535, Now, mtu: mtu);
            _b.SetRemote(_a.LocalDescription, Now);
            _a.SetRemote(_b.LocalDescription, Now);
            _channel = _a.OpenChannel("pump", "", ChannelReliability.Reliable, ordered: true);
            while (!_a.IsConnected || !_b.IsConnected)
                Step();
        }

        public int LargestDatagram { get; private set; }

        private long Now => (Stopwatch.GetTimestamp() - _began) / (Stopwatch.Frequency / 1_000_000);

        public void Pump(long size)
        {
            var (sent, end) = (0L, _sink.Count + size);
            while (_sink.Count < end)
            {
                while (sent < size && _a.Send(_channel, _message, text: false, Now) == SendResult.Accepted)
                    sent += Message;
                Step();
            }
        }

        /// <summary>Microseconds of each round.</summary>
        public List<double> Echo(int rounds)
        {
            var times = new List<double>(rounds);
            RtcChannel? theirs = null;
            for (var i = 0; i < rounds; i++)
            {
                var began = Stopwatch.GetTimestamp();
                _a.Send(_channel, _message.AsSpan(0, 64), text: false, Now);
                for (var back = false; !back;)
                {
                    Move(_a, _b, AddressOfA);
                    if (_b.TryReceive(out theirs, out _, _sink))
                        _b.Send(theirs, _message.AsSpan(0, 64), text: false, Now);
                    Move(_b, _a, AddressOfB);
                    back = _a.TryReceive(out _, out _, _sink);
                    _a.Advance(Now);
                    _b.Advance(Now);
                }

                times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            return times;
        }

        public void Dispose()
        {
            _a.Dispose();
            _b.Dispose();
            _certificate.Dispose();
        }

        private void Step()
        {
            _a.Advance(Now);
            _b.Advance(Now);
            Move(_a, _b, AddressOfA);
            while (_b.TryReceive(out _, out _, _sink))
            {
            }

            Move(_b, _a, AddressOfB);
            Tell(_a, _b);
            Tell(_b, _a);
        }

        private void Move(RtcPeer from, RtcPeer to, Endpoint address)
        {
            for (var i = 0; i < 64 && from.TryTakeDatagram(_buffer, out var length, out _, out _); i++)
            {
                LargestDatagram = Math.Max(LargestDatagram, length);
                to.Receive(0, address, _buffer.AsSpan(0, length), Now);
            }
        }

        private void Tell(RtcPeer from, RtcPeer to)
        {
            while (from.TryTakeEvent(out var told))
            {
                if (told.Kind == RtcEventKind.CandidateFound)
                    to.AddRemoteCandidate(told.Candidate!, Now);
            }
        }
    }

    /// <summary>Counts bytes; they are copied, as to any reader.</summary>
    private sealed class Sink : IBufferWriter<byte>
    {
        private readonly byte[] _buffer = new byte[1 << 20];

        public long Count { get; private set; }

        public void Advance(int count) => Count += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public Span<byte> GetSpan(int sizeHint = 0) => _buffer;
    }
}
