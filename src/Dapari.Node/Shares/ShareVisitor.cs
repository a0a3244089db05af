using System.Buffers.Binary;
using System.Threading.Channels;
using Dapari.Node.Files.Https;
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
    // Not said by anybody: what this end has to do in its turn.
    private const string Wish = "wish";
    private const string LaneOver = "lane-over";
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
    private ShareLane? _lane;
    private bool _wished;
    private bool _byLane;
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
        if (_lane is { } lane)
            await lane.DisposeAsync();
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
        Volatile.Read(ref _lane)?.End();
        host.Forget(number);
    }

    // On the driver's thread. Nothing but words is heard of a visitor, and no more of them than are ever of use. Those about a lane that is under way do not wait behind what is being given.
    private void Hear(byte[] message)
    {
        if (LaneWord.TryReadGot(message, out var records))
        {
            Volatile.Read(ref _lane)?.Acknowledge(records);
            return;
        }

        if (message is [LaneWord.Over])
        {
            Volatile.Read(ref _lane)?.End();
            return;
        }

        if (LaneWord.TryReadWish(message, out var origin) && _words.Writer.TryWrite(new ShareWord(Wish) { From = origin }))
            return;
        var good = message.Length > 1 && message[0] == Control && ShareWord.TryRead(message.AsSpan(1)) is { } word && word.Kind is not ("files" or Wish or LaneOver)
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
                return await path.SendAsync(Framed(new ShareWord("files") { Version = 1, From = host.From, Https = host.Door is null ? null : true, Files = [.. host.Sources.Select(source => source.Told)] }));
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
            case Wish when _receipt is not null && !_wished && host.Door is { } door:
                _wished = true;
                return await OfferLaneAsync(path, door, word.From!);
            case LaneOver:
                return await LeaveLaneAsync(path, new Queue<Task<bool>>());
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

    // To whoever has taken a use, and to nobody before: it names this machine.
    private async Task<bool> OfferLaneAsync(RtcPath path, HttpsDoor door, string origin)
    {
        if (ShareLane.TryOpen(door, origin, RandomSource.System, host.Parts.Time) is not { } lane)
            return true;
        Volatile.Write(ref _lane, lane);
        _ = WatchAsync(lane);
        return await path.SendAsync(lane.Offer);
    }

    private async Task WatchAsync(ShareLane lane)
    {
        await lane.Ended;
        _words.Writer.TryWrite(new ShareWord(LaneOver));
    }

    // What the visitor may not have goes again, before anything else does; what it has it passes over.
    private async Task<bool> LeaveLaneAsync(RtcPath path, Queue<Task<bool>> sent)
    {
        if (_lane is not { } lane)
            return true;
        Volatile.Write(ref _lane, null);
        _byLane = false;
        var good = await path.SendAsync(new[] { LaneWord.Over });
        foreach (var message in lane.Rescue())
            good = good && await SendBeneathAsync(path, message, sent);
        await lane.DisposeAsync();
        return good && await AllAsync(sent);
    }

    private async Task<bool> GiveAsync(RtcPath path, int item, uint first, uint count, bool pages)
    {
        var source = host.Sources[item - 1];
        var sent = new Queue<Task<bool>>();
        for (var level = pages ? source.Id.Shape.Levels : 0; level > 0; level--)
        {
            var name = new TreePage(level, FileShape.PageOver(first, level));
            if (!await SendAsync(path, PageMessage(source, (ushort)item, name), sent))
                return false;
        }

        var room = new byte[FileChannelCodec.PieceHeader + FileShape.ChunkBytes];
        for (var at = first; at < first + count; at++)
        {
            var length = source.Id.Shape.ChunkLength(at);
            if (!host.Ledger.TryGive(_receipt!, length))
                return false;
            if (!source.TryRead(at, room.AsSpan(FileChannelCodec.PieceHeader, length)))
                return await path.SendAsync(Framed(new ShareWord("lost") { Item = item })) && false;
            FileChannelCodec.WritePieceHeader(room, host.Transfer, (ushort)item, at, 0);
            if (!await SendAsync(path, room.AsMemory(0, FileChannelCodec.PieceHeader + length), sent))
                return false;
            Interlocked.Decrement(ref _owed);
        }

        return await AllAsync(sent);
    }

    // A page, or a whole chunk: by the lane once it is open, else by the channel. Both ends know in what order.
    private async Task<bool> SendAsync(RtcPath path, ReadOnlyMemory<byte> message, Queue<Task<bool>> sent)
    {
        if (_lane is { } lane)
        {
            if (!_byLane && lane.IsOpen)
            {
                _byLane = true;
                sent.Enqueue(path.SendAsync(new[] { ShareLane.ByLane }));
            }

            if (_byLane && await lane.TrySendAsync(message, _stopping.Token))
                return true;
            if (_byLane && !await LeaveLaneAsync(path, sent))
                return false;
        }

        return await SendBeneathAsync(path, message, sent);
    }

    private static async Task<bool> SendBeneathAsync(RtcPath path, ReadOnlyMemory<byte> message, Queue<Task<bool>> sent)
    {
        if (message.Span[0] != (byte)FileMessageKind.Piece)
            return await AddAsync(path.SendAsync(message.ToArray()), sent);
        for (var at = FileChannelCodec.PieceHeader; at < message.Length; at += WireLimits.FilePieceBytes)
        {
            if (!await AddAsync(path.SendAsync(Piece(message.Span, at)), sent))
                return false;
        }

        return true;
    }

    private static async Task<bool> AddAsync(Task<bool> sending, Queue<Task<bool>> sent)
    {
        sent.Enqueue(sending);
        return sent.Count <= AtOnce || await sent.Dequeue();
    }

    private static async Task<bool> AllAsync(Queue<Task<bool>> sent)
    {
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

    // Of a whole chunk behind its header.
    private static byte[] Piece(ReadOnlySpan<byte> whole, int at)
    {
        byte[] piece = [.. whole[..FileChannelCodec.PieceHeader], .. whole[at..Math.Min(at + WireLimits.FilePieceBytes, whole.Length)]];
        BinaryPrimitives.WriteUInt32BigEndian(piece.AsSpan(FileChannelCodec.PieceHeader - sizeof(uint)), (uint)(at - FileChannelCodec.PieceHeader));
        return piece;
    }
}
