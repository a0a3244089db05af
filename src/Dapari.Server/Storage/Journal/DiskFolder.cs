using System.Runtime.InteropServices;
using Dapari.Server.Blobs;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Server.Storage.Journal;

/// <summary>The real disk.</summary>
internal sealed class DiskFolder : IJournalFolder
{
    private readonly string _path;
    private readonly BlobDisk _disk = new();

    /// <summary>Makes the folder if need be; its name is durable then.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public DiskFolder(string path)
    {
        _path = path;
        if (Directory.Exists(path))
            return;
        Directory.CreateDirectory(path);
        _disk.FlushNames(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    public IReadOnlyList<string> Names() => [.. Directory.EnumerateFiles(_path).Select(f => Path.GetFileName(f)!)];

    public IJournalFile Create(string name, long bytes)
    {
        var path = Path.Combine(_path, name);
        try
        {
            var handle = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, FileOptions.None, bytes);
            RandomAccess.SetLength(handle, bytes); // Its blocks are taken, but its length would still be 0.
            return new DiskFile(handle);
        }
        catch (IOException)
        {
            File.Delete(path); // What could not be given all its room is of no use.
            throw;
        }
    }

    public IJournalFile Open(string name) => new DiskFile(File.OpenHandle(Path.Combine(_path, name), FileMode.Open, FileAccess.ReadWrite, FileShare.Read));

    public void Delete(string name) => File.Delete(Path.Combine(_path, name));

    public void SyncNames() => _disk.FlushNames(_path);

    private sealed class DiskFile(SafeFileHandle handle) : IJournalFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public int Read(Span<byte> bytes, long offset)
        {
            var all = 0;
            while (all < bytes.Length)
            {
                var count = RandomAccess.Read(handle, bytes[all..], offset + all);
                if (count == 0)
                    break;
                all += count;
            }

            return all;
        }

        public void Sync()
        {
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(handle);
                return;
            }

            // fdatasync: the file's times need not be written each time, which would be a second write to the file system's own journal.
            var held = false;
            try
            {
                handle.DangerousAddRef(ref held);
                int result;
                do
                    result = fdatasync((int)handle.DangerousGetHandle());
                while (result != 0 && Marshal.GetLastPInvokeError() == 4); // EINTR
                if (result != 0)
                    throw new IOException($"The disk did not take what was written (error {Marshal.GetLastPInvokeError()}).");
            }
            finally
            {
                if (held)
                    handle.DangerousRelease();
            }
        }

        public void Dispose() => handle.Dispose();
    }

#pragma warning disable SYSLIB1054, IDE1006 // Blittable arguments; the name is the C library's.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fdatasync(int descriptor);
#pragma warning restore SYSLIB1054, IDE1006
}
