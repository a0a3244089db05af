using Microsoft.Win32.SafeHandles;

namespace Dapari.Server.Blobs;

/// <summary>Where the files of drop-offs are: one folder, a random name for each. No request's text reaches a path.</summary>
internal sealed class BlobFolder
{
    /// <summary>Bytes of a file's name, before hexadecimal.</summary>
    public const int NameBytes = 16;

    // The server's lock file keeps other servers out; a download goes on while its file's name is removed.
    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>Makes the folder if need be.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public BlobFolder(string path)
    {
        Path = path;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Path);
        else
            Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    public SafeFileHandle OpenToWrite(byte[] name) => File.OpenHandle(Of(name), FileMode.OpenOrCreate, FileAccess.Write, Shared);

    /// <summary>Null: there is no such file any more.</summary>
    public SafeFileHandle? OpenToRead(byte[] name)
    {
        try
        {
            return File.OpenHandle(Of(name), FileMode.Open, FileAccess.Read, Shared);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The file's length; -1: there is none.</summary>
    public long LengthOf(byte[] name) => new FileInfo(Of(name)) is { Exists: true } file ? file.Length : -1;

    public void Truncate(byte[] name, long length)
    {
        using var file = OpenToWrite(name);
        RandomAccess.SetLength(file, length);
    }

    /// <summary>A name that is not there is no error.</summary>
    public void Delete(byte[] name) => File.Delete(Of(name));

    /// <summary>Removes every file that is not among these; how many went.</summary>
    public int DeleteOthers(IReadOnlySet<string> names)
    {
        var removed = 0;
        foreach (var file in Directory.EnumerateFiles(Path))
        {
            if (names.Contains(System.IO.Path.GetFileName(file)))
                continue;
            File.Delete(file);
            removed++;
        }

        return removed;
    }

    public static string NameOf(byte[] name) => Convert.ToHexStringLower(name);

    private string Of(byte[] name) => System.IO.Path.Combine(Path, NameOf(name));
}
