using System.Security.Cryptography;
using System.Text.Json;
using Dapari.Node.Home;
using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>A share as it is kept with the folder, so that the same link can be served again after the process ended.</summary>
/// <param name="Origin">The server where both ends meet.</param>
/// <param name="Key">The private key (RFC 5915).</param>
/// <param name="Token">What proves the sender to the server.</param>
/// <param name="Paths">Full paths.</param>
/// <param name="Times">How often it may be taken.</param>
/// <param name="Ends">When it ends: milliseconds since 1970.</param>
/// <param name="Uses">By receipt.</param>
internal sealed record ShareRecord(string Origin, byte[] Key, byte[] Token, IReadOnlyList<string> Paths, int Times, long Ends, Dictionary<string, ShareUse> Uses)
{
    /// <summary>The daemon serves it, and takes it up again when it begins anew.</summary>
    public bool Daemon { get; init; }

    /// <summary>Where it is kept.</summary>
    /// <param name="folder">Whose.</param>
    /// <param name="id">In hexadecimal.</param>
    public static string PathOf(string folder, string id) => Path.Combine(folder, "shares", id + ".json");

    /// <summary>The files of all that are kept; their names without ".json" are the ids.</summary>
    public static string[] Kept(string folder) => Directory.Exists(Path.Combine(folder, "shares")) ? Directory.GetFiles(Path.Combine(folder, "shares"), "*.json") : [];

    /// <summary>Its id in hexadecimal, and its link.</summary>
    public (string Id, string Link) Name(Origin origin)
    {
        using var key = OpenKey();
        using var keys = new ShareKeys(ShareKeys.SecretOf(ShareKeys.Export(key)));
        return (Convert.ToHexStringLower(keys.Id), ShareLink.Format(origin, keys.Secret));
    }

    /// <summary>Reads one; null: there is none, or it is damaged.</summary>
    public static ShareRecord? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ShareJson.Default.ShareRecord);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes it, whole or not at all.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        NodeHome.WriteSecret(path, JsonSerializer.SerializeToUtf8Bytes(this, ShareJson.Default.ShareRecord));
    }

    /// <summary>The pair of keys.</summary>
    public ECDsa OpenKey()
    {
        var key = ECDsa.Create();
        key.ImportECPrivateKey(Key, out _);
        return key;
    }
}

/// <summary>One use of a share.</summary>
internal sealed record ShareUse
{
    /// <summary>Bytes of chunks that were given to it.</summary>
    public long Given { get; set; }

    /// <summary>It said that it has all.</summary>
    public bool Done { get; set; }

    /// <summary>When it was last seen: milliseconds since 1970.</summary>
    public long Seen { get; set; }
}

/// <summary>What <c>dapari send --link --json</c> writes of a link.</summary>
internal sealed record ShareReport(string Id, string Link, int Times, long Ends, IReadOnlyList<ShareFile> Files);
