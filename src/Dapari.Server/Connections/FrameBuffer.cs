using System.Buffers;
using Dapari.Wire;

namespace Dapari.Server.Connections;

/// <summary>Where one connection's frame is put together. Grows with the bytes that came, never with a declared length, up to the cap.</summary>
internal sealed class FrameBuffer : IDisposable
{
    private const int Small = 4 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Small);
    private int _length;

    /// <summary>Where the next bytes go; never empty.</summary>
    public Memory<byte> Free => _bytes.AsMemory(_length);

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

        if (!complete && _length == _bytes.Length)
        {
            var grown = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
            Frame.CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = grown;
        }

        return true;
    }

    /// <summary>Empties the buffer; a large one goes back to the pool.</summary>
    public void Clear()
    {
        _length = 0;
        if (_bytes.Length <= 4 * Small)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = ArrayPool<byte>.Shared.Rent(Small);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
}
