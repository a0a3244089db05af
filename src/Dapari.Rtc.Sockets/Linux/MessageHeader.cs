using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary><c>struct mmsghdr</c> of 64-bit Linux: a <c>struct msghdr</c> of 56 bytes, and the bytes that it carried.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct MessageHeader
{
    [FieldOffset(0)]
    public byte* Name;

    [FieldOffset(8)]
    public uint NameLength;

    [FieldOffset(16)]
    public Slice* Slices;

    [FieldOffset(24)]
    public nuint SliceCount;

    [FieldOffset(32)]
    public byte* Control;

    [FieldOffset(40)]
    public nuint ControlLength;

    [FieldOffset(48)]
    public int Flags;

    [FieldOffset(56)]
    public uint Length;
}

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Slice
{
    public byte* Start;
    public nuint Length;
}
