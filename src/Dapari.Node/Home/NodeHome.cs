using System.Text;

namespace Dapari.Node.Home;

/// <summary>
/// The one folder that a node keeps everything in, and the lock that lets only one process use it. The lock is the file system's own: it ends with
/// the process, however that ends.
/// </summary>
internal sealed class NodeHome : IDisposable
{
    // sockaddr_un holds 108 bytes, the last of them 0 (unix(7)).
    private const int MostSocketBytes = 107;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FileStream _lock;

    private NodeHome(string folder, FileStream held) => (Folder, _lock) = (folder, held);

    /// <summary>Its full path.</summary>
    public string Folder { get; }

    /// <summary>The database.</summary>
    public string Database => Path.Combine(Folder, "peer.db");

    /// <summary>What a person's files arrive in while they are under way.</summary>
    public string Files => Path.Combine(Folder, "files");

    /// <summary>Where a folder's daemon listens.</summary>
    public static string SocketOf(string folder) => Path.Combine(folder, "api.sock");

    /// <summary>The token of the local API where it listens on loopback.</summary>
    public static string TokenOf(string folder) => Path.Combine(folder, "api-token");

    /// <summary>A certificate authority that this node trusts besides the system's.</summary>
    public static string AuthorityOf(string folder) => Path.Combine(folder, "ca.pem");

    /// <summary>Whether routers may be asked for ports: as long as the folder does not say no.</summary>
    public static bool MapsPorts(string folder) => !File.Exists(NoMappingOf(folder));

    /// <summary>Keeps that word: it holds for every daemon that begins later.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SetMapsPorts(string folder, bool may) => SetRefusal(NoMappingOf(folder), !may);

    /// <summary>Whether contacts on the same network are looked for and told that this device is there: as long as the folder does not say no.</summary>
    public static bool IsNearby(string folder) => !File.Exists(NotNearbyOf(folder));

    /// <summary>Keeps that word: it holds for every daemon that begins later.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void SetNearby(string folder, bool may) => SetRefusal(NotNearbyOf(folder), !may);

    /// <summary>The folder used when none is named: DAPARI_HOME, or "dapari" in the XDG state folder.</summary>
    public static string DefaultFolder(Func<string, string?> variable)
    {
        if (variable("DAPARI_HOME") is { Length: > 0 } named)
            return Path.GetFullPath(named);
        // XDG Base Directory Specification: a relative path is to be ignored.
        if (variable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state))
            return Path.Combine(state, "dapari");
        var home = variable("HOME") is { Length: > 0 } own ? own : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(home, ".local", "state", "dapari");
    }

    /// <summary>Whether a Unix socket's name fits for this folder.</summary>
    public static bool FitsSocket(string folder) => Encoding.UTF8.GetByteCount(SocketOf(folder)) <= MostSocketBytes;

    /// <summary>Makes the folder if need be, closes it to others, and takes its lock.</summary>
    /// <param name="folder">The full path.</param>
    /// <param name="fault">Why it was not opened.</param>
    public static NodeHome? TryOpen(string folder, out HomeFault fault)
    {
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            File.SetUnixFileMode(folder, OwnerOnly | UnixFileMode.UserExecute);
            var held = new FileStream(Path.Combine(folder, "lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly,
            });
            fault = HomeFault.None;
            return new NodeHome(folder, held);
        }
        catch (UnauthorizedAccessException)
        {
            fault = HomeFault.NotOurs;
        }
        catch (IOException)
        {
            // .NET tells a lock that another process holds as any other failure of opening: whoever holds it is there, or the disk fails.
            fault = Directory.Exists(folder) && File.Exists(Path.Combine(folder, "lock")) ? HomeFault.InUse : HomeFault.Failed;
        }

        return null;
    }

    /// <summary>Writes a small file that only its owner reads, whole or not at all.</summary>
    public static void WriteSecret(string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".next";
        File.Delete(next);
        using (var file = new FileStream(next, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    private static string NoMappingOf(string folder) => Path.Combine(folder, "no-port-mapping");

    private static string NotNearbyOf(string folder) => Path.Combine(folder, "not-nearby");

    private static void SetRefusal(string path, bool refuses)
    {
        if (refuses)
            WriteSecret(path, default);
        else
            File.Delete(path);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();
}
