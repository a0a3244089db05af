using CsCheck;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests.Files;

public sealed class FileChannelTests
{
    private static readonly ByteString Id = ByteString.CopyFrom(Enumerable.Range(1, 16).Select(i => (byte)i).ToArray());

    [Fact]
    public void Control_messages_read_back()
    {
        foreach (var frame in new[]
        {
            Want(7, 249, 7),
            new FileFrame { TransferId = Id, Drop = new FileDrop() },
            new FileFrame { TransferId = Id, Ready = new FileReady { AtServer = { Enumerable.Repeat(new ChunkSpan { First = 1UL << 32, Count = 20_000 }, WireLimits.ReadySpans) } } },
            new FileFrame { TransferId = Id, Stop = new FileStop { Reason = FileStopReason.Paused } },
            new FileFrame { TransferId = Id, Have = new FileHave { Bytes = 1UL << 50 } },
        })
        {
            Assert.True(FileChannelCodec.TryRead(FileChannelCodec.Write(frame), out var read, out var fault), fault.ToString());
            Assert.Equal(FileMessageKind.Control, read.Kind);
            Assert.Equal(frame, read.Control);
            Assert.Equal(Id, read.Transfer.ToByteString());
        }
    }

    [Fact]
    public void Control_messages_that_ask_for_what_cannot_be_are_refused()
    {
        Refused(Want(1, 250, 7));
        Refused(Want(1, 0, 0));
        Refused(Want(1, uint.MaxValue, 2));
        Refused(Want(WireLimits.FilesPerTransfer + 1, 0, 1));
        Refused(new FileFrame { TransferId = Id, Want = new FileWant() });
        Refused(new FileFrame { TransferId = Id, Ready = new FileReady { AtServer = { Enumerable.Repeat(new ChunkSpan { Count = 1 }, WireLimits.ReadySpans + 1) } } });
        Refused(new FileFrame { TransferId = Id, Ready = new FileReady { AtServer = { new ChunkSpan() } } });
        Refused(new FileFrame { Stop = new FileStop() });
        Refused(new FileFrame { TransferId = Id, Have = new FileHave { Bytes = ulong.MaxValue } });
        Assert.True(FileChannelCodec.TryRead(FileChannelCodec.Write(Want(1, uint.MaxValue, 1)), out _, out _));

        static void Refused(FileFrame frame)
        {
            Assert.False(FileChannelCodec.TryRead([1, .. frame.ToByteArray()], out _, out var fault));
            Assert.Equal(FileChannelFault.FieldLength, fault);
            Assert.Throws<ArgumentException>(() => FileChannelCodec.Write(frame));
        }
    }

    [Fact]
    public void Pieces_and_pages_read_back_where_they_lie()
    {
        TransferId.TryRead(Id, out var transfer);
        var piece = new byte[FileChannelCodec.MaxBytes];
        FileChannelCodec.WritePieceHeader(piece, transfer, 300, uint.MaxValue, 3 * WireLimits.FilePieceBytes);
        piece[FileChannelCodec.PieceHeader] = 9;
        Assert.True(FileChannelCodec.TryRead(piece, out var read, out _));
        Assert.Equal((FileMessageKind.Piece, transfer, (ushort)300, uint.MaxValue, 3 * WireLimits.FilePieceBytes), (read.Kind, read.Transfer, read.Item, read.Chunk, read.Offset));
        Assert.True(read.Bytes == piece.AsSpan(FileChannelCodec.PieceHeader));

        var page = new byte[FileChannelCodec.PageHeader + FileShape.PageBytes];
        FileChannelCodec.WritePageHeader(page, transfer, 1, new TreePage(4, uint.MaxValue));
        Assert.True(FileChannelCodec.TryRead(page, out read, out _));
        Assert.Equal((FileMessageKind.Page, transfer, (ushort)1, new TreePage(4, uint.MaxValue)), (read.Kind, read.Transfer, read.Item, read.Page));
        Assert.Equal(FileShape.PageBytes, read.Bytes.Length);
    }

    [Fact]
    public void Lengths_and_ranges_are_held()
    {
        TransferId.TryRead(Id, out var transfer);
        Is([], FileChannelFault.TooShort);
        Is([0], FileChannelFault.UnknownKind);
        Is([9, 1], FileChannelFault.UnknownKind);
        Is([1, 0xFF], FileChannelFault.Malformed);
        Is(new byte[FileChannelCodec.MaxBytes + 1], FileChannelFault.TooLarge);
        Is([1, .. new byte[WireLimits.FileFrameBytes + 1]], FileChannelFault.TooLarge);
        Is(Piece(0, 0), FileChannelFault.TooShort);
        Is(Piece(0, WireLimits.FilePieceBytes), FileChannelFault.None);
        Is(Piece(0, WireLimits.FilePieceBytes + 1), FileChannelFault.TooLarge);
        Is(Piece(1, 5), FileChannelFault.FieldLength);
        Is(Piece(FileShape.ChunkBytes, 5), FileChannelFault.FieldLength);
        Is(Piece(0, 5, WireLimits.FilesPerTransfer + 1), FileChannelFault.FieldLength);
        Is(Page(1, 32), FileChannelFault.None);
        Is(Page(1, 33), FileChannelFault.FieldLength);
        Is(Page(0, 32), FileChannelFault.FieldLength);
        Is(Page(5, 32), FileChannelFault.FieldLength);
        Is(Page(1, 0), FileChannelFault.TooShort);
        Is(Page(1, FileShape.PageBytes + 32), FileChannelFault.TooLarge);

        byte[] Piece(int offset, int bytes, int item = 1)
        {
            var message = new byte[FileChannelCodec.PieceHeader + bytes];
            FileChannelCodec.WritePieceHeader(message, transfer, (ushort)item, 5, offset);
            return message;
        }

        byte[] Page(int level, int bytes)
        {
            var message = new byte[FileChannelCodec.PageHeader + bytes];
            FileChannelCodec.WritePageHeader(message, transfer, 1, new TreePage(level, 0));
            return message;
        }

        static void Is(byte[] bytes, FileChannelFault expected)
        {
            Assert.Equal(expected == FileChannelFault.None, FileChannelCodec.TryRead(bytes, out _, out var fault));
            Assert.Equal(expected, fault);
        }
    }

    [Fact]
    public void No_bytes_throw() => Gen.Byte.Array[0, 120].Sample(bytes => { FileChannelCodec.TryRead(bytes, out _, out _); });

    private static FileFrame Want(uint item, uint first, uint count) =>
        new() { TransferId = Id, Want = new FileWant { Range = new ChunkRange { Item = item, First = first, Count = count }, Pages = true } };
}
