using System.Buffers.Binary;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire.Files;

/// <summary>
/// Messages of the channel "dapari-files". Pieces and pages carry where they belong themselves, so that any of them can be judged alone.
/// <code>
/// control  1 | FileFrame (protobuf, at most 256 bytes)
/// piece    2 | transfer (16) | item (2) | chunk (4) | offset in the chunk (4) | 1 to 65,536 bytes
/// page     3 | transfer (16) | item (2) | level (1) | index (4)               | 1 to 256 hashes (32 each)
/// </code>
/// Numbers are big endian.
/// </summary>
public static class FileChannelCodec
{
    /// <summary>A piece's header, in bytes.</summary>
    public const int PieceHeader = 1 + Shape.Id + 2 + 4 + 4;

    /// <summary>A page's header, in bytes.</summary>
    public const int PageHeader = 1 + Shape.Id + 2 + 1 + 4;

    /// <summary>The largest message, in bytes.</summary>
    public const int MaxBytes = PieceHeader + WireLimits.FilePieceBytes;

    /// <summary>Reads one message. A piece's or page's bytes are those of <paramref name="source"/>.</summary>
    /// <param name="source">The message.</param>
    /// <param name="message">What was read.</param>
    /// <param name="fault">Why it was not.</param>
    /// <param name="pieceBytes">The most bytes of a piece: more than <see cref="WireLimits.FilePieceBytes"/> only where the channel says so (docs/protocol/tcp.md).</param>
    public static bool TryRead(ReadOnlySpan<byte> source, out FileMessage message, out FileChannelFault fault, int pieceBytes = WireLimits.FilePieceBytes)
    {
        message = default;
        fault = FileChannelFault.TooShort;
        if (source.IsEmpty)
            return false;
        switch ((FileMessageKind)source[0])
        {
            case FileMessageKind.Control:
                return TryReadControl(source[1..], out message, out fault);
            case FileMessageKind.Piece:
                return TryReadPiece(source, pieceBytes, out message, out fault);
            case FileMessageKind.Page:
                return TryReadPage(source, out message, out fault);
            default:
                fault = source.Length > MaxBytes ? FileChannelFault.TooLarge : FileChannelFault.UnknownKind;
                return false;
        }
    }

    /// <summary>Writes a control message.</summary>
    /// <exception cref="ArgumentException">It exceeds a cap.</exception>
    public static byte[] Write(FileFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var size = frame.CalculateSize();
        if (size > WireLimits.FileFrameBytes || Check(frame) != FileChannelFault.None)
            throw new ArgumentException("The frame is none that may be sent.", nameof(frame));
        var bytes = new byte[1 + size];
        bytes[0] = (byte)FileMessageKind.Control;
        frame.WriteTo(bytes.AsSpan(1));
        return bytes;
    }

    /// <summary>Writes a piece's header; its bytes follow.</summary>
    public static void WritePieceHeader(Span<byte> destination, TransferId transfer, ushort item, uint chunk, int offset)
    {
        destination[0] = (byte)FileMessageKind.Piece;
        transfer.Write(destination[1..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[17..], item);
        BinaryPrimitives.WriteUInt32BigEndian(destination[19..], chunk);
        BinaryPrimitives.WriteUInt32BigEndian(destination[23..], (uint)offset);
    }

    /// <summary>Writes a page's header; its hashes follow.</summary>
    public static void WritePageHeader(Span<byte> destination, TransferId transfer, ushort item, TreePage page)
    {
        destination[0] = (byte)FileMessageKind.Page;
        transfer.Write(destination[1..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[17..], item);
        destination[19] = (byte)page.Level;
        BinaryPrimitives.WriteUInt32BigEndian(destination[20..], (uint)page.Index);
    }

    private static bool TryReadControl(ReadOnlySpan<byte> source, out FileMessage message, out FileChannelFault fault)
    {
        message = default;
        fault = FileChannelFault.TooLarge;
        if (source.Length > WireLimits.FileFrameBytes)
            return false;
        fault = FileChannelFault.Malformed;
        if (!Protobuf.TryParse(source, FileFrame.Parser, out var frame))
            return false;
        fault = Check(frame);
        if (fault != FileChannelFault.None)
            return false;
        TransferId.TryRead(frame.TransferId, out var transfer);
        message = new FileMessage { Kind = FileMessageKind.Control, Transfer = transfer, Control = frame };
        return true;
    }

    private static FileChannelFault Check(FileFrame frame)
    {
        if (frame.TransferId.Length != Shape.Id)
            return FileChannelFault.FieldLength;
        var good = frame.KindCase switch
        {
            FileFrame.KindOneofCase.Want => FileCheck.IsRange(frame.Want.Range) && IsWithinPage(frame.Want.Range),
            FileFrame.KindOneofCase.Ready => frame.Ready.AtServer.Count <= WireLimits.ReadySpans && frame.Ready.AtServer.All(FileCheck.IsSpan),
            FileFrame.KindOneofCase.Have => FileShape.IsSize(frame.Have.Bytes),
            _ => true,
        };
        return good ? FileChannelFault.None : FileChannelFault.FieldLength;
    }

    private static bool IsWithinPage(ChunkRange range) => (ulong)range.First / FileShape.FanOut == ((ulong)range.First + range.Count - 1) / FileShape.FanOut;

    private static bool TryReadPiece(ReadOnlySpan<byte> source, int pieceBytes, out FileMessage message, out FileChannelFault fault)
    {
        message = default;
        if (!HasLength(source, PieceHeader, pieceBytes, out fault))
            return false;
        TransferId.TryRead(source.Slice(1, Shape.Id), out var transfer);
        var item = BinaryPrimitives.ReadUInt16BigEndian(source[17..]);
        var offset = BinaryPrimitives.ReadUInt32BigEndian(source[23..]);
        fault = FileChannelFault.FieldLength;
        if (item > WireLimits.FilesPerTransfer || offset % WireLimits.FilePieceBytes != 0 || offset >= FileShape.ChunkBytes)
            return false;
        message = new FileMessage
        {
            Kind = FileMessageKind.Piece,
            Transfer = transfer,
            Item = item,
            Chunk = BinaryPrimitives.ReadUInt32BigEndian(source[19..]),
            Offset = (int)offset,
            Bytes = source[PieceHeader..],
        };
        fault = FileChannelFault.None;
        return true;
    }

    private static bool TryReadPage(ReadOnlySpan<byte> source, out FileMessage message, out FileChannelFault fault)
    {
        message = default;
        if (!HasLength(source, PageHeader, FileShape.PageBytes, out fault))
            return false;
        TransferId.TryRead(source.Slice(1, Shape.Id), out var transfer);
        var item = BinaryPrimitives.ReadUInt16BigEndian(source[17..]);
        var level = source[19];
        fault = FileChannelFault.FieldLength;
        if (item > WireLimits.FilesPerTransfer || level is 0 or > FileShape.MaxLevels || (source.Length - PageHeader) % TreeHash.Length != 0)
            return false;
        message = new FileMessage
        {
            Kind = FileMessageKind.Page,
            Transfer = transfer,
            Item = item,
            Page = new TreePage(level, BinaryPrimitives.ReadUInt32BigEndian(source[20..])),
            Bytes = source[PageHeader..],
        };
        fault = FileChannelFault.None;
        return true;
    }

    private static bool HasLength(ReadOnlySpan<byte> source, int header, int most, out FileChannelFault fault)
    {
        fault = source.Length <= header ? FileChannelFault.TooShort : source.Length - header > most ? FileChannelFault.TooLarge : FileChannelFault.None;
        return fault == FileChannelFault.None;
    }
}
