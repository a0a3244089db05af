using Dapari.Wire.V1;

namespace Dapari.Wire.Files;

/// <summary>Lengths and counts of what is said of files, and that it does not contradict itself.</summary>
public static class FileCheck
{
    private const ulong MaxChunks = (FileShape.MaxSize / FileShape.ChunkBytes) + (2 * WireLimits.FilesPerTransfer);

    /// <summary>An offer: its files are in it or in a manifest, never both, and add up to what it says.</summary>
    public static ContentFault Check(FileOffer offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        if (offer.MessageId.Length != Shape.Id || offer.TransferId.Length != Shape.Id || offer.Twin.Length is not (0 or Shape.Id))
            return ContentFault.FieldLength;
        if (!Shape.FitsUtf8(offer.Caption, WireLimits.TextBytes))
            return ContentFault.TextTooLong;
        if (offer.Items.Count > WireLimits.FilesPerOffer || offer.ItemCount > WireLimits.FilesPerTransfer)
            return ContentFault.TooMany;
        if (offer.ItemCount == 0 || !FileShape.IsSize(offer.TotalSize) || (offer.Manifest is null) != (offer.Items.Count > 0))
            return ContentFault.Contradiction;
        if (offer.DropOff is { } dropOff && Check(dropOff) is var drop and not ContentFault.None)
            return drop;
        if (offer.Manifest is { } manifest)
            return !FileId.TryRead(manifest.Root, manifest.Size, out _) ? ContentFault.FieldLength
                : manifest.Size is 0 or > WireLimits.ManifestBytes ? ContentFault.TooLarge : ContentFault.None;
        if (offer.Items.Sum(item => item.Preview?.Picture.Length ?? 0) > WireLimits.PreviewsBytes)
            return ContentFault.TooLarge;
        return Check(offer.Items, offer.ItemCount, offer.TotalSize);
    }

    /// <summary>Files that are to be as many and as large together as was said.</summary>
    public static ContentFault Check(IReadOnlyCollection<FileItem> items, uint count, ulong totalSize)
    {
        ArgumentNullException.ThrowIfNull(items);
        var sum = 0UL;
        foreach (var item in items)
        {
            if (Check(item) is var fault and not ContentFault.None)
                return fault;
            // No overflow: at most 10,000 times 2^50.
            sum += item.Blob.Size;
        }

        return items.Count == count && sum == totalSize ? ContentFault.None : ContentFault.Contradiction;
    }

    /// <summary>What is said after an offer.</summary>
    public static ContentFault Check(FileUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        if (update.TransferId.Length != Shape.Id)
            return ContentFault.FieldLength;
        return update.KindCase switch
        {
            FileUpdate.KindOneofCase.DropOff => Check(update.DropOff),
            FileUpdate.KindOneofCase.DropOffGone when update.DropOffGone.Length != Shape.Id => ContentFault.FieldLength,
            FileUpdate.KindOneofCase.Lost when update.Lost.Item is 0 or > WireLimits.FilesPerTransfer => ContentFault.FieldLength,
            FileUpdate.KindOneofCase.End when update.End.ItemsLost > WireLimits.FilesPerTransfer => ContentFault.FieldLength,
            FileUpdate.KindOneofCase.End when update.End.Shares.Count > WireLimits.FileShares => ContentFault.TooMany,
            FileUpdate.KindOneofCase.End when !update.End.Shares.All(share => FileShape.IsSize(share.Bytes)) => ContentFault.FieldLength,
            _ => ContentFault.None,
        };
    }

    /// <summary>A reference to a drop-off.</summary>
    public static ContentFault Check(DropOff dropOff)
    {
        ArgumentNullException.ThrowIfNull(dropOff);
        if (dropOff.Spans.Count > WireLimits.DropOffSpans)
            return ContentFault.TooMany;
        var good = dropOff is { BlobId.Length: Shape.Id, ReadToken.Length: Shape.Key, Key.Length: Shape.Key, Spans.Count: > 0, KeepDays: <= WireLimits.DropOffDays }
            && Origin.IsNormal(dropOff.Server) && dropOff.Spans.All(IsSpan);
        return good ? ContentFault.None : ContentFault.FieldLength;
    }

    /// <summary>Chunks that a transfer might have: one more for each file, as a file's last chunk may be short.</summary>
    public static bool IsSpan(ChunkSpan? span) => span is { First: < MaxChunks, Count: > 0 and <= MaxChunks } && span.First + span.Count <= MaxChunks;

    /// <summary>A range that an item of some size might have.</summary>
    public static bool IsRange(ChunkRange? range) =>
        range is { Item: <= WireLimits.FilesPerTransfer, Count: > 0 } && (ulong)range.First + range.Count <= FileShape.MaxSize / FileShape.ChunkBytes;

    private static ContentFault Check(FileItem item)
    {
        if (item.Blob is null || !FileId.TryRead(item.Blob.Root, item.Blob.Size, out _))
            return ContentFault.FieldLength;
        if (!Shape.FitsUtf8(item.Name, WireLimits.FileNameBytes) || !Shape.FitsUtf8(item.MediaType, WireLimits.MediaTypeBytes))
            return ContentFault.TextTooLong;
        if (item.Folder.Count > WireLimits.FolderDepth)
            return ContentFault.TooMany;
        if (item.Folder.Any(part => !Shape.FitsUtf8(part, WireLimits.FileNameBytes))
            || item.Folder.Sum(part => System.Text.Encoding.UTF8.GetByteCount(part)) > WireLimits.FolderBytes)
            return ContentFault.TextTooLong;
        if (item.Preview is not { } preview)
            return ContentFault.None;
        if (preview.Picture.Length > WireLimits.PreviewBytes || preview.Waveform.Length > WireLimits.WaveformSteps)
            return ContentFault.TooLarge;
        return preview is { Width: <= WireLimits.PictureSide, Height: <= WireLimits.PictureSide } ? ContentFault.None : ContentFault.FieldLength;
    }
}
