using Dapari.Rtc.Sctp;
using Dapari.Rtc.Tests.Ice;
using Xunit;

namespace Dapari.Rtc.Tests.Sctp;

/// <summary>Two associations and a line between them: delay, rate, loss, repeats and disorder from a seed. Times in microseconds.</summary>
internal sealed class SctpLine
{
    private readonly SeededEntropy _random;
    private readonly PriorityQueue<(SctpAssociation To, byte[] Packet), (long At, long Order)> _due = new();
    private readonly Dictionary<SctpAssociation, long> _freeAt = [];
    private readonly byte[] _buffer = new byte[20_000];
    private long _order;

    public SctpLine(ulong seed, SctpOptions? a = null, SctpOptions? b = null)
    {
        _random = new SeededEntropy(seed);
        A = new SctpAssociation(a ?? new SctpOptions(), new SeededEntropy(seed + 100));
        B = new SctpAssociation(b ?? new SctpOptions(), new SeededEntropy(seed + 200));
    }

    public SctpAssociation A { get; }

    public SctpAssociation B { get; }

    public long Now { get; private set; } = 1_000_000;

    /// <summary>No packet is larger.</summary>
    public int Largest { get; set; } = 1200;

    public double Loss { get; set; }

    public double Repeat { get; set; }

    public long Delay { get; set; } = 10_000;

    public long Jitter { get; set; }

    /// <summary>Bytes a second each way; 0: without limit.</summary>
    public long Rate { get; set; }

    /// <summary>What a queue in front of the rate holds, in bytes.</summary>
    public long QueueBytes { get; set; } = 200_000;

    public long Packets { get; private set; }

    /// <summary>Packets that found the queue full.</summary>
    public long Dropped { get; private set; }

    /// <summary>Looks at each packet before it goes; false: it is lost.</summary>
    public Func<SctpAssociation, byte[], bool>? Filter { get; set; }

    public List<SctpEvent> EventsOfA { get; } = [];

    public List<SctpEvent> EventsOfB { get; } = [];

    public Action<SctpLine>? Each { get; set; }

    public static SctpLine Connected(ulong seed, SctpOptions? a = null, SctpOptions? b = null)
    {
        var line = new SctpLine(seed, a, b);
        line.A.Connect(line.Now);
        line.B.Connect(line.Now);
        Assert.True(line.RunUntil(() => line.A.State == SctpState.Established && line.B.State == SctpState.Established, 10_000_000));
        return line;
    }

    /// <summary>Lets time pass until the condition holds; false: it did not in time.</summary>
    public bool RunUntil(Func<bool> condition, long forAtMost)
    {
        var end = Now + forAtMost;
        while (true)
        {
            Send(A, B);
            Send(B, A);
            Each?.Invoke(this);
            Gather();
            if (condition())
                return true;
            var next = Math.Min(A.NextDeadline ?? long.MaxValue, B.NextDeadline ?? long.MaxValue);
            if (_due.TryPeek(out _, out var first))
                next = Math.Min(next, first.At);
            if (next > end)
            {
                Now = end;
                return false;
            }

            Now = Math.Max(Now, next);
            while (_due.TryPeek(out _, out first) && first.At <= Now)
            {
                var (to, packet) = _due.Dequeue();
                Assert.Equal(SctpFault.None, to.Receive(packet, Now));
            }

            A.Tick(Now);
            B.Tick(Now);
        }
    }

    public void Run(long forMicroseconds) => RunUntil(() => false, forMicroseconds);

    private void Gather()
    {
        while (A.TryTake(out var told))
            EventsOfA.Add(told);
        while (B.TryTake(out var told))
            EventsOfB.Add(told);
    }

    private void Send(SctpAssociation from, SctpAssociation to)
    {
        while (from.TryTakePacket(_buffer, out var length, Now))
        {
            Assert.InRange(length, 16, Largest);
            Packets++;
            var packet = _buffer[..length];
            if (Filter is { } filter && !filter(from, packet))
                continue;
            if (_random.Below(1_000_000) < Loss * 1_000_000)
                continue;
            var at = Now;
            if (Rate > 0)
            {
                var free = Math.Max(Now, _freeAt.GetValueOrDefault(from));
                if ((free - Now) * Rate / 1_000_000 > QueueBytes)
                {
                    Dropped++;
                    continue;
                }

                at = free + (length * 1_000_000L / Rate);
                _freeAt[from] = at;
            }

            for (var copies = _random.Below(1_000_000) < Repeat * 1_000_000 ? 2 : 1; copies > 0; copies--)
                _due.Enqueue((to, packet), (at + Delay + (Jitter > 0 ? _random.Below((int)Jitter) : 0), _order++));
        }
    }
}
