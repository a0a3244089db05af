using Dapari.Rtc.Dtls;
using Dapari.Rtc.Dtls.Messages;
using Dapari.Rtc.Tests.Ice;
using Dapari.Rtc.Tests.Peer;
using Xunit;

namespace Dapari.Rtc.Tests.Dtls;

public sealed class DtlsConnectionTests
{
    [Fact]
    public void Data_goes_both_ways_once_both_are_who_they_were_told_to_be()
    {
        using var line = DtlsLine.Connected();
        line.Give(line.Server, DtlsLine.Seal(line.Client, 1, 2, 3));
        line.Give(line.Client, DtlsLine.Seal(line.Server, 4));
        Assert.Equal([[1, 2, 3], [4]], line.Data.Select(one => one.Data));
        // Three flights and the server's last word, each within a datagram or two.
        Assert.InRange(line.Count, 4, 6);
    }

    [Theory]
    [InlineData(120)]
    [InlineData(200)]
    [InlineData(600)]
    public void Messages_may_come_in_small_fragments_in_any_order_and_twice(int maxDatagram)
    {
        for (var seed = 1ul; seed <= 10; seed++)
        {
            var random = new SeededEntropy(seed);
            using var line = new DtlsLine(maxDatagram);
            var ways = new Dictionary<DtlsConnection, List<byte[]>> { [line.Client] = [], [line.Server] = [] };
            line.Carry = (from, datagram) =>
            {
                var held = ways[from];
                Assert.InRange(datagram.Length, 1, maxDatagram);
                if (random.Below(4) == 0)
                {
                    held.Add(datagram);
                    return [];
                }

                var now = held.ToList();
                held.Clear();
                return random.Below(2) == 0 ? [datagram, .. now] : [.. now, datagram, datagram];
            };
            line.Run(20_000_000);
            Assert.True(line is { Client.State: DtlsState.Connected, Server.State: DtlsState.Connected }, $"seed {seed}: {line}");
        }
    }

    [Fact]
    public void Lost_datagrams_are_sent_again_and_none_is_answered_with_a_flood()
    {
        for (var seed = 1ul; seed <= 40; seed++)
        {
            var random = new SeededEntropy(seed);
            using var line = new DtlsLine();
            line.Carry = (_, datagram) => random.Below(100) < 30 ? [] : random.Below(100) < 20 ? [datagram, datagram] : [datagram];
            line.Run(29_000_000);
            Assert.True(line is { Client.State: DtlsState.Connected, Server.State: DtlsState.Connected }, $"seed {seed}: {line}");
            Assert.InRange(line.Count, 4, 120);
        }
    }

    [Fact]
    public void Each_end_refuses_another_certificate_than_was_told()
    {
        using var server = new DtlsLine(ofServer: Certificates.First.Fingerprint);
        server.Run(31_000_000);
        Assert.Equal((DtlsState.Ended, DtlsEnd.WrongCertificate), (server.Client.State, server.Client.End));
        Assert.NotEqual(DtlsState.Connected, server.Server.State);
        using var client = new DtlsLine(ofClient: Certificates.Second.Fingerprint);
        client.Run(31_000_000);
        Assert.Equal((DtlsState.Ended, DtlsEnd.WrongCertificate), (client.Server.State, client.Server.End));
        Assert.NotEqual(DtlsState.Connected, client.Client.State);
    }

    [Fact]
    public void Whoever_changes_a_byte_of_the_handshake_keeps_it_from_coming_about_or_changes_nothing()
    {
        // Each byte of each datagram of the first exchange, once.
        using var clean = new DtlsLine();
        List<int> lengths = [];
        clean.Carry = (_, datagram) =>
        {
            lengths.Add(datagram.Length);
            return [datagram];
        };
        clean.Run();
        for (var which = 0; which < lengths.Count; which++)
        {
            for (var at = 0; at < lengths[which] - 4; at += 7)
            {
                using var line = new DtlsLine();
                var number = 0;
                line.Carry = (_, datagram) =>
                {
                    if (number++ == which)
                        datagram[at] ^= 0x55;
                    return [datagram];
                };
                // Without a second try.
                line.Run();
                // Both or none: who is connected has seen the same messages as the other (the server's last word may be the one that was changed).
                if (line.Client.State == DtlsState.Connected)
                {
                    line.Give(line.Server, DtlsLine.Seal(line.Client, 1));
                    Assert.Equal(DtlsState.Connected, line.Server.State);
                    Assert.Single(line.Data);
                }
            }
        }
    }

    [Fact]
    public void A_record_counts_once_and_a_forged_one_never()
    {
        using var line = DtlsLine.Connected();
        var record = DtlsLine.Seal(line.Client, 1, 2, 3);
        for (var i = 0; i < record.Length; i++)
        {
            var forged = record.ToArray();
            forged[i] ^= 1;
            line.Give(line.Server, forged);
        }

        Assert.Empty(line.Data);
        line.Give(line.Server, record);
        line.Give(line.Server, record);
        Assert.Single(line.Data);
        Assert.Equal(DtlsState.Connected, line.Server.State);
        // In any order, as long as none is too old.
        var records = Enumerable.Range(0, ReplayWindow.Size + 10).Select(i => DtlsLine.Seal(line.Client, (byte)(i & 0xFF))).ToList();
        line.Give(line.Server, records[^1]);
        line.Give(line.Server, records[^5]);
        line.Give(line.Server, records[20]);
        line.Give(line.Server, records[0]);
        Assert.Equal(4, line.Data.Count);
    }

