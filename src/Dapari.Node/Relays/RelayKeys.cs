using System.Security.Cryptography;
using Dapari.Node.Home;
using Dapari.Relay.Credentials;

namespace Dapari.Node.Relays;

/// <summary>The keys of a relay's credentials, in the file that servers have too: one in a line, in Base64, the newest first (docs/operations.md).</summary>
internal static class RelayKeys
{
    private const int KeyLength = 32;
    private const long LongestFile = 4096;

    /// <summary>Reads a file.</summary>
    /// <returns>Null: it is none.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The system does not let it be read.</exception>
    public static RelaySecrets? TryRead(string path)
    {
        if (new FileInfo(path).Length > LongestFile)
            return null;
        try
        {
            return new RelaySecrets([.. File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(Convert.FromBase64String)]);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Makes one with a new key, which only its owner reads.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Make(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder && !Directory.Exists(folder))
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        NodeHome.WriteSecret(path, System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
        CryptographicOperations.ZeroMemory(key);
    }
}
