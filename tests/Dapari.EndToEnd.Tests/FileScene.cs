using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Dapari.EndToEnd.Tests;

/// <summary>People who send each other files, and files to send: of random bytes, in a folder of the test's own.</summary>
public abstract class FileScene(Theatre theatre) : Scene(theatre)
{
    private readonly Belongings belongings = new();

    /// <summary>A file of so many random bytes, and the hash of them.</summary>
    protected (string Path, string Hash) MakeFile(string name, long size)
    {
        var path = Path.Combine(Folder(), name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = File.Create(path);
        var block = new byte[1 << 20];
        for (var left = size; left > 0; left -= block.Length)
        {
            var part = block.AsSpan(0, (int)Math.Min(left, block.Length));
            RandomNumberGenerator.Fill(part);
            hash.AppendData(part);
            file.Write(part);
        }

        return (path, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>A picture of soft stripes, which says in its metadata where it was taken.</summary>
    protected string MakePicture(string name, int width, int height, string place)
    {
        var path = Path.Combine(Folder(), name);
        using var file = File.Create(path);
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        Chunk(file, "IHDR", header);
        Chunk(file, "tEXt", Encoding.Latin1.GetBytes("Comment\0" + place));
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (width * 3)];
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++) (row[1 + (x * 3)], row[2 + (x * 3)], row[3 + (x * 3)]) = ((byte)(x * 255 / width), (byte)(y * 255 / height), 120);
                zip.Write(row);
            }
        }

        Chunk(file, "IDAT", packed.ToArray());
        Chunk(file, "IEND", []);
        return path;
    }

    /// <summary>This test's folder.</summary>
    protected string Folder()
    {
        lock (belongings)
        {
            if (belongings.Folder is not null) return belongings.Folder;
            belongings.Folder = Directory.CreateTempSubdirectory("dapari-files-").FullName;
            Keep(belongings);
            return belongings.Folder;
        }
    }

    private static void Chunk(Stream to, string type, byte[] bytes)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. bytes];
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
        to.Write(number);
        to.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        to.Write(number);
    }

    // PNG, second edition, §5.5: CRC-32 of type and data.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }

    private sealed class Belongings : IAsyncDisposable
    {
        public string? Folder { get; set; }

        public ValueTask DisposeAsync()
        {
            if (Folder is not null) Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
