using Dapari.Server.Blobs;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;

namespace Dapari.Server.Admin;

/// <summary>What a check found.</summary>
/// <param name="Database">What SQLite says of its file; empty: it is sound.</param>
/// <param name="Strays">Rows whose mailbox or prekey store is not there.</param>
/// <param name="Orphans">Files without a row.</param>
/// <param name="Short">Files left here that hold less than their row says.</param>
internal sealed record CheckResult(IReadOnlyList<string> Database, long Strays, int Orphans, int Short)
{
    public bool IsSound => Database.Count == 0 && Strays == 0 && Orphans == 0 && Short == 0;
}

/// <summary>Compares what belongs together; the server may run meanwhile.</summary>
internal static class StoreCheck
{
    private const int Faults = 20;

    /// <param name="store">The running server's, or one opened for this.</param>
    /// <param name="dataFolder">Where it lies.</param>
    /// <param name="hasFiles">False: the files left here lie in a shared folder or a store, which is looked after elsewhere.</param>
    /// <param name="repair">Orphans go, and the rows of short files are put back, so that their uploaders go on from there.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="StorageException">The database cannot even be read.</exception>
    /// <exception cref="IOException">The folder of files cannot be read.</exception>
    public static async Task<CheckResult> RunAsync(StoreAccess store, string dataFolder, bool hasFiles, bool repair, CancellationToken cancellation)
    {
        var (faults, strays) = await Task.Run(() => Database(Path.Combine(dataFolder, "dapari.db")), cancellation);
        if (!hasFiles)
            return new CheckResult(faults, strays, 0, 0);
        var folder = new BlobFolder(Path.Combine(dataFolder, "blobs"));
        // Names before rows: a row is there before its file, and goes before it.
        var names = Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName).ToList();
        var rows = await store.Readers.ReadAsync(r => r.Blobs(long.MaxValue, -1), cancellation);
        var known = rows.Select(r => BlobFolder.NameOf(r.File)).ToHashSet();
        var orphans = names.Where(n => !known.Contains(n!) && File.Exists(Path.Combine(folder.Path, n!))).ToList();
        var lost = rows.Where(r => Math.Max(0, folder.LengthOf(r.File)) < r.Received).ToList();
        if (lost.Count > 0)
        {
            // What was removed in between is no fault.
            var still = (await store.Readers.ReadAsync(r => r.Blobs(long.MaxValue, -1), cancellation)).Select(r => r.Id).ToHashSet();
            lost.RemoveAll(r => !still.Contains(r.Id));
        }

        if (repair)
        {
            foreach (var name in orphans)
                File.Delete(Path.Combine(folder.Path, name!));
            foreach (var row in lost)
                await store.Writer.RunAsync(new ResetBlobOperation(row.Id, Math.Max(0, folder.LengthOf(row.File))), cancellation);
        }

        return new CheckResult(faults, strays, orphans.Count, lost.Count);
    }

    private static (List<string> Faults, long Strays) Database(string path)
    {
        using var database = Storage.Database.Open(path, readOnly: true);
        var faults = new List<string>();
        using var integrity = database.Prepare($"PRAGMA integrity_check({Faults})");
        while (integrity.Step())
        {
            var line = System.Text.Encoding.UTF8.GetString(integrity.Blob(0));
            if (line != "ok")
                faults.Add(line);
        }

        return (faults, database.Scalar(
            """
            SELECT (SELECT count(*) FROM envelopes WHERE mailbox NOT IN (SELECT number FROM mailboxes))
              + (SELECT count(*) FROM prekeys WHERE store NOT IN (SELECT number FROM prekey_stores))
            """) ?? 0);
    }
}
