using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dapari.Node.Files.Storage;

/// <summary>The files of one folder that are open: at most so many, besides those in use. Safe for threads.</summary>
/// <param name="folder">The folder.</param>
/// <param name="most">Kept open at once.</param>
internal sealed partial class OpenFiles(string folder, int most = 16) : IDisposable
{
    private const int WillNeed = 3; // POSIX_FADV_WILLNEED of Linux, posix_fadvise(2)
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Open> _open = [];
    private bool _disposed;
    private long _uses;

    /// <summary>Writes at an offset, whatever was there.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Write(string name, long offset, ReadOnlySpan<byte> bytes)
    {
        var file = Take(name);
        try
        {
            // The kernel lets one in at a time, and the others turn in circles until then: here they sleep.
            lock (file.Writing)
                RandomAccess.Write(file.Handle, bytes, offset);
            Volatile.Write(ref file.Dirty, true);
        }
        finally
        {
            Give(file);
        }
    }

    /// <summary>Fills a span; false: the file is shorter.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public bool TryRead(string name, long offset, Span<byte> into)
    {
        var file = Take(name);
        try
        {
            return TryReadAll(file.Handle, offset, into);
        }
        finally
        {
            Give(file);
        }
    }

    /// <summary>Brings what was written before this call to the disk.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Flush()
    {
        List<Open> dirty;
        lock (_lock)
        {
            dirty = [.. _open.Values.Where(file => file.Dirty)];
            foreach (var file in dirty)
                file.Users++;
        }

        try
        {
            foreach (var file in dirty)
            {
                Volatile.Write(ref file.Dirty, false);
                RandomAccess.FlushToDisk(file.Handle);
            }
        }
        finally
        {
            dirty.ForEach(Give);
        }
    }

    /// <summary>Makes a file; true: it was not there, or shorter.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="size">In bytes.</param>
    /// <param name="reserves">With all of its room.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public bool Create(string name, long size, bool reserves)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = OwnerOnly, PreallocationSize = reserves ? size : 0, BufferSize = 0,
            }).Dispose();
        }

        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (RandomAccess.GetLength(handle) >= size)
            return false;
        RandomAccess.SetLength(handle, size);
        return true;
    }

    /// <summary>Says which bytes will be read soon, whatever their order: a disk brings them in one go.</summary>
    public static void WillRead(SafeFileHandle handle, long offset, long length)
    {
        if (OperatingSystem.IsLinux())
            _ = Advise(handle, offset, length, WillNeed);
    }

    /// <summary>Fills a span from a file; false: it is shorter.</summary>
    public static bool TryReadAll(SafeFileHandle handle, long offset, Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            var read = RandomAccess.Read(handle, into, offset);
            if (read == 0)
                return false;
            into = into[read..];
            offset += read;
        }

        return true;
    }

    /// <summary>Closes all; what is in use, when it is not any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var file in _open.Values.Where(file => file.Users == 0))
                file.Handle.Dispose();
            _open.Clear();
        }
    }

    private Open Take(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(name, out var file))
            {
                if (_open.Count >= most && _open.Values.Where(one => one is { Users: 0, Dirty: false }).MinBy(one => one.Used) is { } oldest)
                {
                    _open.Remove(oldest.Name);
                    oldest.Handle.Dispose();
                }

                file = new Open(name, File.OpenHandle(Path.Combine(folder, name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite));
                _open.Add(name, file);
            }

            file.Users++;
            file.Used = ++_uses;
            return file;
        }
    }

    private void Give(Open file)
    {
        lock (_lock)
        {
            if (--file.Users == 0 && _disposed)
                file.Handle.Dispose();
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    private sealed class Open(string name, SafeFileHandle handle)
    {
        public string Name => name;

        public SafeFileHandle Handle => handle;

        public Lock Writing { get; } = new();

        public int Users { get; set; }

        public long Used { get; set; }

        public bool Dirty;
    }
}
