using System.Globalization;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Files and how they move, in plain words.</summary>
internal static class FileSpeech
{
    private static readonly string[] _units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>A size, in powers of a thousand.</summary>
    public static string Size(ulong bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 999.5 && unit + 1 < _units.Length; unit++)
            value /= 1000;
        return value.ToString(unit == 0 || value >= 99.95 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + _units[unit];
    }

    /// <summary>A bar, how much, speed, time left and way, or what is wrong: as much of it as fits, the most telling first.</summary>
    /// <param name="transfer">As it stands.</param>
    /// <param name="columns">Of the line; a line that is drawn anew must not be broken into two.</param>
    public static string Progress(TransferBody transfer, int columns = int.MaxValue)
    {
        const int Wide = 60;
        var width = columns < Wide ? 10 : 20;
        var done = Math.Max(transfer.DoneBytes, Math.Min(transfer.TotalBytes, transfer.AtServerBytes + transfer.UploadedBytes));
        var part = transfer.TotalBytes == 0 ? 1 : Math.Min(1, (double)done / transfer.TotalBytes);
        var filled = (int)(part * width);
        var parts = new List<(int Weight, string Text)> { (4, $"{Size(done)} of {Size(transfer.TotalBytes)}") };
        if (transfer.BytesPerSecond > 0)
            parts.Add((2, $"{Size(transfer.BytesPerSecond)}/s"));
        if (transfer.RemainingMs is { } left)
            parts.Add((3, $"{Left(left)} left"));
        if (transfer.Route is { } route)
            parts.Add((1, Speech.Way(route)));
        else if (transfer.Trouble is { } trouble)
            parts.Add((5, Trouble(trouble)));
        var bar = $"[{new string('#', filled)}{new string('.', width - filled)}] {(int)(part * 100)} %";
        // The last column stays free: a terminal may break the line when it is written.
        while (parts.Count > 0 && bar.Length + parts.Sum(one => one.Text.Length + 2) >= columns)
            parts.Remove(parts.MinBy(one => one.Weight));
        return string.Join("  ", parts.Select(one => one.Text).Prepend(bar));
    }

    /// <summary>Which files an entry is about.</summary>
    public static string Names(FilesBody files)
    {
        var first = files.Files.Count > 0 ? Terminal.Clean(files.Files[0].Name) : "";
        return files.Count == 1 && first.Length > 0 ? $"{first} ({Size(files.TotalSize)})"
            : first.Length > 0 ? $"{first} and {files.Count - 1} more ({Size(files.TotalSize)})"
            : $"{files.Count} files ({Size(files.TotalSize)})";
    }

    /// <summary>How an entry stands.</summary>
    public static string State(FileOfferBody offer)
    {
        var files = offer.Message.Files!;
        if (files.Outcome is { } outcome)
            return Outcome(outcome, offer.Message.Outgoing) + Shares(files.Shares) + (files.Lost is > 0 and var lost ? $", {lost} lost" : "") + (offer.Kept ? ", waits here: `dapari receive` saves it" : "");
        return offer.Transfer is null ? "over" : offer.Transfer.State == "offered" ? (offer.Message.Outgoing ? "offered" : "offered to you") : Progress(offer.Transfer);
    }

    /// <summary>How it ended.</summary>
    public static string Outcome(string outcome, bool outgoing) => outcome switch
    {
        "arrived" => "arrived",
        "cancelled" => outgoing ? "taken back" : "taken back by its sender",
        "refused" => outgoing ? "not wanted" : "refused",
        "source-changed" => "changed while it was sent",
        "source-gone" => "its sender does not have it any more",
        "wrong-bytes" => "what came was not what was offered",
        "bad-manifest" => "the offer made no sense",
        _ => outcome,
    };

    /// <summary>Why nothing moves.</summary>
    public static string Trouble(string trouble) => trouble switch
    {
        "no-way" => "waits for a way",
        "paused" => "paused",
        "paused-there" => "paused by the other",
        "source-not-ready" => "its sender must choose the files again",
        "no-room" => "no room on this disk",
        "stalled" => "stalled, tried again",
        "storage-failed" => "this disk fails",
        "quota" => "the server takes no more",
        "no-drop-offs" => "the server keeps no files",
        _ => trouble,
    };

    private static string Shares(IReadOnlyList<ShareBody>? shares) =>
        shares is not { Count: > 0 } ? "" : " (" + string.Join(", ", shares.Select(share => $"{Size(share.Bytes)} {Speech.Way(share.Route)}")) + ")";

    private static string Left(ulong ms)
    {
        var time = TimeSpan.FromMilliseconds(Math.Min(ms, 1e12));
        return time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min" : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{Math.Max(1, (int)Math.Ceiling(time.TotalSeconds))} s";
    }
}
