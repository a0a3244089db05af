using System.Buffers.Binary;

namespace Dapari.Rtc.Sctp.Chunks;

/// <summary>RE-CONFIG: resets outgoing streams, and answers (RFC 6525 §3.1, §4.1, §4.4).</summary>
public static class ReConfigChunk
{
    /// <summary>RFC 6525 §4.1: Outgoing SSN Reset Request.</summary>
    public const ushort OutgoingReset = 13;

    /// <summary>RFC 6525 §4.4: Re-configuration Response.</summary>
    public const ushort Response = 16;

    /// <summary>RFC 6525 §4.4: success, nothing to do.</summary>
    public const uint NothingToDo = 0;

    /// <summary>RFC 6525 §4.4: success, performed.</summary>
    public const uint Performed = 1;

    /// <summary>RFC 6525 §4.4: in progress; to be asked again.</summary>
    public const uint InProgress = 6;

    /// <summary>RFC 6525 §4.4: error, wrong sequence number.</summary>
    public const uint BadSequence = 5;

    /// <summary>Streams in one request.</summary>
    public const int MaxStreams = 256;

    /// <summary>Reads a request to reset streams of the sender; no streams mean all.</summary>
    public static bool TryReadReset(in SctpParameter parameter, out uint request, out uint lastTsn, out ReadOnlySpan<byte> streams)
    {
        (request, lastTsn) = (0, 0);
        streams = default;
        if (parameter.Type != OutgoingReset || parameter.Value.Length < 12 || parameter.Value.Length % 2 != 0)
            return false;
        request = BinaryPrimitives.ReadUInt32BigEndian(parameter.Value);
        lastTsn = BinaryPrimitives.ReadUInt32BigEndian(parameter.Value[8..]);
        streams = parameter.Value[12..];
        return true;
    }

    /// <summary>Reads an answer.</summary>
    public static bool TryReadResponse(in SctpParameter parameter, out uint request, out uint result)
    {
        (request, result) = (0, 0);
        if (parameter.Type != Response || parameter.Value.Length < 8)
            return false;
        request = BinaryPrimitives.ReadUInt32BigEndian(parameter.Value);
        result = BinaryPrimitives.ReadUInt32BigEndian(parameter.Value[4..]);
        return true;
    }

    /// <summary>Writes a request and returns the chunk's length.</summary>
    public static int WriteReset(Span<byte> destination, uint request, uint answered, uint lastTsn, ReadOnlySpan<ushort> streams)
    {
        Span<byte> value = stackalloc byte[12 + (2 * MaxStreams)];
        BinaryPrimitives.WriteUInt32BigEndian(value, request);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], answered);
        BinaryPrimitives.WriteUInt32BigEndian(value[8..], lastTsn);
        for (var i = 0; i < streams.Length; i++)
            BinaryPrimitives.WriteUInt16BigEndian(value[(12 + (2 * i))..], streams[i]);
        return Write(destination, OutgoingReset, value[..(12 + (2 * streams.Length))]);
    }

    /// <summary>Writes an answer and returns the chunk's length.</summary>
    public static int WriteResponse(Span<byte> destination, uint request, uint result)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(value, request);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], result);
        return Write(destination, Response, value);
    }

    private static int Write(Span<byte> destination, ushort type, ReadOnlySpan<byte> value)
    {
        var length = SctpParameters.Write(destination[SctpChunk.HeaderLength..], type, value);
        SctpChunk.WriteHeader(destination, SctpChunkType.ReConfig, 0, 4 + value.Length);
        return SctpChunk.HeaderLength + length;
    }
}
