using System.Buffers;
using Dapari.Wire;

namespace Dapari.Server.Connections;

/// <summary>Where one connection's frame is put together. Grows with the bytes that came, never with a declared length, up to the cap; empty, it keeps nothing.</summary>
internal sealed class FrameBuffer : IDisposable
{
    private const int Small = 4 * 1024;

    private byte[]? _bytes;
    private int _length;

    /// <summary>Nothing of a frame is here.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Where the next bytes go; never empty.</summary>
    public Memory<byte> Free => (_bytes ??= ArrayPool<byte>.Shared.Rent(Small)).AsMemory(_length);

    /// <summary>The whole frame.</summary>
    public ReadOnlySpan<byte> Frame => _bytes.AsSpan(0, _length);

    /// <summary>Takes note of received bytes. False: more than a frame may have; nothing is kept.</summary>
    public bool TryAdvance(int count, bool complete)
    {
        _length += count;
        if (_length > WireLimits.FrameBytes)
        {
            Clear();
            return false;
        }

        if (!complete && _length == _bytes!.Length)
        {
            var grown = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
            Frame.CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = grown;
        }

        return true;
    }

    /// <summary>Empties the buffer and gives it back.</summary>
    public void Clear()
    {
        _length = 0;
        if (_bytes is null)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = null;
    }

    public void Dispose() => Clear();
}
