using System.Numerics;

namespace Dapari.Rtc.Sctp;

/// <summary>Buffers of one association, by powers of two; keeps as much as it is told and leaves the rest to the collector. One owner; not thread-safe.</summary>
/// <remarks>The framework's shared pool keeps a few dozen buffers of a size, an association at full speed holds thousands.</remarks>
internal sealed class BufferPool(long most)
{
    private const int Smallest = 6;

    private readonly Stack<byte[]>[] _free = [.. Enumerable.Range(0, 32 - Smallest).Select(_ => new Stack<byte[]>())];
    private long _kept;

    public byte[] Rent(int length)
    {
        var size = Class(length);
        if (!_free[size].TryPop(out var buffer))
            return new byte[1 << (size + Smallest)];
        _kept -= buffer.Length;
        return buffer;
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length == 0 || _kept + buffer.Length > most)
            return;
        _kept += buffer.Length;
        _free[Class(buffer.Length)].Push(buffer);
    }

    private static int Class(int length) => Math.Max(0, 32 - Smallest - BitOperations.LeadingZeroCount((uint)Math.Max(0, length - 1)));
}
