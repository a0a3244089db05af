using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Dapari.Server.Connections;

/// <summary>
/// Between a WebSocket and its transport: while <see cref="IsMoreComing"/>, writes are kept, and go out with the next one as a single
/// write. The WebSocket flushes every message by itself otherwise, and each flush is a system call here and a wake-up at the other end.
/// </summary>
/// <remarks>A WebSocket's writes never overlap, those of its own control frames included. Whoever sets <see cref="IsMoreComing"/> owes a write without it.</remarks>
internal sealed class JoiningStream(Stream transport) : Stream
{
    /// <summary>Bytes kept at most; a larger write passes through.</summary>
    private const int Capacity = 16 * 1024;

    private byte[]? _kept;
    private int _length;
    private volatile bool _more;

    /// <summary>Another write follows at once.</summary>
    public bool IsMoreComing
    {
        get => _more;
        set => _more = value;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_length == 0 && !_more)
            return transport.WriteAsync(buffer, cancellationToken);
        if (_length + buffer.Length > Capacity)
            return WriteAllAsync(buffer, cancellationToken);
        _kept ??= ArrayPool<byte>.Shared.Rent(Capacity);
        buffer.CopyTo(_kept.AsMemory(_length));
        _length += buffer.Length;
        return _more ? ValueTask.CompletedTask : WriteKeptAsync(cancellationToken);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => transport.ReadAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Nothing: the transport's writes flush, and what is kept leaves with the next write.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            transport.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask WriteAllAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellation)
    {
        if (_length > 0)
            await WriteKeptAsync(cancellation);
        await transport.WriteAsync(buffer, cancellation);
    }

    private async ValueTask WriteKeptAsync(CancellationToken cancellation)
    {
        var kept = _kept!;
        try
        {
            await transport.WriteAsync(kept.AsMemory(0, _length), cancellation);
        }
        finally
        {
            _length = 0;
            _kept = null; // A thousand idle connections keep nothing.
            ArrayPool<byte>.Shared.Return(kept);
        }
    }
}

/// <summary>Puts a <see cref="JoiningStream"/> under the WebSocket that is made of a request.</summary>
internal sealed class JoiningUpgrade(IHttpUpgradeFeature upgrade) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => upgrade.IsUpgradableRequest;

    /// <summary>After <see cref="UpgradeAsync"/>.</summary>
    public JoiningStream? Stream { get; private set; }

    public async Task<Stream> UpgradeAsync() => Stream = new JoiningStream(await upgrade.UpgradeAsync());
}
