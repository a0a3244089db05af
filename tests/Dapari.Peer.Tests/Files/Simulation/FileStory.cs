using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Files.Simulation;

/// <summary>What is sent in a world, and whether it came.</summary>
internal static class FileStory
{
    public static TransferId Offer(FileWorld world, FilePeer from, IReadOnlyList<byte[]> files, bool manifest)
    {
        var idBytes = new byte[16];
        world.Random.NextBytes(idBytes);
        TransferId.TryRead(idBytes, out var id);
        var sources = files.Select(bytes => new SourceFile(bytes)).ToList();
        var list = new FileManifest { Items = { sources.Select(source => new FileItem { Name = "a", Blob = Blob(source) }) } };
        var offer = new FileOffer
        {
            MessageId = id.ToByteString(), TransferId = id.ToByteString(), ItemCount = (uint)files.Count, TotalSize = (ulong)files.Sum(file => file.LongLength),
        };
        if (manifest)
        {
            var item0 = new SourceFile(ManifestCodec.Write(list));
            from.Driver.Sources[(id, 0)] = item0;
            offer.Manifest = Blob(item0);
        }
        else
        {
            offer.Items.Add(list.Items);
        }

        for (var item = 0; item < sources.Count; item++)
            from.Driver.Sources[(id, item + 1)] = sources[item];
        from.Do((machine, step) => Assert.True(machine.Offered(step, from.Other.Id, offer, outgoing: true, list)));
        from.Other.Do((machine, step) => Assert.True(machine.Offered(step, from.Id, offer, outgoing: false)));
        from.Other.Do((machine, step) => machine.Want(step, id));
        return id;
    }

    public static IReadOnlyList<byte[]> Files(Random random, int count, int mostBytes)
    {
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var bytes = new byte[random.Next(mostBytes)];
            random.NextBytes(bytes);
            return bytes;
        })];
    }

    /// <summary>All is quiet, and both ends agree on all of it.</summary>
    public static void Arrived(FileWorld world, FilePeer from, TransferId id, IReadOnlyList<byte[]> files)
    {
        var here = from.Machine.Find(id);
        var there = from.Other.Machine.Find(id);
        var story = $"seed {world.Seed}: {here?.Record.State} {here?.Record.End?.Outcome} / {there?.Record.State} {there?.Record.Trouble} {there?.Record.End?.Outcome}, "
            + $"{there?.Verified.Count} of {there?.Layout.Chunks}";
        Assert.True(here is { Record: { State: TransferState.Ended, End.Outcome: FileOutcome.Arrived } }, story);
        Assert.True(there is { Record: { State: TransferState.Ended, End.Outcome: FileOutcome.Arrived } }, story);
        Assert.Equal(there.Record.End, here.Record.End);
        var total = files.Sum(file => file.LongLength) + (from.Driver.Sources.TryGetValue((id, 0), out var manifest) ? manifest.Bytes.Length : 0);
        Assert.Equal((ulong)total, there.Record.End.Shares.Aggregate(0UL, (sum, share) => sum + share.Bytes));
        Assert.Contains(id, from.Other.Driver.InPlace);
        Intact(from, id, files);
    }

    public static void Intact(FilePeer from, TransferId id, IReadOnlyList<byte[]> files)
    {
        for (var item = 1; item <= files.Count; item++)
            Assert.True(files[item - 1].AsSpan().SequenceEqual(from.Other.Driver.Read(id, item)), "bit for bit");
    }

    private static FileBlob Blob(SourceFile source) => new() { Root = source.Id.Root.ToByteString(), Size = (ulong)source.Bytes.Length };
}
