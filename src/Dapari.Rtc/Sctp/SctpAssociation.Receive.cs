using System.Buffers.Binary;
using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>Data in, acknowledgements out, and streams that the other end resets.</summary>
public sealed partial class SctpAssociation
{
    // As many as fit beside each other into a packet of 1,200 bytes.
    private const int MostBlocks = 200;

    private const int MostDuplicates = 8;

    private readonly Reassembly _reassembly;
    private readonly uint[] _duplicates = new uint[MostDuplicates];
    private ReceivedTsns? _received;
    private int _duplicateCount;
    private int _unacknowledgedPackets;
    private bool _sackNow;
    private bool _sackWanted;
    private long _deadlineSack = long.MaxValue;
    private long _toldWindow = long.MaxValue;
    private uint _peerReset;
    private uint _peerResetResult;

    private long Window => Math.Max(0, _options.ReceiveBuffer - _reassembly.Held);

    private bool TakeData(in SctpChunk chunk, long now)
    {
        // RFC 9260 §6: data may come with the cookie's answer, and before it when that was lost.
        if (State is not (SctpState.Established or SctpState.CookieEchoed or SctpState.ShutdownPending or SctpState.ShutdownSent) || _received is null)
            return true;
        // RFC 8260 §2.2.2: of both kinds only the one that was agreed upon.
        if (chunk.Type != (_interleaves ? SctpChunkType.IData : SctpChunkType.Data) || !Fragment.TryRead(chunk, out var data) || data.Stream >= _options.Streams)
        {
            Violated();
            return false;
        }

        // Full: only what closes the first gap is taken, for it alone lets messages go.
        var isNext = data.Tsn == unchecked(_received.Cumulative + 1);
        if (Window == 0 && (!isNext || _reassembly.Held > (2L * _options.ReceiveBuffer)))
        {
            _sackNow = true;
            return true;
        }

        var hadGaps = _received.HasGaps;
        if (!_received.Add(data.Tsn, out var duplicate))
        {
            if (duplicate && _duplicateCount < MostDuplicates)
                _duplicates[_duplicateCount++] = data.Tsn;
            _sackNow = true;
            return true;
        }

        if (!_reassembly.Add(data))
        {
            Violated();
            return false;
        }

        // RFC 9260 §6.2, §6.7: at once when something is missing, or was; RFC 7053 §5.2: or when asked to.
        _sackWanted = true;
        if (hadGaps || _received.HasGaps || data.Immediate || State is SctpState.ShutdownSent)
            _sackNow = true;
        else if (_deadlineSack == long.MaxValue)
            _deadlineSack = now + _options.SackDelay;
        if (++_unacknowledgedPackets >= 2)
            _sackNow = true;
        return true;
    }

    private void SackNow()
    {
        _sackNow = _received is not null;
        _deadlineSack = long.MaxValue;
    }

    // Also with data that goes anyway.
    private int WriteSack(Span<byte> destination, long now)
    {
        if (_received is null || State is SctpState.Closed or SctpState.CookieWait or SctpState.Ended || !(_sackNow || (_sackWanted && HasDataToSend(now))))
            return 0;
        Span<(ushort, ushort)> blocks = stackalloc (ushort, ushort)[MostBlocks];
        var room = (destination.Length - SackChunk.Overhead - (4 * _duplicateCount)) / 4;
        if (room < 0)
            return 0;
        var count = _received.Blocks(blocks[..Math.Min(room, MostBlocks)]);
        _toldWindow = Window;
        var length = SackChunk.Write(destination, _received.Cumulative, (uint)_toldWindow, blocks[..count], _duplicates.AsSpan(0, _duplicateCount));
        (_sackNow, _sackWanted, _unacknowledgedPackets, _duplicateCount, _deadlineSack) = (false, false, 0, 0, long.MaxValue);
        return length;
    }

    private bool TakeForward(in SctpChunk chunk)
    {
        if (_received is null || !ForwardTsnChunk.TryRead(chunk, out var forward) || !Advances(forward.NewCumulativeTsn))
            return true;
        _reassembly.Forget(forward.NewCumulativeTsn);
        for (var i = 0; i < forward.Streams; i++)
        {
            if (forward[i].Stream < _options.Streams)
                _reassembly.Skip(forward[i].Stream, forward[i].Sequence);
        }

        _received.Forward(forward.NewCumulativeTsn);
        return true;
    }

    private bool TakeIForward(in SctpChunk chunk)
    {
        if (_received is null || !IForwardTsnChunk.TryRead(chunk, out var forward) || !Advances(forward.NewCumulativeTsn))
            return true;
        for (var i = 0; i < forward.Count; i++)
        {
            if (forward[i].Stream < _options.Streams)
                _reassembly.Forget(forward[i]);
        }

        _received.Forward(forward.NewCumulativeTsn);
        return true;
    }

    private bool Advances(uint newCumulative)
    {
        _sackNow = true;
        return Tsn.IsAfter(newCumulative, _received!.Cumulative) && unchecked(newCumulative - _received.Cumulative) <= ushort.MaxValue;
    }

    private bool TakeReConfig(in SctpChunk chunk, long now)
    {
        if (_received is null || !SctpParameters.AreWhole(chunk.Value))
            return true;
        foreach (var parameter in new SctpParameters(chunk.Value))
        {
            if (ReConfigChunk.TryReadReset(parameter, out var request, out var lastTsn, out var streams))
                Respond(request, lastTsn, streams);
            else if (ReConfigChunk.TryReadResponse(parameter, out var answered, out var result))
                Responded(answered, result, now);
        }

        return true;
    }

    // RFC 6525 §5.2.2.
    private void Respond(uint request, uint lastTsn, ReadOnlySpan<byte> streams)
    {
        if (request == unchecked(_peerReset + 1))
        {
            if (Tsn.IsAfter(lastTsn, _received!.Cumulative))
            {
                // Not all of the stream is here: to be asked again.
                Say(request, ReConfigChunk.InProgress);
                return;
            }

            _peerReset = request;
            _peerResetResult = ReConfigChunk.Performed;
            for (var i = 0; i + 1 < streams.Length; i += 2)
            {
                var stream = BinaryPrimitives.ReadUInt16BigEndian(streams[i..]);
                if (stream >= _options.Streams)
                    continue;
                _reassembly.Reset(stream);
                _events.Enqueue(new SctpEvent.IncomingReset(stream));
            }
        }
        else if (request != _peerReset)
        {
            Say(request, ReConfigChunk.BadSequence);
            return;
        }

        Say(request, _peerResetResult);
    }

    private void Say(uint request, uint result)
    {
        if (_control.Count >= 64)
            return;
        var bytes = new byte[16];
        ReConfigChunk.WriteResponse(bytes, request, result);
        _control.Enqueue(bytes);
    }
}
