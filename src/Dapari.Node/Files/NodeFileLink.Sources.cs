using Dapari.Node.Files.Storage;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Files;

/// <summary>What this node's own person sends, before the engine knows of it.</summary>
internal sealed partial class NodeFileLink
{
    /// <summary>Makes a transfer's source of files, each read once and hashed; it can be served when this is done.</summary>
    /// <param name="transfer">New.</param>
    /// <param name="found">What <see cref="SourcePreparer.Find"/> found.</param>
    /// <param name="told">Told how many bytes were hashed so far.</param>
    /// <param name="cancellation">Ends it; nothing stays.</param>
    /// <returns>What the offer says; the manifest if they do not fit into one.</returns>
    /// <exception cref="SourceFault">A file (counted from 1) cannot be read, or was changed meanwhile.</exception>
    /// <exception cref="IOException">This node's folder takes no more.</exception>
    public async Task<(IReadOnlyList<FileItem> Items, FileBlob? Manifest)> PrepareAsync(
        TransferId transfer, IReadOnlyList<FoundFile> found, Action<long>? told, CancellationToken cancellation)
    {
        try
        {
            var prepared = await Task.Run(() => SourcePreparer.Prepare(_books.FolderOf(transfer), found, told, cancellation), cancellation);
            _books.Put(transfer, SourceFiles.TryOpen(_books.FolderOf(transfer)) ?? throw new IOException("What was kept of the files cannot be read."));
            return prepared;
        }
        catch
        {
            Release(transfer);
            throw;
        }
    }

    /// <summary>Removes what no transfer that is known has any use for: what was prepared and never offered, because a process died.</summary>
    /// <param name="known">Whether the engine knows a transfer.</param>
    public void Sweep(Func<string, bool> known)
    {
        if (!Directory.Exists(_folder))
            return;
        foreach (var folder in Directory.EnumerateDirectories(_folder).Where(one => !known(Path.GetFileName(one)) && !ReceivedFiles.IsDone(one)))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // It stays until the next start.
            }
        }
    }
}
