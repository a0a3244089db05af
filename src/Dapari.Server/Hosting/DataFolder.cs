namespace Dapari.Server.Hosting;

/// <summary>The data folder, held by one server at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    // What the runtime says of a file that somebody else holds: ERROR_SHARING_VIOLATION, EWOULDBLOCK of Linux and of Apple's systems.
    private const int SharingViolation = unchecked((int)0x80070020), WouldBlock = 11, WouldBlockApple = 35;

    private DataFolder(string path, FileStream held)
    {
        Database = Path.Combine(path, "dapari.db");
        Journal = Path.Combine(path, "journal");
        _lock = held;
    }

    public string Database { get; }

    /// <summary>Where posts and acknowledgements are written first.</summary>
    public string Journal { get; }

    /// <summary>Makes the folder if need be and takes it.</summary>
    /// <exception cref="StartException">It cannot be written, or another server has it.</exception>
    public static DataFolder Take(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The data folder {path} cannot be made: {e.Message}");
        }

        if (File.Exists(Path.Combine(path, Admin.Backup.Unfinished)))
            throw new StartException($"In {path} a restore did not come to its end: empty the folder, and restore again.");
        try
        {
            return new DataFolder(path, new FileStream(Path.Combine(path, "server.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartException($"The data folder {path} cannot be written.");
        }
        catch (IOException e)
        {
            throw new StartException(e.HResult is SharingViolation or WouldBlock or WouldBlockApple
                ? $"Another server uses the data folder {path}."
                : $"The data folder {path} cannot be used: {e.Message}");
        }
    }

    public void Dispose() => _lock.Dispose();
}

/// <summary>The server cannot start; the message is for the person at the terminal.</summary>
internal sealed class StartException(string message) : Exception(message);
