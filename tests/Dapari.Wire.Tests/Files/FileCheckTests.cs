using CsCheck;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests.Files;

public sealed class FileCheckTests
{
    private static readonly ByteString Id = ByteString.CopyFrom(new byte[16]);
    private static readonly ByteString Key = ByteString.CopyFrom(new byte[32]);

    [Fact]
    public void Caps_hold_at_the_limit_and_one_beyond()
    {
        Holds(n => Offer(offer => offer.Caption = new string('x', n)), WireLimits.TextBytes, ContentFault.TextTooLong);
        Holds(n => Offer(offer => offer.Items[0].Name = new string('x', n)), WireLimits.FileNameBytes, ContentFault.TextTooLong);
        Holds(n => Offer(offer => offer.Items[0].MediaType = new string('x', n)), WireLimits.MediaTypeBytes, ContentFault.TextTooLong);
        Holds(n => Offer(offer => offer.Items[0].Folder.Add(new string('x', n))), WireLimits.FileNameBytes, ContentFault.TextTooLong);
        Holds(n => Offer(offer => offer.Items[0].Folder.Add(Enumerable.Repeat("f", n))), WireLimits.FolderDepth, ContentFault.TooMany);
        Holds(n => Offer(offer => offer.Items[0].Folder.Add([new string('x', 1000), new string('x', 1000), new string('x', 1000), new string('x', 1000), new string('x', n)])),
            WireLimits.FolderBytes - 4000, ContentFault.TextTooLong);
        Holds(n => Offer(offer => offer.Items[0].Preview = new FilePreview { Picture = ByteString.CopyFrom(new byte[n]) }), WireLimits.PreviewBytes, ContentFault.TooLarge);
        Holds(n => Offer(offer => offer.Items[0].Preview = new FilePreview { Waveform = ByteString.CopyFrom(new byte[n]) }), WireLimits.WaveformSteps, ContentFault.TooLarge);
        Holds(n => Offer(offer => offer.Items[0].Preview = new FilePreview { Height = (uint)n }), (int)WireLimits.PictureSide, ContentFault.FieldLength);
        Holds(n => OfferOf(Enumerable.Repeat(Item(1), n)), WireLimits.FilesPerOffer, ContentFault.TooMany);
        Holds(
            n => OfferOf([Previewed(WireLimits.PreviewBytes), Previewed(WireLimits.PreviewBytes), Previewed(n)]),
            WireLimits.PreviewsBytes - (2 * WireLimits.PreviewBytes), ContentFault.TooLarge);
        Holds(n => Manifested(offer => offer.ItemCount = (uint)n), WireLimits.FilesPerTransfer, ContentFault.TooMany);
        Holds(n => Manifested(offer => offer.Manifest.Size = (ulong)n), WireLimits.ManifestBytes, ContentFault.TooLarge);
        Holds(n => Dropped(drop => drop.Spans.Add(Enumerable.Repeat(new ChunkSpan { First = 1, Count = 1 }, n - 1))), WireLimits.DropOffSpans, ContentFault.TooMany);
        Holds(n => Dropped(drop => drop.KeepDays = (uint)n), (int)WireLimits.DropOffDays, ContentFault.FieldLength);
        Holds(n => new Content { FileUpdate = new FileUpdate { TransferId = Id, Lost = new FileLost { Item = (uint)n } } }, WireLimits.FilesPerTransfer, ContentFault.FieldLength);
        Holds(n => Ended(end => end.Shares.Add(Enumerable.Repeat(new FileRouteShare { Bytes = 1 }, n))), WireLimits.FileShares, ContentFault.TooMany);
    }

