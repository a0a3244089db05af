using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>A piece of a message, by whichever chunk it came.</summary>
internal readonly ref struct Fragment
{
    private readonly byte _flags;

    private Fragment(DataChunk data)
    {
        (Tsn, Stream, Sequence, Protocol, _flags) = (data.Tsn, data.Stream, data.Sequence, data.Protocol, data.Flags);
        Data = data.Data;
        Place = new FragmentPlace(0, data.Tsn);
    }

    private Fragment(IDataChunk data)
    {
        (Tsn, Stream, Sequence, Protocol, _flags) = (data.Tsn, data.Stream, data.Message, data.Protocol, data.Flags);
        Data = data.Data;
        Place = new FragmentPlace(FragmentPlace.GroupOf(Stream, Unordered, Sequence), data.Fragment);
    }

    public uint Tsn { get; }

    public ushort Stream { get; }

    /// <summary>The message's number in its stream: of 16 bits by DATA, of 32 by I-DATA.</summary>
    public uint Sequence { get; }

    public uint Protocol { get; }

    public FragmentPlace Place { get; }

    public ReadOnlySpan<byte> Data { get; }

    public bool Immediate => (_flags & DataChunk.Immediate) != 0;

    public bool Unordered => (_flags & DataChunk.Unordered) != 0;

    public bool Begins => (_flags & DataChunk.Beginning) != 0;

    public bool Ends => (_flags & DataChunk.Ending) != 0;

    public static bool TryRead(in SctpChunk chunk, out Fragment fragment)
    {
        fragment = default;
        if (IDataChunk.TryRead(chunk, out var interleaved))
            fragment = new Fragment(interleaved);
        else if (DataChunk.TryRead(chunk, out var data))
            fragment = new Fragment(data);
        else
            return false;
        return true;
    }
}

/// <summary>Where a piece belongs. With DATA all pieces are in one row, by TSN; with I-DATA each message has a row of its own.</summary>
/// <param name="Group">0, or the message.</param>
/// <param name="Position">In the row.</param>
internal readonly record struct FragmentPlace(ulong Group, uint Position)
{
    public FragmentPlace Before => this with { Position = unchecked(Position - 1) };

    public FragmentPlace After => this with { Position = unchecked(Position + 1) };

    // Never 0, so that no message of stream 0 is the row of DATA.
    public static ulong GroupOf(ushort stream, bool unordered, uint message) => (1UL << 63) | ((ulong)stream << 33) | (unordered ? 1UL << 32 : 0) | message;
}
