using System.Text;
using System.Text.Json;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>How files-pick.js writes what was picked and prepared.</summary>
internal static class PickedText
{
    // An offer travels in one envelope (WireLimits.ContentBytes), with a caption (WireLimits.TextBytes) and a drop-off.
    private const int InlineBytes = 36 * 1024;

    /// <summary>Reads what was picked; null for "": nothing.</summary>
    public static PickedFiles? Read(string text)
    {
        if (text.Length == 0) return null;
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        var files = root.GetProperty("files").EnumerateArray().Select(one => new PickedFile(
            String(one, "name"), Folder(one), one.GetProperty("size").GetInt64(), String(one, "type"), (FileKind)one.GetProperty("kind").GetInt32(),
            TimeSpan.FromSeconds(one.GetProperty("seconds").GetDouble()))).ToList();
        return new PickedFiles(root.GetProperty("id").GetInt32(), files, root.GetProperty("tooMany").GetBoolean());
    }

    /// <summary>Reads what was prepared.</summary>
    public static (int Outcome, string Failed, List<FileItem> Items) ReadPrepared(string text)
    {
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        return (root.GetProperty("outcome").GetInt32(), String(root, "failed"), root.GetProperty("items").EnumerateArray().Select(Item).ToList());
    }

    /// <summary>Whether all of them stand in the offer itself.</summary>
    public static bool FitInline(IReadOnlyList<FileItem> items) =>
        items.Count <= WireLimits.FilesPerOffer && items.Sum(item => item.CalculateSize()) <= InlineBytes
        && items.Sum(item => item.Preview?.Picture.Length ?? 0) <= WireLimits.PreviewsBytes;

    /// <summary>Which items under which names, as the modules read it.</summary>
    public static string Names(IReadOnlyList<SaveName> names)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var name in names)
            {
                json.WriteStartArray();
                json.WriteNumberValue(name.Item);
                json.WriteStringValue(name.Name);
                json.WriteStartArray();
                foreach (var part in name.Folder) json.WriteStringValue(part);
                json.WriteEndArray();
                json.WriteStringValue(name.MediaType);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static FileItem Item(JsonElement one)
    {
        var item = new FileItem
        {
            Name = Short(String(one, "name"), WireLimits.FileNameBytes),
            MediaType = String(one, "type") is { Length: <= 127 } type ? type : "",
            Blob = new FileBlob { Root = ByteString.CopyFrom(Convert.FromHexString(String(one, "root"))), Size = one.GetProperty("size").GetUInt64() },
            ModifiedAtMs = (ulong)Math.Max(0, one.GetProperty("modified").GetDouble()),
            Kind = (FileKind)one.GetProperty("kind").GetInt32(),
        };
        // Deeper than what travels: the innermost parts are left out of its place, never the file.
        foreach (var part in Folder(one).Take(WireLimits.FolderDepth))
        {
            var cut = Short(part, WireLimits.FileNameBytes);
            if (item.Folder.Sum(Encoding.UTF8.GetByteCount) + Encoding.UTF8.GetByteCount(cut) > WireLimits.FolderBytes) break;
            item.Folder.Add(cut);
        }

        var preview = new FilePreview
        {
            Picture = ByteString.CopyFrom(one.GetProperty("preview").GetBytesFromBase64()),
            Width = (uint)Math.Clamp(one.GetProperty("width").GetDouble(), 0, WireLimits.PictureSide),
            Height = (uint)Math.Clamp(one.GetProperty("height").GetDouble(), 0, WireLimits.PictureSide),
            DurationMs = (ulong)(Math.Max(0, one.GetProperty("seconds").GetDouble()) * 1000),
            Waveform = ByteString.CopyFrom(one.GetProperty("waveform").GetBytesFromBase64()),
        };
        if (preview.CalculateSize() > 0) item.Preview = preview;
        return item;
    }

    // The name of a file of this device; its extension is at its end.
    private static string Short(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes) return text;
        var ending = Path.GetExtension(text) is { Length: <= 16 } extension ? extension : "";
        var runes = text[..^ending.Length].EnumerateRunes().ToList();
        var left = bytes - Encoding.UTF8.GetByteCount(ending);
        return string.Concat(runes.TakeWhile(rune => (left -= rune.Utf8SequenceLength) >= 0)) + ending;
    }

    private static string String(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static List<string> Folder(JsonElement element) => [.. element.GetProperty("folder").EnumerateArray().Select(part => part.GetString() ?? "")];
}
