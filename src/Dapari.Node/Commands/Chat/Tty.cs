using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Commands.Chat;

/// <summary>The terminal of this process in raw mode: each key comes at once, and is not echoed. Linux. Put back as it was at the end.</summary>
internal sealed partial class Tty : IDisposable
{
    private const int Input = 0;
    private const int Output = 1;
    private const int AtOnce = 0;
    private const nuint GetWindowSize = 0x5413;

    // struct termios of Linux has 60 bytes (asm-generic/termbits.h, with glibc's speeds); nothing in it is looked at here.
    private const int TermiosBytes = 64;
    private readonly byte[] _before;

    private Tty(byte[] before) => _before = before;

    /// <summary>Its columns now; 80 where it does not say.</summary>
    public static int Columns
    {
        get
        {
            var size = new WindowSize();
            return Ioctl(Output, GetWindowSize, ref size) == 0 && size.Columns > 0 ? size.Columns : 80;
        }
    }

    /// <summary>Takes the terminal; null where input or output is none.</summary>
    public static Tty? TryOpen()
    {
        var before = new byte[TermiosBytes];
        if (Console.IsOutputRedirected || Console.IsInputRedirected || TcGetAttr(Input, before) != 0)
            return null;
        byte[] raw = [.. before];
        CfMakeRaw(raw);
        return TcSetAttr(Input, AtOnce, raw) == 0 ? new Tty(before) : null;
    }

    /// <summary>Its bytes, as they come. The console's own stream would read whole lines, and take the terminal back for that.</summary>
    public static Stream Open() => new FileStream(new SafeFileHandle(Input, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    /// <inheritdoc/>
    public void Dispose() => _ = TcSetAttr(Input, AtOnce, _before);

    // tcgetattr(3), ioctl_tty(2)
    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int TcGetAttr(int file, Span<byte> attributes);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int TcSetAttr(int file, int when, ReadOnlySpan<byte> attributes);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void CfMakeRaw(Span<byte> attributes);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int file, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
