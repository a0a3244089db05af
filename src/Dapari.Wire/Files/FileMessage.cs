using Dapari.Wire.V1;

namespace Dapari.Wire.Files;

/// <summary>What a message of the channel "dapari-files" is: its first byte.</summary>
public enum FileMessageKind : byte
{
    /// <summary>None that this version knows.</summary>
    Unknown = 0,

    /// <summary>A <see cref="FileFrame"/>.</summary>
    Control = 1,

    /// <summary>A part of a chunk.</summary>
    Piece = 2,

    /// <summary>A page of hashes.</summary>
    Page = 3,
}

/// <summary>A message of the channel "dapari-files", as <see cref="FileChannelCodec"/> reads it; the bytes stay where they lie.</summary>
public readonly ref struct FileMessage
{
    /// <summary>Which of the others mean something.</summary>
    public FileMessageKind Kind { get; init; }

    /// <summary>Of which transfer.</summary>
    public TransferId Transfer { get; init; }

    /// <summary>A control message.</summary>
    public FileFrame? Control { get; init; }

    /// <summary>A piece's or page's item; 0 is the manifest.</summary>
    public ushort Item { get; init; }

    /// <summary>A piece's chunk.</summary>
    public uint Chunk { get; init; }

    /// <summary>Where in the chunk a piece belongs, in bytes: a multiple of <see cref="WireLimits.FilePieceBytes"/>.</summary>
    public int Offset { get; init; }

    /// <summary>A page's name.</summary>
    public TreePage Page { get; init; }

    /// <summary>A piece's bytes or a page's hashes, within the message that was read.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }
}
