using System.Globalization;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Tests.Ice;
using Dapari.Rtc.Tests.Peer;

namespace Dapari.Rtc.Tests.Dtls;

/// <summary>Two ends of DTLS and a line between them on which a test decides what becomes of each datagram.</summary>
internal sealed class DtlsLine : IDisposable
{
    private readonly byte[] _buffer = new byte[4_096];

    public DtlsLine(int maxDatagram = 1_200, DtlsFingerprint? ofServer = null, DtlsFingerprint? ofClient = null)
    {
        Client = new DtlsConnection(
            new DtlsOptions { Role = DtlsRole.Client, Certificate = Certificates.First, Remote = ofServer ?? Certificates.Second.Fingerprint, MaxDatagram = maxDatagram }, new SeededEntropy(1));
        Server = new DtlsConnection(
            new DtlsOptions { Role = DtlsRole.Server, Certificate = Certificates.Second, Remote = ofClient ?? Certificates.First.Fingerprint, MaxDatagram = maxDatagram }, new SeededEntropy(2));
        Client.Start(Now);
        Server.Start(Now);
    }

    public DtlsConnection Client { get; }

    public DtlsConnection Server { get; }

    public long Now { get; private set; } = 1_000_000;

    /// <summary>Datagrams that were carried.</summary>
    public int Count { get; private set; }

    /// <summary>What arrives in place of a datagram, and in which order; by itself the datagram.</summary>
    public Func<DtlsConnection, byte[], IEnumerable<byte[]>> Carry { get; set; } = (_, datagram) => [datagram];

    public List<(DtlsConnection At, byte[] Data)> Data { get; } = [];

    public static DtlsLine Connected()
    {
        var line = new DtlsLine();
        line.Run();
        Xunit.Assert.Equal((DtlsState.Connected, DtlsState.Connected), (line.Client.State, line.Server.State));
        return line;
    }

    /// <summary>Until nothing moves any more within so many microseconds.</summary>
    public void Run(long forMicroseconds = 0)
    {
        var end = Now + forMicroseconds;
        while (true)
        {
            while (Move(Client, Server) | Move(Server, Client))
            {
            }

            var next = Math.Min(Client.NextDeadline, Server.NextDeadline);
            if (next > end)
                return;
            Now = Math.Max(Now, next);
            Client.Advance(Now);
            Server.Advance(Now);
        }
    }

    public void Give(DtlsConnection to, byte[] datagram)
    {
        ReadOnlySpan<byte> rest = datagram;
        var data = new byte[DtlsRecord.LongestFragment];
        while (to.TryRead(ref rest, data, out var length, Now))
        {
            if (length > 0)
                Data.Add((to, data[..length]));
        }
    }

    public static byte[] Seal(DtlsConnection from, params byte[] data)
    {
        var record = new byte[DtlsCipher.PlaintextOffset + data.Length + DtlsCipher.TagLength];
        data.CopyTo(record, DtlsCipher.PlaintextOffset);
        Xunit.Assert.Equal(record.Length, from.Seal(record, data.Length));
        return record;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Client.State} {Client.End}, {Server.State} {Server.End} after {Count} datagrams");

    private bool Move(DtlsConnection from, DtlsConnection to)
    {
        var any = false;
        while (from.TryTakeDatagram(_buffer, out var length))
        {
            (any, Count) = (true, Count + 1);
            foreach (var datagram in Carry(from, _buffer[..length]))
                Give(to, datagram);
        }

        return any;
    }
}
