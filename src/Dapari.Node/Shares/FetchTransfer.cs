using System.Threading.Channels;
using Dapari.Node.Paths.Rtc;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Shares;

/// <summary>
/// What comes by one connection: asks for chunks in order, and takes each only as the tree has it. The channel keeps the order, so anything but the next piece
/// ends the connection.
/// </summary>
/// <param name="store">Where it goes.</param>
/// <param name="id">The link's id.</param>
internal sealed class FetchTransfer(FetchStore store, byte[] id)
{
    private const uint InOneWish = 16;
    private const int MostWaiting = 2_048; // messages: what may be owed is a quarter of it
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly Channel<byte[]> _messages = Channel.CreateBounded<byte[]>(MostWaiting);
    private Network _network;
    private string? _over;
    private volatile bool _open;

    /// <summary>Verified bytes, of how many, by which way.</summary>
    public required Action<long, long, Network> Moved { get; init; }

    /// <summary>Whether the channel opened.</summary>
    public bool IsOpen => _open;

    public void Open(PathFacts facts)
    {
        _network = facts.Network;
        _open = true;
    }

    public void Change(PathFacts facts) => _network = facts.Network;

    /// <summary>A message, on the driver's thread.</summary>
    public void Hear(byte[] message)
    {
        if (!_messages.Writer.TryWrite(message))
            End();
    }

    /// <summary>Nothing more comes.</summary>
    public void End() => _messages.Writer.TryComplete();

    /// <summary>The sender said that it is over.</summary>
    public void Over(string why)
    {
        _over ??= why;
        End();
    }

    /// <summary>Until everything is here, or the connection is gone (null).</summary>
    public async Task<FetchEnd?> RunAsync(RtcPath path, Action begins, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            if (await NextAsync(time, cancellation) is not { } first)
                return EndOf();
            if (Word(first) is not { Kind: "files", Files: { Count: > 0 and <= WireLimits.FilesPerOffer } files } || !files.All(IsFile) || !store.TryBegin(files))
                return null;
            await path.SendAsync(ShareVisitor.Framed(new ShareWord("take") { Receipt = store.Receipt }));
            if (await NextAsync(time, cancellation) is not { } answer)
                return EndOf();
            if (Word(answer) is not { Kind: "taken" })
            {
                _over = Word(answer)?.Why;
                return EndOf();
            }

            begins();
            for (var item = 0; item < files.Count; item++)
            {
                if (!await FetchAsync(path, item, time, cancellation))
                    return EndOf();
            }

            await path.SendAsync(ShareVisitor.Framed(new ShareWord("done")));
            await NextAsync(time, cancellation); // So that the word has come before the connection goes.
            store.Clear();
            return FetchEnd.Done;
        }
        catch (IOException)
        {
            return FetchEnd.Disk;
        }
    }

    private static bool IsFile(ShareFile file) =>
        file is { Name.Length: <= 1_024, Type.Length: <= 256, Root.Length: 2 * TreeHash.Length, Size: >= 0 and <= FileShape.MaxSize } && file.Root.All(char.IsAsciiHexDigitLower)
        && (file.Size > 0 || file.Root == FileHash.Empty.ToString());

    private static ShareWord? Word(byte[] message) => message.Length > 1 && message[0] == (byte)FileMessageKind.Control ? ShareWord.TryRead(message.AsSpan(1)) : null;

    private FetchEnd? EndOf() => _over switch { "time" => FetchEnd.Time, "used-up" => FetchEnd.UsedUp, "stopped" => FetchEnd.Stopped, "lost" => FetchEnd.SourceLost, _ => null };

    private async Task<byte[]?> NextAsync(TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            return await _messages.Reader.ReadAsync(either.Token);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<bool> FetchAsync(RtcPath path, int item, TimeProvider time, CancellationToken cancellation)
    {
        var file = store.Files[item];
        TreeHash.TryRead(Convert.FromHexString(file.Root), out var root);
        var verifier = new TreeVerifier(new FileId(root, new FileShape(file.Size)));
        var chunks = verifier.File.Shape.Chunks;
        var next = Math.Min(store.Next(item), long.MaxValue / FileShape.ChunkBytes);
        if (next >= long.MaxValue / FileShape.ChunkBytes)
            return true; // It has its name already.
        var asked = next;
        var chunk = new byte[FileShape.ChunkBytes];
        while (next < chunks)
        {
            while (asked < chunks && asked - next + InOneWish <= ShareVisitor.MostOwed)
            {
                var count = (uint)Math.Min(InOneWish, Math.Min(chunks - asked, FileShape.FanOut - (asked % FileShape.FanOut)));
                await path.SendAsync(ShareVisitor.Framed(new ShareWord("want") { Item = item + 1, First = (uint)asked, Count = count, Pages = asked == next || asked % FileShape.FanOut == 0 }));
                asked += count;
            }

            if (!await TakeChunkAsync(verifier, item, next, chunk, time, cancellation))
                return false;
            store.Append(item, chunk.AsSpan(0, verifier.File.Shape.ChunkLength(next++)));
            Moved(store.Held, store.Files.Sum(one => one.Size), _network);
        }

        store.Finish(item);
        return true;
    }

    private async Task<bool> TakeChunkAsync(TreeVerifier verifier, int item, long chunk, byte[] into, TimeProvider time, CancellationToken cancellation)
    {
        var length = verifier.File.Shape.ChunkLength(chunk);
        for (var filled = 0; filled < length;)
        {
            if (await NextAsync(time, cancellation) is not { } message)
                return false;
            if (Word(message) is { } word)
            {
                _over = word.Kind == "lost" ? "lost" : word.Why;
                return false;
            }

            if (!FileChannelCodec.TryRead(message, out var part, out _) || part.Item != item + 1 || !IsOurs(part.Transfer))
                return false;
            if (part.Kind == FileMessageKind.Page)
            {
                if (filled > 0 || verifier.AddPage(part.Page, part.Bytes, out _) != TreeVerdict.Right)
                    return false;
                continue;
            }

            if (part.Kind != FileMessageKind.Piece || part.Chunk != chunk || part.Offset != filled || part.Bytes.Length != Math.Min(WireLimits.FilePieceBytes, length - filled))
                return false;
            part.Bytes.CopyTo(into.AsSpan(filled));
            filled += part.Bytes.Length;
        }

        return verifier.CheckChunk(chunk, into.AsSpan(0, length), out _) == TreeVerdict.Right;
    }

    private bool IsOurs(TransferId transfer)
    {
        Span<byte> bytes = stackalloc byte[RendezvousLimits.IdBytes];
        transfer.Write(bytes);
        return bytes.SequenceEqual(id);
    }
}
