using System.Text.Json;
using System.Text.Json.Serialization;
using Dapari.Node.Home;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.Storage;

/// <summary>What is known of a transfer's items: in the file "index" of its folder, written whole or not at all.</summary>
/// <param name="Outgoing">Whether the items are this node's own.</param>
/// <param name="Items">In order; the first is the manifest.</param>
internal sealed record SourceIndex(bool Outgoing, IReadOnlyList<IndexedItem> Items)
{
    private const string Name = "index";

    /// <summary>Of received items: all that will come has come.</summary>
    public bool IsDone { get; init; }

    /// <summary>The items' ids; null: the index was tampered with.</summary>
    public IReadOnlyList<FileId>? Ids()
    {
        var ids = new List<FileId>(Items.Count);
        foreach (var item in Items)
        {
            if (!TryRead(item.Root, out var root) || item.Size is < 0 or > FileShape.MaxSize)
                return null;
            ids.Add(new FileId(root, new FileShape(item.Size)));
        }

        return ids;
    }

    private static bool TryRead(string text, out TreeHash hash)
    {
        var bytes = new byte[TreeHash.Length];
        hash = default;
        return text.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done && TreeHash.TryRead(bytes, out hash);
    }

    /// <summary>Reads a folder's; null: there is none, or it cannot be read.</summary>
    public static SourceIndex? TryRead(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, Name)), IndexJson.Default.SourceIndex);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes it; on disk when this returns.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Write(string folder) => NodeHome.WriteSecret(Path.Combine(folder, Name), JsonSerializer.SerializeToUtf8Bytes(this, IndexJson.Default.SourceIndex));

    /// <summary>An index of received items.</summary>
    public static SourceIndex Received(IReadOnlyList<FileId> items) => new(false, [.. items.Select(item => new IndexedItem(item.Root.ToString(), item.Shape.Size, null, 0))]);
}

/// <summary>An item.</summary>
/// <param name="Root">Of its tree, in hexadecimal digits.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Path">Of a source: where the person's file lies; null: the manifest, in the folder.</param>
/// <param name="Modified">Of a source: when it was changed last, in ticks of UTC, as it was hashed.</param>
internal sealed record IndexedItem(string Root, long Size, string? Path, long Modified);

/// <summary>How an index is written.</summary>
[JsonSerializable(typeof(SourceIndex))]
internal sealed partial class IndexJson : JsonSerializerContext;
