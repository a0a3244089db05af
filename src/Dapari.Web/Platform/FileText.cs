using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>How files.js and its worker write what crosses.</summary>
internal static class FileText
{
    /// <summary>Reads an id as it is printed.</summary>
    public static TransferId Transfer(string text) =>
        text.Length == 2 * TransferId.Length && TransferId.TryRead(Convert.FromHexString(text), out var id) ? id : default;

    /// <summary>Items as the worker reads them: of each its root (32) and its size (8, big endian).</summary>
    public static byte[] Items(IReadOnlyList<FileId> items)
    {
        var bytes = new byte[items.Count * (TreeHash.Length + sizeof(long))];
        for (var i = 0; i < items.Count; i++)
        {
            var one = bytes.AsSpan(i * (TreeHash.Length + sizeof(long)));
            items[i].Root.Write(one);
            BinaryPrimitives.WriteInt64BigEndian(one[TreeHash.Length..], items[i].Shape.Size);
        }

        return bytes;
    }

    /// <summary>A drop-off for the worker, with the token that this use of it needs.</summary>
    public static string DropOffs(bool list, params IReadOnlyList<(DropOff DropOff, ReadOnlyMemory<byte> Token)> all)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            if (list) json.WriteStartArray();
            foreach (var (dropOff, token) in all)
            {
                json.WriteStartObject();
                json.WriteString("server", dropOff.Server);
                json.WriteString("blob", Convert.ToHexStringLower(dropOff.BlobId.Span));
                json.WriteString("token", Base64Url.EncodeToString(token.Span));
                json.WriteString("key", Convert.ToHexStringLower(dropOff.Key.Span));
                json.WriteStartArray("spans");
                foreach (var span in dropOff.Spans)
                {
                    json.WriteStartArray();
                    json.WriteNumberValue(span.First);
                    json.WriteNumberValue(span.Count);
                    json.WriteEndArray();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            if (list) json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The drop-off with the spans that the worker says are whole there; null: none.</summary>
    public static DropOff? Left(DropOff dropOff, string spans)
    {
        using var json = JsonDocument.Parse(spans);
        if (json.RootElement.GetArrayLength() == 0) return null;
        var left = dropOff.Clone();
        left.Spans.Clear();
        foreach (var span in json.RootElement.EnumerateArray()) left.Spans.Add(new ChunkSpan { First = span[0].GetUInt64(), Count = span[1].GetUInt64() });
        return left;
    }

    /// <summary>"transfer,item,first,count,carrier", joined by ";".</summary>
    public static IEnumerable<(TransferId Transfer, ChunkRange Range, FileCarrier Carrier)> Ranges(string text)
    {
        foreach (var one in text.Split(';'))
        {
            var parts = one.Split(',');
            yield return (Transfer(parts[0]), new ChunkRange { Item = Number(parts[1]), First = Number(parts[2]), Count = Number(parts[3]) }, (FileCarrier)Number(parts[4]));
        }
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
