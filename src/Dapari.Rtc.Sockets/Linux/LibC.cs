using System.Runtime.InteropServices;

namespace Dapari.Rtc.Sockets.Linux;

/// <summary>What the framework's sockets do not have: many datagrams in one system call. 64-bit Linux.</summary>
internal static unsafe partial class LibC
{
    public const int SocketLevel = 1;       // SOL_SOCKET
    public const int ReuseAddress = 2;      // SO_REUSEADDR
    public const int ReusePort = 15;        // SO_REUSEPORT
    public const int UdpLevel = 17;         // SOL_UDP
    public const int UdpSegment = 103;      // UDP_SEGMENT, Linux 4.18
    public const int DoNotWait = 0x40;      // MSG_DONTWAIT
    public const int Truncated = 0x20;      // MSG_TRUNC

    public const int Again = 11;            // EAGAIN
    public const int Interrupted = 4;       // EINTR
    public const int InOut = 5;             // EIO
    public const int Invalid = 22;          // EINVAL
    public const int MessageSize = 90;      // EMSGSIZE
    public const int NoProtocolOption = 92; // ENOPROTOOPT
    public const int NotSupported = 95;     // EOPNOTSUPP

    public const int EpollAdd = 1;
    public const int EpollIn = 1;
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    public static partial int ReceiveMany(int socket, MessageHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMany(int socket, MessageHeader* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int CloseDescriptor(int descriptor);
}