    [Fact]
    public void Offers_that_contradict_themselves_are_refused()
    {
        Refused(Offer(offer => offer.TotalSize = 6), ContentFault.Contradiction);
        Refused(Offer(offer => offer.ItemCount = 2), ContentFault.Contradiction);
        Refused(Offer(offer => offer.Items.Clear()), ContentFault.Contradiction);
        Refused(Offer(offer => offer.Manifest = new FileBlob { Root = Key, Size = 5 }), ContentFault.Contradiction);
        Refused(Manifested(offer => offer.ItemCount = 0), ContentFault.Contradiction);
        Refused(Manifested(offer => offer.TotalSize = (1UL << 50) + 1), ContentFault.Contradiction);
        Refused(Manifested(offer => offer.Manifest.Size = 0), ContentFault.TooLarge);
        Refused(Manifested(offer => offer.Manifest.Root = Id), ContentFault.FieldLength);
        Refused(OfferOf([Item(1UL << 50), Item(1)]), ContentFault.Contradiction);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Refused(Offer(offer => offer.MessageId = Key), ContentFault.FieldLength);
        Refused(Offer(offer => offer.TransferId = ByteString.Empty), ContentFault.FieldLength);
        Refused(Offer(offer => offer.Items[0].Blob = null), ContentFault.FieldLength);
        Refused(Offer(offer => offer.Items[0].Blob.Root = Id), ContentFault.FieldLength);
        Refused(Offer(offer => offer.Items[0].Blob.Size = (1UL << 50) + 1), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.BlobId = Key), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.Key = Id), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.ReadToken = Id), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.Server = "https://example.org/path"), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.Spans[0].Count = 0), ContentFault.FieldLength);
        Refused(Dropped(drop => drop.Spans.Clear()), ContentFault.FieldLength);
        Refused(Dropped(drop => { drop.Spans[0].First = 1UL << 32; drop.Spans[0].Count = ulong.MaxValue; }), ContentFault.FieldLength);
        Refused(Ended(end => end.Shares.Add(new FileRouteShare { Bytes = ulong.MaxValue })), ContentFault.FieldLength);
    }

    [Fact]
    public void A_manifest_reads_back_and_is_held_to_its_offer()
    {
        var manifest = new FileManifest { Items = { Enumerable.Range(1, WireLimits.FilesPerTransfer).Select(i => Item((ulong)i)) } };
        var bytes = ManifestCodec.Write(manifest);
        var total = (ulong)WireLimits.FilesPerTransfer * (WireLimits.FilesPerTransfer + 1) / 2;
        Assert.True(ManifestCodec.TryRead(bytes, WireLimits.FilesPerTransfer, total, out var read, out var fault), fault.ToString());
        Assert.Equal(manifest, read);
        Lies(bytes, WireLimits.FilesPerTransfer - 1, total, ContentFault.Contradiction);
        Lies(bytes, WireLimits.FilesPerTransfer, total - 1, ContentFault.Contradiction);
        manifest.Items.Add(Item(1));
        Lies(manifest.ToByteArray(), WireLimits.FilesPerTransfer + 1, total + 1, ContentFault.TooMany);
        Assert.Throws<ArgumentException>(() => ManifestCodec.Write(manifest));
        Lies(new FileManifest { Items = { Previewed(1) } }.ToByteArray(), 1, 1, ContentFault.Contradiction);
        Lies(new byte[WireLimits.ManifestBytes + 1], 1, 1, ContentFault.TooLarge);
        Lies([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], 1, 1, ContentFault.Malformed);
        Lies([0x0B], 1, 1, ContentFault.Malformed);
    }

    [Fact]
    public void A_manifest_of_endless_empty_items_is_refused_before_any_is_made()
    {
        var bytes = new byte[WireLimits.ManifestBytes];
        for (var i = 0; i < bytes.Length; i += 2)
            bytes[i] = 0x0A;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Lies(bytes, 1, 1, ContentFault.TooMany);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        // One item as large as all: refused too.
        var one = new FileManifest { Items = { new FileItem { Name = new string('x', WireLimits.ManifestItemBytes) } } };
        Lies(one.ToByteArray(), 1, 1, ContentFault.TooLarge);
    }

    [Fact]
    public void No_bytes_throw() => Gen.Byte.Array[0, 300].Sample(bytes => { ManifestCodec.TryRead(bytes, 1, 1, out _, out _); });

    internal static Content Offer(Action<FileOffer> change)
    {
        var content = OfferOf([Item(5)]);
        change(content.File);
        return content;
    }

    internal static FileItem Item(ulong size) => new() { Name = "a.txt", Blob = new FileBlob { Root = Key, Size = size } };

    internal static Content Dropped(Action<DropOff> change)
    {
        var drop = new DropOff { Server = "https://example.org", BlobId = Id, ReadToken = Key, Key = Key, KeepDays = 14, Spans = { new ChunkSpan { First = 1, Count = 1 } } };
        change(drop);
        return new Content { FileUpdate = new FileUpdate { TransferId = Id, DropOff = drop } };
    }

    private static Content OfferOf(IEnumerable<FileItem> items)
    {
        var offer = new FileOffer { MessageId = Id, TransferId = Id, Clock = 3, Items = { items } };
        offer.ItemCount = (uint)offer.Items.Count;
        offer.TotalSize = offer.Items.Aggregate(0UL, (sum, item) => sum + item.Blob.Size);
        return new Content { File = offer };
    }

    private static FileItem Previewed(int bytes)
    {
        var item = Item(1);
        item.Preview = new FilePreview { Picture = ByteString.CopyFrom(new byte[bytes]) };
        return item;
    }

    private static Content Manifested(Action<FileOffer> change)
    {
        var offer = new FileOffer { MessageId = Id, TransferId = Id, Manifest = new FileBlob { Root = Key, Size = 99 }, ItemCount = 2_000, TotalSize = 1UL << 50 };
        change(offer);
        return new Content { File = offer };
    }

    private static Content Ended(Action<FileEnd> change)
    {
        var end = new FileEnd { Outcome = FileOutcome.Arrived };
        change(end);
        return new Content { FileUpdate = new FileUpdate { TransferId = Id, End = end } };
    }

    private static void Lies(byte[] bytes, uint count, ulong total, ContentFault expected)
    {
        Assert.False(ManifestCodec.TryRead(bytes, count, total, out _, out var fault));
        Assert.Equal(expected, fault);
    }

    private static void Refused(Content content, ContentFault expected)
    {
        Assert.False(ContentCodec.TryRead(content.ToByteArray(), out _, out var fault));
        Assert.Equal(expected, fault);
    }

    private static void Holds(Func<int, Content> make, int cap, ContentFault beyond)
    {
        Assert.True(ContentCodec.TryRead(make(cap).ToByteArray(), out _, out var fault), fault.ToString());
        Refused(make(cap + 1), beyond);
    }
}
