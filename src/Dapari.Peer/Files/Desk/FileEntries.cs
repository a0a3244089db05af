using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>Files as conversations show them: names cleaned, previews judged.</summary>
internal static class FileEntries
{
    /// <summary>Names of folders and files that an entry keeps of a manifest, in UTF-16 units.</summary>
    private const int MostLetters = 16 * 1024;

    /// <summary>Files that the latest message of a contact shows.</summary>
    private const int ShortCount = 3;

    /// <summary>An entry's record of an offer.</summary>
    public static FileRecord Of(FileOffer offer, Policy way)
    {
        var record = new FileRecord { TransferId = offer.TransferId, ItemCount = offer.ItemCount, TotalSize = offer.TotalSize, Way = way, Twin = offer.Twin };
        record.Files.Add(Of(offer.Items));
        return record;
    }

    /// <summary>The first files of a manifest.</summary>
    public static IReadOnlyList<FileEntry> OfManifest(FileManifest manifest)
    {
        var entries = new List<FileEntry>();
        var letters = 0;
        foreach (var entry in Of(manifest.Items.Take(WireLimits.FilesPerOffer)))
        {
            letters += entry.Name.Length + entry.Folder.Sum(part => part.Length);
            if (letters > MostLetters)
                break;
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>A message as short as the latest one of a contact is kept: without pictures.</summary>
    public static MessageRecord Short(MessageRecord message)
    {
        if (message.File is null)
            return message.Clone();
        var copy = message.Clone();
        while (copy.File.Files.Count > ShortCount)
            copy.File.Files.RemoveAt(copy.File.Files.Count - 1);
        foreach (var entry in copy.File.Files)
        {
            entry.Folder.Clear();
            if (entry.Preview is { } preview)
                (preview.Picture, preview.Waveform) = (Google.Protobuf.ByteString.Empty, Google.Protobuf.ByteString.Empty);
        }

        return copy;
    }

    /// <summary>What first bytes say of a file.</summary>
    public static FileWarning Judge(FileEntry entry, ReadOnlySpan<byte> head) =>
        FileJudgement.Judge(new FileName(entry.Name, entry.DoubleExtension ? NameTrouble.DoubleExtension : NameTrouble.None), entry.MediaType, head).Warning;

    private static IEnumerable<FileEntry> Of(IEnumerable<FileItem> items)
    {
        var paths = new FilePaths();
        var placed = items.Select(item => (Item: item, Folder: paths.AddFolder(item.Folder))).ToList();
        foreach (var (item, folder) in placed)
        {
            var name = paths.Add(folder, item.Name);
            yield return new FileEntry
            {
                Name = name.Value,
                Folder = { folder },
                MediaType = item.MediaType,
                Size = item.Blob.Size,
                Kind = Enum.IsDefined(item.Kind) ? item.Kind : FileKind.Unspecified,
                Preview = Judged(item.Preview),
                NameChanged = name.Value != item.Name,
                DoubleExtension = name.Trouble.HasFlag(NameTrouble.DoubleExtension),
            };
        }
    }

    private static FilePreview? Judged(FilePreview? claimed)
    {
        if (claimed is null)
            return null;
        var preview = claimed.Clone();
        if (!FileJudgement.MayShowPreview(preview.Picture.Span))
            preview.Picture = Google.Protobuf.ByteString.Empty;
        return preview;
    }
}
