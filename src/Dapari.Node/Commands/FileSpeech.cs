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
        var parts = new List<(int Weight, string Text)> { (4, Tongue.Of($"{Size(done)} of {Size(transfer.TotalBytes)}", $"{Size(done)} di {Size(transfer.TotalBytes)}")) };
        if (transfer.BytesPerSecond > 0)
            parts.Add((2, $"{Size(transfer.BytesPerSecond)}/s"));
        if (transfer.RemainingMs is { } left)
            parts.Add((3, Tongue.Of($"{Left(left)} left", $"mancano {Left(left)}")));
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
            : first.Length > 0 ? Tongue.Of($"{first} and {files.Count - 1} more", $"{first} e {(files.Count == 2 ? "un altro" : $"altri {files.Count - 1}")}") + $" ({Size(files.TotalSize)})"
            : Tongue.Of($"{files.Count} files", $"{files.Count} file") + $" ({Size(files.TotalSize)})";
    }

    /// <summary>How an entry stands.</summary>
    public static string State(FileOfferBody offer)
    {
        var files = offer.Message.Files!;
        if (files.Outcome is { } outcome)
            return Outcome(outcome, offer.Message.Outgoing) + Shares(files.Shares) + (files.Lost is > 0 and var lost ? Tongue.Of($", {lost} lost", lost == 1 ? ", uno perso" : $", {lost} persi") : "") + (offer.Kept ? Tongue.Of(", waits here: `dapari receive` saves it", ", aspetta qui: lo salva `dapari receive`") : "");
        return offer.Transfer is null ? Tongue.Of("over", "finito") : offer.Transfer.State == "offered" ? (offer.Message.Outgoing ? Tongue.Of("offered", "offerto") : Tongue.Of("offered to you", "offerto a te")) : Progress(offer.Transfer);
    }

    /// <summary>How it ended.</summary>
    public static string Outcome(string outcome, bool outgoing) => outcome switch
    {
        "arrived" => Tongue.Of("arrived", "arrivato"),
        "cancelled" => outgoing ? Tongue.Of("taken back", "ritirato") : Tongue.Of("taken back by its sender", "ritirato dal mittente"),
        "refused" => outgoing ? Tongue.Of("not wanted", "non voluto") : Tongue.Of("refused", "rifiutato"),
        "source-changed" => Tongue.Of("changed while it was sent", "cambiato durante l'invio"),
        "source-gone" => Tongue.Of("its sender does not have it any more", "il mittente non l'ha più"),
        "wrong-bytes" => Tongue.Of("what came was not what was offered", "ciò che è arrivato non era ciò che era offerto"),
        "bad-manifest" => Tongue.Of("the offer made no sense", "l'offerta non aveva senso"),
        _ => outcome,
    };

    /// <summary>Why nothing moves.</summary>
    public static string Trouble(string trouble) => trouble switch
    {
        "no-way" => Tongue.Of("waits for a way", "aspetta una via"),
        "paused" => Tongue.Of("paused", "in pausa"),
        "paused-there" => Tongue.Of("paused by the other", "messo in pausa dall'altro"),
        "source-not-ready" => Tongue.Of("its sender must choose the files again", "il mittente deve scegliere di nuovo i file"),
        "no-room" => Tongue.Of("no room on this disk", "non c'è spazio su questo disco"),
        "stalled" => Tongue.Of("stalled, tried again", "fermo, si riprova"),
        "storage-failed" => Tongue.Of("this disk fails", "questo disco non funziona"),
        "quota" => Tongue.Of("the server takes no more", "il server non ne accetta altri"),
        "no-drop-offs" => Tongue.Of("the server keeps no files", "il server non tiene file"),
        _ => trouble,
    };

    private static string Shares(IReadOnlyList<ShareBody>? shares) =>
        shares is not { Count: > 0 } ? "" : " (" + string.Join(", ", shares.SelectMany(Parts)) + ")";

    private static IEnumerable<string> Parts(ShareBody share)
    {
        var https = share.Https ?? 0;
        if (https > 0)
            yield return Tongue.Of($"{Size(https)} {Speech.Way(share.Route)}, by HTTPS", $"{Size(https)} {Speech.Way(share.Route)}, tramite HTTPS");
        if (share.Bytes > https || https == 0)
            yield return $"{Size(share.Bytes - https)} {Speech.Way(share.Route)}";
    }

    private static string Left(ulong ms)
    {
        var time = TimeSpan.FromMilliseconds(Math.Min(ms, 1e12));
        return time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min" : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{Math.Max(1, (int)Math.Ceiling(time.TotalSeconds))} s";
    }
}
