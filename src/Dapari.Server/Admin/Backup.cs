using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapari.Server.Blobs;
using Dapari.Server.Storage;

namespace Dapari.Server.Admin;

/// <summary>
/// All that a server keeps, in one tar file: what it is (dapari-backup.json, first), the store at one moment, the files left here as far as that store counts them, the server's
/// secrets and certificates, and the checksums of all of it (SHA256SUMS, last). It holds the server's keys: whoever has it can pose as the server.
/// </summary>
internal static class Backup
{
    private const string Head = "dapari-backup.json";
    private const string Sums = "SHA256SUMS";
    private const int Format = 1;

    /// <summary>There while a restore goes on: what it leaves behind when it is cut short is no data folder.</summary>
    public const string Unfinished = "restore.unfinished";

    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Neither of a moment nor of a machine.</summary>
    private static readonly string[] Passing = ["server.lock", Unfinished, RulesFile.Name + ".next"];

    /// <summary>Made elsewhere in this file, or of the running process.</summary>
    private static readonly string[] OwnFolders = ["journal", "blobs", "admin"];

    /// <summary>Makes the file while the server runs.</summary>
    /// <returns>Its length.</returns>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    /// <exception cref="IOException">The file cannot be written, or is there already.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static async Task<long> MakeAsync(Writer writer, string dataFolder, string file, DateTimeOffset now, CancellationToken cancellation)
    {
        if (File.Exists(file))
            throw new IOException($"{file} is there already");
        var (partial, copy) = (file + ".partial", file + ".store");
        if (Directory.Exists(copy))
            Directory.Delete(copy, true); // Of an attempt that was killed.
        File.Delete(partial);
        try
        {
            PrivateFiles.CreateFolder(copy);
            await StoreBackup.CopyAsync(writer, dataFolder, copy, cancellation);
            await Task.Run(() => Pack(dataFolder, copy, partial, now, cancellation), cancellation);
            File.Move(partial, file);
            new BlobDisk().FlushNames(Path.GetDirectoryName(Path.GetFullPath(file))!);
            return new FileInfo(file).Length;
        }
        finally
        {
            File.Delete(partial);
            if (Directory.Exists(copy))
                Directory.Delete(copy, true);
        }
    }

