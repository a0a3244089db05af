using System.Threading.Channels;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Shares;

/// <summary>The sender's end of one visit: a connection, and a task that gives what is asked for, in order.</summary>
internal sealed class ShareVisitor(ShareHost host, uint number, byte[] visit) : IAsyncDisposable
{
    /// <summary>The channel's label.</summary>
    public const string Label = "dapari-share";

    /// <summary>Chunks that may be owed to a visitor.</summary>
    public const uint MostOwed = 64;

    // Messages of a piece each that are given to the connection at once: a mebibyte.
    private const int AtOnce = 16;
    private const byte Control = (byte)FileMessageKind.Control;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private readonly Channel<ShareWord> _words = Channel.CreateBounded<ShareWord>(256);
    private readonly CancellationTokenSource _stopping = new();
    private RtcPath? _path;
    private Task _serving = Task.CompletedTask;
    private ITimer? _limit;
    private string? _receipt;
    private long _owed;
    private int _over;
    private long _opened;

    /// <summary>What the visitor drew for this connection.</summary>
    public byte[] Visit => visit;

    /// <summary>Begins to make the connection.</summary>
    public void Start() => _serving = Task.Run(RunAsync);

    /// <summary>A word of signalling.</summary>
    public void Take(ShareWord word)
    {
        if (word.ToSignal() is { PartCase: not Signal.PartOneofCase.OfferSdp } signal)
            Volatile.Read(ref _path)?.Accept(signal);
    }

    /// <summary>The visitor left the rendezvous: without a connection by now there will be none.</summary>
    public void LeftRendezvous()
    {
        if (Interlocked.Read(ref _opened) == 0)
            End();
    }

    /// <summary>Tells that the share is over, and lets the visitor go.</summary>
    public async Task EndAsync(ShareEnd why)
    {
        var word = new ShareWord("over") { Why = Name(why) };
        if (Volatile.Read(ref _path) is { } path && await path.SendAsync(Framed(word)))
            return;
        host.Say(number, visit, word);
    }

    /// <summary>Ends it, for another connection has the same use now.</summary>
    public void YieldTo(string receipt)
    {
        if (Volatile.Read(ref _receipt) == receipt)
            End();
    }

    /// <summary>How an end is called in words.</summary>
    public static string Name(ShareEnd why) => why switch { ShareEnd.Time => "time", ShareEnd.UsedUp => "used-up", _ => "stopped" };

    /// <summary>A word as a message of the channel.</summary>
    public static byte[] Framed(ShareWord word) => [Control, .. word.Write()];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End();
        await _serving;
        if (_path is { } path)
            await path.DisposeAsync();
        if (_limit is { } limit)
            await limit.DisposeAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            var servers = await host.ServersAsync(_stopping.Token);
            var path = new RtcPath(host.NextPath(), offerer: true, polite: false, servers, host.Parts, Label)
            {
                SignalMade = (_, signal) =>
                {
                    if (ShareWord.Of(signal) is { } word)
                        host.Say(number, visit, word);
                },
                Opened = (_, _) => Open(),
                FactsChanged = (_, _) => { },
                Received = (_, message) => Hear(message),
                Ended = _ => End(),
            };
            _limit = host.Parts.Time.CreateTimer(_ => LeftRendezvous(), null, _patience, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _path, path);
            path.Start();
            await foreach (var word in _words.Reader.ReadAllAsync(_stopping.Token))
            {
                if (!await DoAsync(path, word))
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // It ended.
        }