    [Fact]
    public void An_alert_counts_only_when_it_is_authentic()
    {
        using var line = new DtlsLine();
        byte[] alert = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40];
        line.Give(line.Client, alert);
        line.Run();
        line.Give(line.Server, alert);
        Assert.Equal((DtlsState.Connected, DtlsState.Connected), (line.Client.State, line.Server.State));
        line.Client.Close();
        line.Run();
        Assert.Equal((DtlsEnd.Closed, DtlsEnd.ClosedByPeer), (line.Client.End, line.Server.End));
    }

    [Fact]
    public void A_server_that_asks_for_a_cookie_gets_it()
    {
        using var line = new DtlsLine();
        List<byte[]> hellos = [];
        line.Carry = (from, datagram) =>
        {
            if (from == line.Client)
                hellos.Add(datagram);
            return [];
        };
        line.Run();
        byte[] cookie = [9, 8, 7];
        byte[] body = [0xFE, 0xFF, (byte)cookie.Length, .. cookie];
        var record = new byte[DtlsRecord.HeaderLength + HandshakeHeader.Size + body.Length];
        DtlsRecord.WriteHeader(record, DtlsContent.Handshake, DtlsRecord.Version10, 0, 0, HandshakeHeader.Size + body.Length);
        new HandshakeHeader(HandshakeType.HelloVerifyRequest, body.Length, 0, 0, body.Length).Write(record.AsSpan(DtlsRecord.HeaderLength));
        body.CopyTo(record, DtlsRecord.HeaderLength + HandshakeHeader.Size);
        line.Give(line.Client, record);
        line.Run();
        Assert.Equal(2, hellos.Count);
        // The second has the number 1, and the cookie behind the empty session id.
        Assert.True(HandshakeHeader.TryRead(hellos[1].AsSpan(DtlsRecord.HeaderLength), out var header));
        Assert.Equal((HandshakeType.ClientHello, 1), (header.Type, header.Sequence));
        Assert.Equal([0, 3, .. cookie], hellos[1].AsSpan(DtlsRecord.HeaderLength + HandshakeHeader.Size + 34, 5).ToArray());
    }

    [Fact]
    public void A_handshake_that_nobody_answers_ends()
    {
        using var line = new DtlsLine();
        line.Carry = (_, _) => [];
        line.Run(40_000_000);
        Assert.Equal((DtlsEnd.TimedOut, DtlsEnd.TimedOut), (line.Client.End, line.Server.End));
        Assert.InRange(line.Count, 5, 20);
    }

    [Fact]
    public void Fragments_are_held_within_caps()
    {
        var reassembly = new HandshakeReassembly();
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, HandshakeReassembly.LongestMessage + 1, 0, 0, 1), [1]));
        Assert.True(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, HandshakeReassembly.LongestMessage, 1, 0, 1), [1]));
        Assert.True(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, HandshakeReassembly.LongestMessage, 2, 0, 1), [1]));
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, 1, 3, 0, 1), [1]));
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, 1, HandshakeReassembly.Ahead, 0, 1), [1]));
        // Another length, another type, other bytes: not the message that it was.
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, 50, 1, 0, 1), [1]));
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Finished, HandshakeReassembly.LongestMessage, 1, 0, 1), [1]));
        Assert.False(reassembly.Add(new HandshakeHeader(HandshakeType.Certificate, HandshakeReassembly.LongestMessage, 1, 0, 1), [2]));
    }

    [Fact]
    public void The_pseudo_random_function_gives_its_published_vector()
    {
        // "Test vectors for TLS 1.2 PRF", IETF TLS working group, 2009: P_SHA256.
        var secret = Convert.FromHexString("9bbe436ba940f017b17652849a71db35");
        var seed = Convert.FromHexString("a0ba9f936cda311827a6f796ffd5198c");
        var expected = Convert.FromHexString("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66");
        var derived = new byte[expected.Length];
        TlsPrf.Derive(secret, "test label"u8, seed, derived);
        Assert.Equal(expected, derived);
    }

    [Fact]
    public void The_replay_window_agrees_with_a_set()
    {
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var (random, window, taken, newest) = (new SeededEntropy(seed), new ReplayWindow(), new HashSet<ulong>(), 0ul);
            for (var i = 0; i < 5_000; i++)
            {
                var jump = random.Below(50) == 0 ? random.Below(3_000) : random.Below(4);
                var sequence = random.Below(3) == 0 ? newest - Math.Min(newest, (ulong)random.Below(1_200)) : newest + (ulong)jump;
                var expected = !taken.Contains(sequence) && sequence + ReplayWindow.Size > newest;
                Assert.Equal(expected, window.IsFresh(sequence));
                if (!expected)
                    continue;
                window.Take(sequence);
                taken.Add(sequence);
                newest = Math.Max(newest, sequence);
            }
        }
    }
}
