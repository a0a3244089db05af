using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary>Memory that does not move: what system calls are given again and again.</summary>
internal sealed unsafe class Block<T>
    where T : unmanaged
{
    private readonly T[] _items;

    public Block(int length)
    {
        _items = GC.AllocateArray<T>(length, pinned: true);
        Start = (T*)Marshal.UnsafeAddrOfPinnedArrayElement(_items, 0);
    }

    public T* Start { get; }

    public ref T this[int index] => ref _items[index];

    public T* At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_items.Length);
        return Start + index;
    }
}