        if (_receipt is { } receipt)
            host.Ledger.Leave(receipt, this);
        End();
    }

    private void Open()
    {
        Interlocked.Exchange(ref _opened, 1);
        _words.Writer.TryWrite(new ShareWord("files"));
    }

    private void End()
    {
        if (Interlocked.Exchange(ref _over, 1) != 0)
            return;
        _words.Writer.TryComplete();
        _stopping.Cancel();
        host.Forget(number);
    }

    // On the driver's thread. Nothing but words is heard of a visitor, and no more of them than are ever of use.
    private void Hear(byte[] message)
    {
        var good = message.Length > 1 && message[0] == Control && ShareWord.TryRead(message.AsSpan(1)) is { } word && word.Kind != "files"
            && (word.Kind != "want" || IsWish(word)) && _words.Writer.TryWrite(word);
        if (!good)
            End();
    }

    private bool IsWish(ShareWord word)
    {
        if (word is not { Item: > 0, First: { } first, Count: { } count } || word.Item > host.Sources.Count || count is 0 or > MostOwed)
            return false;
        var shape = host.Sources[word.Item.Value - 1].Id.Shape;
        return first + (long)count <= shape.Chunks && first / FileShape.FanOut == (first + count - 1) / FileShape.FanOut && Interlocked.Add(ref _owed, count) <= 2 * MostOwed; // What has come there is perhaps not counted here yet.
    }

    private async Task<bool> DoAsync(RtcPath path, ShareWord word)
    {
        switch (word.Kind)
        {
            case "files": // Its own: the channel is open.
                return await path.SendAsync(Framed(new ShareWord("files") { Version = 1, From = host.From, Files = [.. host.Sources.Select(source => source.Told)] }));
            case "take" when _receipt is null && word.Receipt is { Length: 32 } receipt && receipt.All(char.IsAsciiHexDigitLower):
                if (!host.Ledger.TryTake(receipt, this))
                {
                    await path.SendAsync(Framed(new ShareWord("over") { Why = host.Ledger.Judge() == ShareEnd.Time ? "time" : "used-up" }));
                    return true;
                }

                host.Replace(receipt, this);
                _receipt = receipt;
                host.Told("came");
                return await path.SendAsync(Framed(new ShareWord("taken")));
            case "want" when _receipt is not null:
                return await GiveAsync(path, word.Item!.Value, word.First!.Value, word.Count!.Value, word.Pages is true);
            case "done" when _receipt is not null:
                host.Ledger.Finish(_receipt);
                host.Told("done");
                return await path.SendAsync(Framed(new ShareWord("done")));
            default:
                return false;
        }
    }

    private async Task<bool> GiveAsync(RtcPath path, int item, uint first, uint count, bool pages)
    {
        var source = host.Sources[item - 1];
        for (var level = pages ? source.Id.Shape.Levels : 0; level > 0; level--)
        {
            var name = new TreePage(level, FileShape.PageOver(first, level));
            if (!await path.SendAsync(PageMessage(source, (ushort)item, name)))
                return false;
        }

        var sent = new Queue<Task<bool>>();
        var chunk = new byte[FileShape.ChunkBytes];
        for (var at = first; at < first + count; at++)
        {
            var length = source.Id.Shape.ChunkLength(at);
            if (!host.Ledger.TryGive(_receipt!, length))
                return false;
            if (!source.TryRead(at, chunk.AsSpan(0, length)))
                return await path.SendAsync(Framed(new ShareWord("lost") { Item = item })) && false;
            for (var offset = 0; offset < length; offset += WireLimits.FilePieceBytes)
            {
                while (sent.Count >= AtOnce)
                {
                    if (!await sent.Dequeue())
                        return false;
                }

                sent.Enqueue(path.SendAsync(Piece((ushort)item, at, offset, chunk.AsSpan(offset, Math.Min(WireLimits.FilePieceBytes, length - offset)))));
            }

            Interlocked.Decrement(ref _owed);
        }

        while (sent.TryDequeue(out var last))
        {
            if (!await last)
                return false;
        }

        return true;
    }

    private byte[] PageMessage(ShareSource source, ushort item, TreePage name)
    {
        var hashes = source.Page(name);
        var message = new byte[FileChannelCodec.PageHeader + hashes.Length];
        FileChannelCodec.WritePageHeader(message, host.Transfer, item, name);
        hashes.CopyTo(message.AsSpan(FileChannelCodec.PageHeader));
        return message;
    }

    private byte[] Piece(ushort item, uint chunk, int offset, ReadOnlySpan<byte> bytes)
    {
        var message = new byte[FileChannelCodec.PieceHeader + bytes.Length];
        FileChannelCodec.WritePieceHeader(message, host.Transfer, item, chunk, offset);
        bytes.CopyTo(message.AsSpan(FileChannelCodec.PieceHeader));
        return message;
    }
}
