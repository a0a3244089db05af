using System.Security.Cryptography;
using Dapari.Relay.Credentials;
using Dapari.Server.Hosting;

namespace Dapari.Server.Relays;

/// <summary>
/// The keys that the relay's credentials are derived with: one in a line, in Base64, the newest first. Made once, readable by its owner only.
/// A key is changed by writing a new line before the others; the old one goes when the credentials' lifetime is over.
/// </summary>
internal sealed class RelaySecretFile
{
    private const int KeyLength = 32;
    private const long LongestFile = 4096;
    private readonly string _path;
    private DateTime _readAt;

    private RelaySecretFile(string path)
    {
        _path = path;
        Secrets = Read();
    }

    public RelaySecrets Secrets { get; private set; }

    /// <summary>Reads the file, or makes it where there is none and none was named.</summary>
    /// <exception cref="StartException">It cannot be read or made, or is none.</exception>
    public static RelaySecretFile Open(string dataFolder, string? named)
    {
        var path = named ?? Path.Combine(dataFolder, "relay.secret");
        try
        {
            if (named is null && !File.Exists(path))
                Make(path);
            return new RelaySecretFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            throw new StartException(e is IOException or UnauthorizedAccessException
                ? $"The relay's secret {path} cannot be read: {e.Message}"
                : $"The relay's secret {path} has to be one to four lines, each a key of 16 bytes or more in Base64.");
        }
    }

    /// <summary>Takes up a changed file; true if it did. A bad one leaves the present keys in use.</summary>
    public bool Refresh()
    {
        try
        {
            if (File.GetLastWriteTimeUtc(_path) == _readAt)
                return false;
            Secrets = Read();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            return false; // Half-written: the next look sees it whole.
        }
    }

    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength)) + "\n", isPrivate: true);
    }

    private RelaySecrets Read()
    {
        var time = File.GetLastWriteTimeUtc(_path);
        if (new FileInfo(_path).Length > LongestFile)
            throw new FormatException();
        var keys = File.ReadAllLines(_path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(Convert.FromBase64String).ToArray();
        var secrets = new RelaySecrets(keys);
        _readAt = time;
        return secrets;
    }
}
