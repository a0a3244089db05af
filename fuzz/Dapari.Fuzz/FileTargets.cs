using System.Text;
using Dapari.Peer.Files;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What a peer makes of others' files.</summary>
internal static class FileTargets
{
    private const int Leaves = 300;

    private static readonly ByteString Id = ByteString.CopyFrom(Enumerable.Range(1, 16).Select(i => (byte)i).ToArray());
    private static readonly (FileId File, Dictionary<TreePage, byte[]> Pages) Tree = Plant();

    public static IEnumerable<Target> All =>
    [
        new("file-message", Messages, Message),
        new("file-manifest", Manifests, Manifest),
        new("file-tree", TreeScripts, TreeScript),
        new("file-name", Names, Name),
        new("file-type", Heads, Type),
    ];

    private static string Message(byte[] input)
    {
        var good = FileChannelCodec.TryRead(input, out var message, out var fault);
        Require(good == (fault == FileChannelFault.None), "result and fault agree");
        if (!good)
            return fault.ToString();
        switch (message.Kind)
        {
            case FileMessageKind.Control:
                Require(FileChannelCodec.TryRead(FileChannelCodec.Write(message.Control!), out var again, out _) && again.Control!.Equals(message.Control), "reads back what it wrote");
                return message.Control!.KindCase.ToString();
            case FileMessageKind.Piece:
                Require(message.Bytes.Length is > 0 and <= WireLimits.FilePieceBytes && message.Offset < FileShape.ChunkBytes, "a piece within a chunk");
                var piece = new byte[FileChannelCodec.PieceHeader];
                FileChannelCodec.WritePieceHeader(piece, message.Transfer, message.Item, message.Chunk, message.Offset);
                Require(input.AsSpan(0, piece.Length).SequenceEqual(piece), "one form of a header");
                return "piece";
            default:
                Require(message.Bytes.Length % TreeHash.Length == 0 && message.Bytes.Length <= FileShape.PageBytes, "whole hashes");
                return "page";
        }
    }

    private static string Manifest(byte[] input)
    {
        var good = ManifestCodec.TryRead(input, 2, 11, out var manifest, out var fault);
        Require(good == (manifest is not null) && good == (fault == ContentFault.None), "result and fault agree");
        if (manifest is null)
            return fault.ToString();
        Require(manifest.Items.Count == 2 && manifest.Items[0].Blob.Size + manifest.Items[1].Blob.Size == 11, "as the offer said");
        Require(ManifestCodec.TryRead(ManifestCodec.Write(manifest), 2, 11, out var again, out _) && again.Equals(manifest), "reads back what it wrote");
        return "read";
    }

    // A script of a hostile sender: a page or a leaf each, right, changed, or out of place.
    private static string TreeScript(byte[] input)
    {
        var verifier = new TreeVerifier(Tree.File, FileShape.MaxLevels);
        var right = 0;
        for (var at = 0; at + 3 < input.Length; at += 4)
        {
            var index = input[at + 1] | (input[at + 2] << 8);
            var change = input[at + 3];
            var verdict = input[at] % 2 == 0 ? Page(verifier, new TreePage(input[at] / 2, index), change) : Leaf(verifier, index, change);
            right += verdict == TreeVerdict.Right ? 1 : 0;
            Require(verifier.PagesKept <= FileShape.MaxLevels, "bounded memory");
        }

        return right == 0 ? "nothing" : "something";
    }

    private static TreeVerdict Page(TreeVerifier verifier, TreePage name, byte change)
    {
        var hashes = Tree.Pages.GetValueOrDefault(name)?.ToArray() ?? new byte[TreeHash.Length];
        if (change > 0)
            hashes[change % hashes.Length] ^= change;
        var verdict = verifier.AddPage(name, hashes, out _);
        Require(verdict != TreeVerdict.Right || (change == 0 && Tree.Pages.ContainsKey(name)), "a wrong page was believed");
        return verdict;
    }

    private static TreeVerdict Leaf(TreeVerifier verifier, int index, byte change)
    {
        var verdict = verifier.CheckLeaf(index, FileShape.ChunkBytes, NumberedLeaf(index + change), out _);
        Require(verdict != TreeVerdict.Right || (change == 0 && index < Leaves), "a wrong leaf was believed");
        return verdict;
    }