    /// <summary>Puts a backup into an empty folder. What it throws, the folder is as empty as before.</summary>
    /// <returns>How many files.</returns>
    /// <exception cref="IOException">It cannot be read or written, is damaged, or the folder is not empty; the message is for people.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static int Restore(string file, string dataFolder)
    {
        using var source = File.OpenRead(file);
        PrivateFiles.CreateFolder(dataFolder);
        if (Directory.EnumerateFileSystemEntries(dataFolder).Any())
            throw new IOException($"{dataFolder} is not empty");
        var mark = Path.Combine(dataFolder, Unfinished);
        File.WriteAllBytes(mark, []);
        try
        {
            var files = Unpack(source, file, dataFolder);
            var disk = new BlobDisk();
            foreach (var folder in Directory.EnumerateDirectories(dataFolder, "*", SearchOption.AllDirectories))
                disk.FlushNames(folder);
            disk.FlushNames(dataFolder);
            File.Delete(mark);
            disk.FlushNames(dataFolder);
            return files;
        }
        catch (Exception e)
        {
            foreach (var entry in new DirectoryInfo(dataFolder).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo folder)
                    folder.Delete(true);
                else
                    entry.Delete();
            }

            if (e is InvalidDataException or EndOfStreamException or FormatException)
                throw new IOException($"{file} is damaged, or no backup: {e.Message}", e);
            throw;
        }
    }

    private static void Pack(string dataFolder, string copy, string partial, DateTimeOffset now, CancellationToken cancellation)
    {
        using var stream = PrivateFiles.Create(partial);
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            var sums = new StringBuilder();
            void Add(string name, Stream content)
            {
                cancellation.ThrowIfCancellationRequested();
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                using var measured = new MeasuredStream(content, content.Length, hash);
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = measured, Mode = Mine, ModificationTime = now });
                sums.Append(Convert.ToHexStringLower(hash.GetHashAndReset())).Append("  ").Append(name).Append('\n');
            }

            void AddFile(string name, string path)
            {
                using var content = File.OpenRead(path);
                Add(name, content);
            }

            var head = new JsonObject { ["format"] = Format, ["schema"] = Schema.Version, ["made"] = now.ToUnixTimeMilliseconds() };
            using (var content = new MemoryStream(Encoding.UTF8.GetBytes(head.ToJsonString())))
                Add(Head, content);
            AddFile("dapari.db", Path.Combine(copy, "dapari.db"));
            foreach (var segment in Directory.EnumerateFiles(Path.Combine(copy, "journal")).Order(StringComparer.Ordinal))
                AddFile("journal/" + Path.GetFileName(segment), segment);
            AddBlobs(dataFolder, Path.Combine(copy, "dapari.db"), Add);
            foreach (var (name, path) in Others(dataFolder))
                AddFile(name, path);
            using var list = new MemoryStream(Encoding.UTF8.GetBytes(sums.ToString()));
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, Sums) { DataStream = list, Mode = Mine, ModificationTime = now });
        }

        stream.Flush(flushToDisk: true);
    }

    /// <summary>Each file as far as the copied store counts it: a file grows while it is uploaded, and goes when it was fetched.</summary>
    private static void AddBlobs(string dataFolder, string database, Action<string, Stream> add)
    {
        var folder = new BlobFolder(Path.Combine(dataFolder, "blobs"));
        using var readers = new Reader(database);
        foreach (var row in readers.Blobs(long.MaxValue, -1))
        {
            using var handle = folder.OpenToRead(row.File);
            if (handle is null)
                continue; // Removed since that moment: the restored server notes it.
            using var content = new FileStream(handle, FileAccess.Read);
            using var part = new MeasuredStream(content, Math.Min(row.Received, content.Length), null);
            add("blobs/" + BlobFolder.NameOf(row.File), part);
        }
    }

    private static IEnumerable<(string Name, string Path)> Others(string dataFolder)
    {
        foreach (var path in Directory.EnumerateFiles(dataFolder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (!name.StartsWith("dapari.db", StringComparison.Ordinal) && !Passing.Contains(name) && !name.EndsWith(".partial", StringComparison.Ordinal) && !name.EndsWith(".tar", StringComparison.Ordinal))
                yield return (name, path);
        }

        foreach (var folder in Directory.EnumerateDirectories(dataFolder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(folder);
            if (OwnFolders.Contains(name) || name.EndsWith(".store", StringComparison.Ordinal))
                continue;
            foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
                yield return ($"{name}/{Path.GetFileName(path)}", path);
        }
    }

    private static int Unpack(Stream source, string file, string dataFolder)
    {
        using var tar = new TarReader(source);
        var found = new Dictionary<string, string>();
        string? list = null;
        while (tar.GetNextEntry() is { } entry)
        {
            if (list is not null || entry.EntryType != TarEntryType.RegularFile || !IsSafe(entry.Name))
                throw new InvalidDataException($"it has an entry \"{entry.Name}\" where none may be");
            if (found.Count == 0 && entry.Name != Head)
                throw new InvalidDataException("it does not begin as one");
            using var content = entry.DataStream ?? Stream.Null;
            if (entry.Name is Head or Sums)
            {
                using var text = new MemoryStream();
                content.CopyTo(text);
                if (entry.Name == Sums)
                {
                    list = Encoding.UTF8.GetString(text.ToArray());
                    continue;
                }

                CheckHead(text.ToArray());
                found[Head] = Convert.ToHexStringLower(SHA256.HashData(text.ToArray()));
                continue;
            }

            found[entry.Name] = Write(content, Path.Combine(dataFolder, entry.Name));
        }

        if (list is null)
            throw new InvalidDataException("its end is missing");
        if (list != string.Concat(found.Select(f => $"{f.Value}  {f.Key}\n")))
            throw new InvalidDataException("a checksum does not hold");
        if (!found.ContainsKey("dapari.db"))
            throw new InvalidDataException($"there is no store in {file}");
        return found.Count - 1;
    }

    private static void CheckHead(byte[] text)
    {
        try
        {
            var head = JsonNode.Parse(text);
            if (head?["format"]?.GetValue<int>() != Format || head["schema"]?.GetValue<int>() is not { } schema)
                throw new InvalidDataException("it is of an unknown kind");
            if (schema > Schema.Version)
                throw new InvalidDataException($"it was made by a newer version (schema {schema}; this build knows {Schema.Version})");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("it does not begin as one", e);
        }
    }

    private static string Write(Stream content, string path)
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var target = PrivateFiles.Create(path);
        var buffer = new byte[128 * 1024];
        for (int count; (count = content.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, count);
            target.Write(buffer, 0, count);
        }

        target.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>One name, or one folder and one name, of plain letters.</summary>
    private static bool IsSafe(string name)
    {
        var parts = name.Split('/');
        return parts.Length is 1 or 2 && Array.TrueForAll(parts, p =>
            p.Length is > 0 and <= 200 && p[0] != '.' && p.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'));
    }
}
