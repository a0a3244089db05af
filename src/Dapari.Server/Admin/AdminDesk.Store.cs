using System.Globalization;
using System.Text.Json.Nodes;
using Dapari.Server.Storage;

namespace Dapari.Server.Admin;

/// <summary>Commands about what is kept.</summary>
internal sealed partial class AdminDesk
{
    private async Task<AdminReply> UsageAsync(CancellationToken cancellation)
    {
        await using var access = await store();
        var fresh = access.Writer.Store.FreshEnvelopes;
        var path = Path.Combine(given.Data, "dapari.db");
        var counts = await Task.Run(
            () =>
            {
                using var database = Database.Open(path, readOnly: true);
                long Of(string sql) => database.Scalar(sql) ?? 0;
                return new (string Name, string Words, long Value)[]
                {
                    ("mailboxes", "mailboxes (one for each contact of a device)", Of("SELECT count(*) FROM mailboxes")),
                    ("devices", "devices with prekeys", Of("SELECT count(*) FROM prekey_stores")),
                    ("invites", "invites", Of("SELECT count(*) FROM invites")),
                    ("envelopes", "envelopes that wait", Of("SELECT count(*) FROM envelopes") + fresh),
                    ("blobs", "files left here", Of("SELECT count(*) FROM blobs")),
                    ("blobBytes", "bytes of them", Of("SELECT coalesce(sum(received), 0) FROM blobs")),
                    ("databaseBytes", "bytes of the database", Bytes(path) + Bytes(path + "-wal")),
                    ("journalBytes", "bytes of the journal", Folder(Path.Combine(given.Data, "journal"))),
                };
            },
            cancellation);
        var json = new JsonObject();
        var lines = new List<string>();
        foreach (var (name, words, value) in connections is null ? counts : [.. counts, ("connections", "connections now", connections())])
        {
            json[name] = value;
            lines.Add($"{value.ToString("N0", CultureInfo.InvariantCulture),18}  {words}");
        }

        return AdminReply.Done(string.Join('\n', lines), json);
    }

    private async Task<AdminReply> BackUpAsync(string file, CancellationToken cancellation)
    {
        if (!Path.IsPathFullyQualified(file))
            return AdminReply.NotUnderstood("Name the file with its whole path.");
        await using var access = await store();
        var length = await Backup.MakeAsync(access.Writer, given.Data, file, time.GetUtcNow(), cancellation);
        return AdminReply.Done(
            $"{file}: {length.ToString("N0", CultureInfo.InvariantCulture)} bytes. It holds the server's keys: keep it as you keep them.", new JsonObject { ["file"] = file, ["bytes"] = length });
    }

    private async Task<AdminReply> CheckAsync(bool repair, CancellationToken cancellation)
    {
        await using var access = await store();
        var found = await StoreCheck.RunAsync(access, given.Data, given.Blobs is { Folder: null, S3: null }, repair, cancellation);
        var json = new JsonObject
        {
            ["sound"] = found.IsSound,
            ["repaired"] = repair && found.Orphans + found.Short > 0,
            ["database"] = new JsonArray([.. found.Database.Select(f => JsonValue.Create(f))]),
            ["strays"] = found.Strays,
            ["orphans"] = found.Orphans,
            ["short"] = found.Short,
        };
        if (found.IsSound)
            return AdminReply.Done("Sound: the database, and the files left here.", json);
        var lines = new List<string>(found.Database.Select(f => $"database: {f}"));
        if (found.Strays > 0)
            lines.Add($"{found.Strays} rows belong to nothing");
        if (found.Orphans > 0)
            lines.Add($"{found.Orphans} files have no entry{(repair ? ": removed" : "")}");
        if (found.Short > 0)
            lines.Add($"{found.Short} files left here hold less than was promised{(repair ? ": their uploaders are asked again" : "")}");
        if (found.Database.Count + found.Strays > 0)
            lines.Add("A database that is not sound is mended by restoring a backup.");
        else if (!repair)
            lines.Add("check --repair mends this.");
        // What was mended is sound now.
        return repair && found.Database.Count + found.Strays == 0 ? AdminReply.Done(string.Join('\n', lines), json) : AdminReply.Failed(string.Join('\n', lines), json);
    }

    private static long Bytes(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static long Folder(string path) => Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles().Sum(f => f.Length) : 0;
}
