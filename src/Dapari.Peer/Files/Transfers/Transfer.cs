using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>One transfer with one person, as this end knows it.</summary>
internal sealed class Transfer
{
    public Transfer(TransferId id, ContactId contact, TransferRecord record, FileManifest? items)
    {
        Id = id;
        Contact = contact;
        Record = record;
        SetItems(items);
    }

    public TransferId Id { get; }

    public ContactId Contact { get; }

    public TransferRecord Record { get; }

    public TransferLayout Layout { get; private set; } = null!;

    /// <summary>Whether the items are known: false while their manifest is on its way.</summary>
    public bool HasItems { get; private set; }

    public bool IsOver => Record.State == TransferState.Ended;

    public ByteString Key => Record.Id;

    // Incoming.

    public ChunkSet Verified { get; set; } = new();

    /// <summary>Asked for by the channel, and not come.</summary>
    public ChunkSet Direct { get; } = new();

    /// <summary>Being fetched from a server.</summary>
    public ChunkSet Fetched { get; } = new();

    /// <summary>Of items that cannot be had any more.</summary>
    public ChunkSet Lost { get; } = new();

    /// <summary>What the sender said by the channel that lies at a server, ahead of the letter that says where.</summary>
    public List<ChunkSpan> Promised { get; } = [];

    /// <summary>What lies at servers, or will.</summary>
    public ChunkSet AtServer { get; private set; } = new();

    public SortedDictionary<Route, ulong> Shares { get; } = [];

    /// <summary>Of the direct share, by lanes of HTTPS.</summary>
    public ulong HttpsBytes { get; set; }

    /// <summary>Whether the destination is open.</summary>
    public bool Ready { get; set; }

    /// <summary>Why the other end sends nothing; unspecified: it does.</summary>
    public FileStopReason HeldBack { get; set; }

    /// <summary>What the other end said last when it sent nothing; unspecified: nothing.</summary>
    public FileStopReason TheySaid { get; set; }

    /// <summary>Its end was said once more in this run.</summary>
    public bool Repeated { get; set; }

    /// <summary>Since when the channel owes something and gave nothing.</summary>
    public long DirectSince { get; set; }

    public long DirectFrom { get; set; } = long.MinValue;

    public int Stalls { get; set; }

    public long FetchFrom { get; set; } = long.MinValue;

    public int FetchFailures { get; set; }

    public bool ReadingManifest { get; set; }

    /// <summary>Pages of leaves that came by this channel: item and index.</summary>
    public HashSet<(uint Item, uint Page)> Paged { get; } = [];

    public Dictionary<int, int> WrongByItem { get; } = [];

    public int WrongInAll { get; set; }

    public int WrongAtServer { get; set; }

    /// <summary>Verified bytes that no row says yet, and since when.</summary>
    public long UnkeptBytes { get; set; }

    public long? UnkeptSince { get; set; }

    // Outgoing.

    public Queue<FileWant> Wants { get; } = [];

    public long WantedChunks { get; set; }

    public bool Uploading { get; set; }

    /// <summary>After a restart, until the driver has looked for the source.</summary>
    public bool SourceUnknown { get; set; }

    public long UploadFrom { get; set; } = long.MinValue;

    public int GoneAtServer { get; set; }

    /// <summary>When it is looked whether what was said of drop-offs is to be said again.</summary>
    public long? SayAgainAt { get; set; }

    public ulong TheirBytes { get; set; }

    public ulong TheirThrough { get; set; }

    /// <summary>Verified bytes by route, as they are kept and told.</summary>
    public IEnumerable<FileRouteShare> ToldShares() =>
        Shares.Select(share => new FileRouteShare { Route = share.Key, Bytes = share.Value, HttpsBytes = share.Key == Route.Direct ? HttpsBytes : 0 });

    public static string RowKey(TransferId id) => "transfer/" + id;

    public static string ItemsKey(TransferId id) => RowKey(id) + "/items";

    public static string ProgressKey(TransferId id) => RowKey(id) + "/progress";

    public void SetItems(FileManifest? items)
    {
        HasItems = items is not null;
        FileId? manifest = Record.Manifest is { } blob && FileId.TryRead(blob.Root, blob.Size, out var id) ? id : null;
        Layout = new TransferLayout(manifest, items is null ? [] : [.. items.Items.Select(item => Read(item.Blob))]);
        Recount();
    }

    /// <summary>What the record says of lost items and drop-offs, in chunks.</summary>
    public void Recount()
    {
        AtServer = ChunkSet.Of(Record.DropOffs.SelectMany(dropOff => dropOff.Spans).Concat(Promised));
        Lost.Clear();
        foreach (var lost in Record.Lost.Where(lost => lost.Item < Layout.Items))
        {
            var (first, end) = Layout.Of((int)lost.Item);
            Lost.Add(first, end);
        }
    }

    /// <summary>Bytes of what lies at servers.</summary>
    public ulong BytesAtServer => (ulong)AtServer.All.Sum(range => Layout.BytesOf(range.First, range.End));

    private static FileId Read(FileBlob blob) =>
        FileId.TryRead(blob.Root, blob.Size, out var id) ? id : throw new InvalidDataException("A transfer's row cannot be read.");
}
