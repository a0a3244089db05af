using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.Text;
using Dapari.Wire.V1;

namespace Dapari.Web.State;

/// <summary>How files look: pure functions of what is known of them.</summary>
public static class FileLook
{
    /// <summary>Whether a file is of a kind that may say where and with what it was made, and loses that unless it is kept.</summary>
    public static bool MayTell(PickedFile file) => file.Kind is FileKind.Picture or FileKind.Video || file.MediaType is "image/heic" or "image/heif" or "image/avif";

    /// <summary>Pictures side by side in an entry; the rest is behind the last one.</summary>
    public const int Tiles = 4;

    /// <summary>Bars of a waveform.</summary>
    public const int Bars = 40;

    /// <summary>A picture that may be drawn here: of a raster format, and nothing speaks against it.</summary>
    public static bool IsPicture(FileEntry file) => file is { Kind: FileKind.Picture, Warning: FileWarning.Unspecified, Lost: false }
        && file.MediaType is "image/jpeg" or "image/png" or "image/webp" or "image/gif";

    /// <summary>A video that may be played here.</summary>
    public static bool IsVideo(FileEntry file) => file is { Kind: FileKind.Video, Warning: FileWarning.Unspecified, Lost: false } && file.MediaType.StartsWith("video/", StringComparison.Ordinal);

    /// <summary>A voice note.</summary>
    public static bool IsVoice(FileRecord record) => record.Files is [{ Kind: FileKind.Voice, Warning: FileWarning.Unspecified }] && record.Files[0].MediaType.StartsWith("audio/", StringComparison.Ordinal);

    /// <summary>A type that nothing is opened or run by.</summary>
    public static string SafeType(FileEntry file) => IsPicture(file) || IsVideo(file)
        || (file.Warning == FileWarning.Unspecified && (file.MediaType.StartsWith("audio/", StringComparison.Ordinal) || file.MediaType == "application/pdf"))
        ? file.MediaType : "application/octet-stream";

    /// <summary>The icon of a kind of file.</summary>
    public static string IconOf(FileEntry file) => file switch
    {
        { Warning: FileWarning.Program or FileWarning.DisguisedProgram } or { DoubleExtension: true } => "alert",
        { Kind: FileKind.Picture } => "picture",
        { Kind: FileKind.Video } => "video",
        { Kind: FileKind.Voice } => "mic",
        _ when file.MediaType.StartsWith("audio/", StringComparison.Ordinal) => "music",
        _ => "file",
    };

    /// <summary>What to know before it is opened.</summary>
    public static FileWarning WarningOf(FileEntry file) => file is { Warning: FileWarning.Unspecified, DoubleExtension: true } ? FileWarning.DisguisedProgram : file.Warning;

    /// <summary>A transfer's files in a few words: a name, "3 pictures", "Folder holidays, 200 files".</summary>
    public static string Title(FileRecord record, AppState app) => Title(record, app.T, app.Formats.Number(record.ItemCount));

    /// <summary>The same for a given number.</summary>
    public static string Title(FileRecord record, Texts t, string count)
    {
        if (record.Files.Count == 0) return t.File.Count(count);
        var first = record.Files[0];
        if (record.ItemCount > 1)
        {
            if (first.Folder.Count != 0) return t.File.Folder(first.Folder[0], count);
            return record.Files.Count == record.ItemCount && record.Files.All(IsPicture) ? t.File.Pictures(count) : t.File.Count(count);
        }

        return first.Kind switch
        {
            FileKind.Voice => $"{t.File.VoiceNote} {CallTexts.Clock(first.Preview?.DurationMs ?? 0)}",
            FileKind.Picture when IsPicture(first) => t.File.Picture,
            FileKind.Video => t.File.Video,
            _ => first.Name,
        };
    }

    /// <summary>One line for a list: what it is, and the caption.</summary>
    public static string Line(MessageRecord message, Texts t)
    {
        var record = message.File ?? new FileRecord();
        var title = Title(record, t, record.ItemCount.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return message.Text.Length == 0 ? title : $"{title}: {message.Text}";
    }

    /// <summary>The way that most of the bytes went; unspecified: none did.</summary>
    public static Route MainRoute(IEnumerable<FileRouteShare> shares)
    {
        var (route, most) = (Route.Unspecified, 0ul);
        foreach (var share in shares)
        {
            if (share.Bytes > most) (route, most) = (share.Route, share.Bytes);
        }

        return route;
    }

    /// <summary>Bytes by way, those by HTTPS between a browser and a node by themselves.</summary>
    public static IEnumerable<(Route Route, bool ByHttps, ulong Bytes)> Parts(IEnumerable<FileRouteShare> shares)
    {
        foreach (var share in shares)
        {
            if (share.HttpsBytes > 0) yield return (share.Route, true, share.HttpsBytes);
            if (share.Bytes > share.HttpsBytes || share.HttpsBytes == 0) yield return (share.Route, false, share.Bytes - share.HttpsBytes);
        }
    }

    /// <summary>Bytes that crossed a server of any kind.</summary>
    public static ulong CrossedServer(IEnumerable<FileRouteShare> shares) =>
        shares.Where(share => share.Route is Route.Relay or Route.Mailbox or Route.DropOff).Aggregate(0ul, (sum, share) => sum + share.Bytes);

    /// <summary>The box of a picture before it is there: as its sender says, within what looks well. Nothing moves when it comes.</summary>
    public static (int Width, int Height) Box(FilePreview? preview)
    {
        if (preview is not { Width: > 0, Height: > 0 }) return (320, 240);
        var ratio = Math.Clamp(preview.Height / (double)preview.Width, 0.5, 1.4);
        return (320, (int)(320 * ratio));
    }

    /// <summary>A waveform in a given number of bars, each 2 to 24 high.</summary>
    public static int[] Waveform(ReadOnlySpan<byte> loudness)
    {
        var bars = new int[Bars];
        for (var i = 0; i < Bars; i++)
        {
            var (from, to) = (i * loudness.Length / Bars, Math.Max((i + 1) * loudness.Length / Bars, (i * loudness.Length / Bars) + 1));
            var peak = 0;
            for (var at = from; at < to && at < loudness.Length; at++) peak = Math.Max(peak, loudness[at]);
            bars[i] = 2 + (peak * 22 / 255);
        }

        return bars;
    }

    /// <summary>Hundredths, never 100 before all is there.</summary>
    public static int Percent(ulong done, ulong total) => total == 0 ? 0 : done >= total ? 100 : (int)(done / (total / 100.0)) is var p && p > 99 ? 99 : p;

    /// <summary>A time left that does not flicker: the longer, the coarser.</summary>
    public static ulong Coarse(ulong milliseconds)
    {
        var step = milliseconds switch { < 10_000 => 1000ul, < 60_000 => 5000ul, < 3_600_000 => 60_000ul, < 86_400_000 => 300_000ul, _ => 86_400_000ul };
        return (milliseconds + step - 1) / step * step;
    }

    /// <summary>Whether a transfer's bytes are on this device, as far as its entry says.</summary>
    public static bool IsHere(FileRecord record, bool outgoing) => !outgoing && record.End is { Outcome: FileOutcome.Arrived };
}
