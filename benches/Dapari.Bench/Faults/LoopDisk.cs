using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Dapari.Bench.Faults;

/// <summary>A small ext4 file system in a file, mounted: it can be full, and its power can be cut. Needs root.</summary>
internal sealed class LoopDisk : IDisposable
{
    /// <summary>FS_IOC_SHUTDOWN (linux/fs.h; ext4's and XFS's): _IOR('X', 125, __u32).</summary>
    private const nuint Shutdown = 0x8004587D;

    /// <summary>FS_SHUTDOWN_FLAGS_NOLOGFLUSH: at once, without writing anything that waits, the file system's own journal among it.</summary>
    private const uint NoLogFlush = 2;

    private readonly string _image;
    private bool _isMounted;

    public LoopDisk(string folder, int megabytes)
    {
        (_image, Path) = (System.IO.Path.Combine(folder, "image"), Directory.CreateDirectory(System.IO.Path.Combine(folder, "mounted")).FullName);
        using (var image = File.Create(_image))
            image.SetLength(megabytes * 1024L * 1024);
        Run("mkfs.ext4", "-q", "-m", "0", _image);
        Mount();
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>It can be used here.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/mkfs.ext4") && File.Exists("/dev/loop-control");

    /// <summary>The power is gone: what was not on the disk never will be, and every call from now on fails.</summary>
    public void Cut()
    {
        var descriptor = open([.. System.Text.Encoding.UTF8.GetBytes(Path), 0], 0);
        if (descriptor < 0)
            throw new IOException($"{Path} cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        var flags = NoLogFlush;
        var result = ioctl(descriptor, Shutdown, ref flags);
        var error = Marshal.GetLastPInvokeError();
        _ = close(descriptor);
        if (result != 0)
            throw new IOException($"The file system cannot be shut down (error {error}).");
    }

    /// <summary>The power is back: the file system recovers by its journal.</summary>
    public void Remount()
    {
        Unmount();
        Mount();
    }

    public void Dispose()
    {
        if (_isMounted)
            Unmount();
    }

    private void Mount()
    {
        Run("mount", "-o", "loop", _image, Path);
        _isMounted = true;
    }

    private void Unmount()
    {
        Run("umount", Path);
        _isMounted = false;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{program} ended with {process.ExitCode}."));
    }

#pragma warning disable SYSLIB1054, IDE1006 // Blittable arguments; the names are the C library's.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ioctl(int descriptor, nuint request, ref uint argument);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054, IDE1006
}
