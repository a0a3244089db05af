using System.Buffers.Binary;
using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>How large packets may be: tried with heartbeats that are filled up (RFC 8899 §6.2; RFC 4820), never with data.</summary>
public sealed partial class SctpAssociation
{
    // What interfaces have in practice, less the largest headers of DTLS, UDP and IPv6: 1,500, then 9,000; at last what the path's owner says is possible.
    private const int OverEthernet = 1_408;
    private const int SmallestLargest = 1_200;
    private const int OverJumbo = 8_908;

    // RFC 8899 §5.1.2: MAX_PROBES and PMTU_RAISE_TIMER.
    private const int MtuTries = 3;
    private const long MtuRaiseAfter = 600_000_000;

    // Timeouts in a row after which larger packets than the smallest are held for what is lost (RFC 8899 §4.3).
    private const int BlackHoleTimeouts = 2;

    private const int ProbeInfoLength = 12;

    private int _packet;
    private int _packetLimit;
    private int _probing;
    private int _mtuTries;
    private bool _mtuProbe;
    private long _deadlineMtu = long.MaxValue;

    /// <summary>The largest packet that is sent now.</summary>
    public int PacketSize => _packet;

    /// <summary>
    /// Packets go another way from now on: what was learned of the former one, its round trip, its window and its largest packet, says nothing (RFC 9260 §7.2.1).
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="largestPacket">What the interface could send; up to that larger packets than <see cref="SctpOptions.MaxPacket"/> are tried. 0: none.</param>
    public void PathChanged(long now, int largestPacket = 0)
    {
        _heardAt = now;
        _packetLimit = Math.Max(_options.MaxPacket, Math.Min(largestPacket, SctpOptions.LargestPacket) & ~3);
        UsePackets(_options.MaxPacket);
        Search(now);
        if (_srtt == 0)
            return;
        (_srtt, _rttvar, _rto) = (0, 0, _options.InitialRto);
        _congestion.Restart();
        _judge.Restart();
    }

    // What the other end does not take is not tried: a datagram that is too large for its buffer can cost the connection.
    private int PacketLimit => Math.Max(_options.MaxPacket, Math.Min(_packetLimit, _peerLargest));

    private void UsePackets(int size)
    {
        _packet = size;
        _congestion.Packet = size;
    }

    private void Search(long now)
    {
        (_probing, _mtuTries, _mtuProbe) = (NextSize(), 0, false);
        _deadlineMtu = State is not SctpState.Established || _packet >= PacketLimit ? long.MaxValue : now;
    }

    private int NextSize() => _packet < OverEthernet && OverEthernet < PacketLimit ? OverEthernet : _packet < OverJumbo && OverJumbo < PacketLimit ? OverJumbo : PacketLimit;

    private void MtuTimedOut(long now)
    {
        if (_probing == 0 || _mtuTries >= MtuTries)
        {
            var again = _mtuTries >= MtuTries;
            (_probing, _mtuTries) = (again ? 0 : NextSize(), 0);
            // Too large: looked for again when the path may have become a better one.
            if (again)
            {
                _deadlineMtu = now + MtuRaiseAfter;
                return;
            }
        }

        _mtuTries++;
        _mtuProbe = true;
        _deadlineMtu = now + Math.Max(_rto, 300_000);
    }

    private int WriteProbe(Span<byte> destination, long now)
    {
        if (!_mtuProbe)
            return 0;
        _mtuProbe = false;
        if (destination.Length < _probing)
            return 0;
        destination = destination[.._probing];
        var at = SctpPacket.HeaderLength;
        Span<byte> info = stackalloc byte[4 + ProbeInfoLength];
        BinaryPrimitives.WriteInt64BigEndian(info[4..], now);
        BinaryPrimitives.WriteInt32BigEndian(info[12..], _probing);
        SctpParameters.Write(info, PlainChunk.HeartbeatInfo, info[4..]);
        at += PlainChunk.Write(destination[at..], SctpChunkType.Heartbeat, info);
        destination[at..].Clear();
        SctpChunk.WriteHeader(destination[at..], SctpChunkType.Pad, 0, _probing - at - SctpChunk.HeaderLength);
        return Finish(destination, _probing, _peerTag);
    }

    private void TakeHeartbeatAck(in SctpChunk chunk, long now)
    {
        // Only a probe's answer has a size: the one that is waited for, and with it all smaller ones, are good.
        if (chunk.Value.Length != 4 + ProbeInfoLength || _probing == 0 || BinaryPrimitives.ReadInt32BigEndian(chunk.Value[12..]) != _probing)
            return;
        UsePackets(_probing);
        Search(now);
    }

    private void NoticeBlackHole(long now)
    {
        if (_timeouts < BlackHoleTimeouts || _packet == _options.MaxPacket)
            return;
        UsePackets(_options.MaxPacket);
        (_probing, _mtuTries, _mtuProbe, _deadlineMtu) = (0, 0, false, now + MtuRaiseAfter);
    }
}
