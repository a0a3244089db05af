namespace Dapari.Rtc.Sockets;

/// <summary>Sizes of a <see cref="DatagramReactor"/>.</summary>
public sealed record ReactorOptions
{
    /// <summary>Datagrams received at a time, 1 to 256: what one system call brings.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Bytes of a slot; a longer datagram is received truncated, and says so.</summary>
    public int SlotBytes { get; init; } = 2048;

    /// <summary>Bytes before each received datagram in its slot, for headers that are put before it in place.</summary>
    public int HeadRoom { get; init; } = 64;

    /// <summary>Bytes that stay free behind it.</summary>
    public int TailRoom { get; init; } = 4;

    /// <summary>Sockets of this reactor at most.</summary>
    public int Sockets { get; init; } = 16 * 1024;

    /// <summary>What each socket asks of the kernel for its receive and send buffers, in bytes; the kernel may give less.</summary>
    public int SocketBufferBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Whether equal datagrams to one destination leave as one (UDP_SEGMENT), where the kernel can.</summary>
    public bool Segmentation { get; init; } = true;

    /// <summary>Whether only what every platform has is used; for tests, and where the rest is not to be trusted.</summary>
    public bool Portable { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Batch, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Batch, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(SlotBytes, HeadRoom + TailRoom + 64);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SlotBytes, 64 * 1024);
        ArgumentOutOfRangeException.ThrowIfNegative(HeadRoom);
        ArgumentOutOfRangeException.ThrowIfNegative(TailRoom);
        ArgumentOutOfRangeException.ThrowIfLessThan(Sockets, 1);
    }
}
