using Dapari.Server.Blobs;

namespace Dapari.Server.Hosting;

/// <summary>Small files that a server makes once and cannot do without: after a power cut they are there whole, or not at all.</summary>
internal static class DurableFile
{
    /// <summary>Writes a file beside its place, and puts it there when it is on the disk. What was there before is replaced.</summary>
    /// <param name="path">Its place.</param>
    /// <param name="text">All of it.</param>
    /// <param name="isPrivate">Only the owner may read it (0600).</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, string text, bool isPrivate)
    {
        var beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isPrivate && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(beside, options))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        new BlobDisk().FlushNames(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
