using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Server.Blobs;

/// <summary>The few things that are asked of the disk. Every member blocks, and throws <see cref="IOException"/> where the disk refuses. Any thread.</summary>
internal class BlobDisk
{
    /// <summary>Bytes free to this process where the folder is.</summary>
    public virtual long FreeBytes(string folder) => new DriveInfo(folder).AvailableFreeSpace;

    public virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) => RandomAccess.Write(file, pieces, offset);

    /// <summary>When it returns, what was written is on the disk (fsync).</summary>
    public virtual void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>When it returns, the names in the folder are on the disk. A file's own flush does not promise its name (POSIX fsync).</summary>
    public virtual void FlushNames(string folder)
    {
        if (OperatingSystem.IsWindows()) // NTFS keeps its names by its journal; a folder cannot be flushed there.
            return;
        var descriptor = open([.. System.Text.Encoding.UTF8.GetBytes(folder), 0], 0);
        if (descriptor < 0)
            throw new IOException($"The folder {folder} cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (fsync(descriptor) != 0)
                throw new IOException($"The folder {folder} cannot be flushed (error {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    // .NET opens no folders. O_RDONLY is 0 on every system that has these.
#pragma warning disable SYSLIB1054, IDE1006 // Blittable arguments; the names are the C library's.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int descriptor);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054, IDE1006
}