    private static string Name(byte[] input)
    {
        Check(Encoding.UTF8.GetString(input));
        return Check(new string([.. input.Chunk(2).Select(pair => (char)(pair[0] | ((pair.Length > 1 ? pair[1] : 0) << 8)))]));

        static string Check(string claimed)
        {
            var name = FileName.Clean(claimed);
            Require(name.Value.Length is > 0 and <= FileName.MaxLength && Encoding.UTF8.GetByteCount(name.Value) <= FileName.MaxBytes, "a name's length");
            Require(FileName.Clean(name.Value).Value == name.Value, "a clean name stays as it is");
            Require(name.Value.IndexOfAny(['/', '\\', ':', '\0', '\u202E', '\u2066', '\u200B']) < 0, "nothing that leads elsewhere");
            Require(name.Value[0] is not ('.' or ' ') && name.Value[^1] is not ('.' or ' '), "no dots or blanks at the ends");
            var paths = new FilePaths();
            var folder = paths.AddFolder(claimed.Split(','));
            Require(folder.All(part => part is not (".." or ".") && part.IndexOfAny(['/', '\\']) < 0), "folders lead only down");
            Require(!paths.Add(folder, claimed).Value.Equals(paths.Add(folder, claimed).Value, StringComparison.OrdinalIgnoreCase), "two names for two files");
            return name.Trouble.ToString();
        }
    }

    private static string Type(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input.AsSpan(Math.Min(input.Length, 8)));
        var judgement = FileJudgement.Judge(FileName.Clean(text), text, input);
        Require(!judgement.MediaType.Contains("html", StringComparison.Ordinal) && !judgement.MediaType.Contains("svg", StringComparison.Ordinal), "nothing that runs in a page");
        Require(judgement.MediaType.All(letter => char.IsAscii(letter) && !char.IsControl(letter)), "a type that a header may carry");
        return judgement.Sniffed + "+" + judgement.Warning;
    }

    private static IEnumerable<byte[]> Messages()
    {
        TransferId.TryRead(Id, out var transfer);
        foreach (var frame in new[]
        {
            new FileFrame { TransferId = Id, Want = new FileWant { Range = new ChunkRange { Item = 1, First = 5, Count = 8 }, Pages = true } },
            new FileFrame { TransferId = Id, Drop = new FileDrop() },
            new FileFrame { TransferId = Id, Stop = new FileStop { Reason = FileStopReason.Paused } },
            new FileFrame { TransferId = Id, Have = new FileHave { Bytes = 7, Through = 1 } },
            new FileFrame { TransferId = Id, Ready = new FileReady { AtServer = { new ChunkSpan { First = 1, Count = 3 } } } },
        })
            yield return FileChannelCodec.Write(frame);
        var piece = new byte[FileChannelCodec.PieceHeader + 5];
        FileChannelCodec.WritePieceHeader(piece, transfer, 1, 2, WireLimits.FilePieceBytes);
        yield return piece;
        var page = new byte[FileChannelCodec.PageHeader + TreeHash.Length];
        FileChannelCodec.WritePageHeader(page, transfer, 1, new TreePage(1, 0));
        yield return page;
    }

    private static IEnumerable<byte[]> Manifests()
    {
        var root = FileHash.Empty.ToByteString();
        yield return ManifestCodec.Write(new FileManifest
        {
            Items =
            {
                new FileItem { Name = "a.txt", Folder = { "Trip", "Day 1" }, MediaType = "text/plain", Blob = new FileBlob { Root = root, Size = 5 } },
                new FileItem { Name = "b.jpg", Kind = FileKind.Picture, Blob = new FileBlob { Root = root, Size = 6 } },
            },
        });
    }

    private static IEnumerable<byte[]> TreeScripts()
    {
        yield return [4, 0, 0, 0, 2, 0, 0, 0, 1, 9, 0, 0, 2, 1, 0, 0, 1, 1, 1, 0];
        yield return [2, 0, 0, 0, 4, 0, 0, 1, 1, 9, 0, 1];
    }

    private static IEnumerable<byte[]> Names() => new[]
    {
        "holiday.jpg", "../../etc/passwd", "C:\\x\\y.txt", "photo\u202Egpj.exe", "con.txt", ".bashrc", "a.jpg .exe", new string('€', 300) + ".pdf", "a,b,..,c/d", "",
    }.Select(Encoding.UTF8.GetBytes);

    private static IEnumerable<byte[]> Heads() => new[]
    {
        "89504E470D0A1A0A", "FFD8FFE0", "3C7376673E", "4D5A900003000000612E6A7067", "25504446", "504B0304", "1A45DFA3", "0000001866747970", "7F454C46", "68656C6C6F2C20612E747874",
    }.Select(Convert.FromHexString);

    private static (FileId File, Dictionary<TreePage, byte[]> Pages) Plant()
    {
        var pages = new Dictionary<TreePage, byte[]>();
        var tree = new TreeBuilder((name, hashes) => pages[name] = hashes.ToArray());
        for (var k = 0; k < Leaves; k++)
            tree.Add(NumberedLeaf(k));
        return (new FileId(tree.Finish(), new FileShape((long)Leaves * FileShape.ChunkBytes)), pages);
    }

    private static TreeHash NumberedLeaf(int number) => FileHash.Leaf(BitConverter.GetBytes(number));
}
