using System.Security.Cryptography;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>Somewhere to send files from, and to save them.</summary>
internal sealed class FileRoom : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-files-").FullName;

    public string Inbox => Path.Combine(_folder, "inbox");

    public string Outbox => Path.Combine(_folder, "outbox");

    /// <summary>A file of bytes that no other one has; gives its path.</summary>
    public string Make(string name, int size)
    {
        var path = Path.Combine(Outbox, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(size));
        return path;
    }

    public static void AssertSame(string expected, string actual)
    {
        using var one = File.OpenRead(expected);
        using var other = File.OpenRead(actual);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(one)), Convert.ToHexString(SHA256.HashData(other)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
