using Dapari.Server.Hosting;
using Dapari.Wire;

namespace Dapari.Server.Blobs.S3;

/// <summary>A random name of this server, by which a store is marked as its own; a cluster has one in its database.</summary>
internal static class BlobOwnerFile
{
    public const string Name = "blob-owner";

    public static string Make() => Convert.ToHexStringLower(RandomSource.System.Bytes(16));

    /// <summary>Reads the folder's, or makes it: once, for good.</summary>
    /// <exception cref="StartException">It cannot be read or made.</exception>
    public static string Open(string dataFolder)
    {
        var path = Path.Combine(dataFolder, Name);
        try
        {
            if (!File.Exists(path))
                DurableFile.Write(path, Make() + "\n", isPrivate: true);
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The mark of this server {path} cannot be used: {e.Message}");
        }
    }
}
