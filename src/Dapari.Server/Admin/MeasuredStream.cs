using System.Security.Cryptography;

namespace Dapari.Server.Admin;

/// <summary>The first bytes of another stream, so many and no more, hashed as they are read. Whoever gave the other disposes of it.</summary>
internal sealed class MeasuredStream(Stream inner, long length, IncrementalHash? hash) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _read;
        set
        {
            if (value != _read)
                throw new NotSupportedException("it is read once, from its begin");
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var most = (int)Math.Min(buffer.Length, length - _read);
        if (most == 0)
            return 0;
        var count = inner.Read(buffer[..most]);
        if (count == 0)
            throw new EndOfStreamException("a file became shorter while it was copied");
        _read += count;
        hash?.AppendData(buffer[..count]);
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
