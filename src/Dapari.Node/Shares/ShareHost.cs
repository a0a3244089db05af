using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Dapari.Node.Files.Https;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>Serves one share from this machine until it is over (docs/protocol/shares.md). What the rendezvous tells comes one after the other; each visitor has its own task.</summary>
internal sealed class ShareHost : IAsyncDisposable
{
    /// <summary>Visitors that are connected at a time.</summary>
    public const int MostVisitors = 6;

    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<uint, ShareVisitor> _visitors = [];
    private readonly ECDsa _key;
    private readonly byte[] _publicKey;
    private readonly Rendezvous _rendezvous;
    private readonly TimeProvider _time;
    private readonly RtcPathParts _parts;
    private byte[]? _servers;
    private CancellationTokenSource? _stopping;
    private ulong _paths;

    /// <param name="record">What is kept of it.</param>
    /// <param name="origin">Of the record.</param>
    /// <param name="sources">Its files, in the record's order; stay their owner's.</param>
    /// <param name="save">Keeps a change of the record.</param>
    /// <param name="authorities">Whose certificates count.</param>
    /// <param name="parts">For connections.</param>
    /// <param name="from">The sharer's name, told to visitors.</param>
    public ShareHost(ShareRecord record, Origin origin, IReadOnlyList<ShareSource> sources, Action<ShareRecord> save, Authorities authorities, RtcPathParts parts, string from)
    {
        (Sources, _parts, _time, From) = (sources, parts, parts.Time, from);
        _key = record.OpenKey();
        _publicKey = ShareKeys.Export(_key);
        Keys = new ShareKeys(ShareKeys.SecretOf(_publicKey));
        Link = ShareLink.Format(origin, Keys.Secret);
        TransferId.TryRead(Keys.Id, out var transfer);
        Transfer = transfer;
        Ledger = new ShareLedger(record, sources.Sum(source => source.Id.Shape.Size), save, _time);
        _rendezvous = new Rendezvous(origin, authorities, [(byte)RendezvousKind.Serve, .. Keys.Id, .. record.Token], _time) { Received = Take, Lost = () => { } };
    }

    /// <summary>To be passed on.</summary>
    public string Link { get; }

    /// <summary>Whether it is still kept; asked every second.</summary>
    public Func<bool> IsKept { get; init; } = () => true;

    /// <summary>Told of visitors: when they came, had everything, left.</summary>
    public Action<string> Told { get; init; } = _ => { };

    /// <summary>Where browsers reach this machine over HTTPS; null: nowhere. Stays its owner's.</summary>
    public HttpsDoor? Door { get; init; }

    internal ShareKeys Keys { get; }

    internal TransferId Transfer { get; }

    internal IReadOnlyList<ShareSource> Sources { get; }

    internal ShareLedger Ledger { get; }

    internal string From { get; }

    /// <summary>A new share's record.</summary>
    public static ShareRecord NewRecord(Origin origin, IReadOnlyList<string> paths, int times, DateTimeOffset ends)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new ShareRecord(origin.Value, key.ExportECPrivateKey(), RandomNumberGenerator.GetBytes(RendezvousLimits.TokenBytes), paths, times, ends.ToUnixTimeMilliseconds(), []);
    }

    /// <summary>Serves until it is over; gives why, or <see cref="ShareEnd.None"/> if it was only interrupted.</summary>
    public async Task<ShareEnd> RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var meeting = _rendezvous.RunAsync(ending.Token);
        var end = Ledger.Judge();
        while (end == ShareEnd.None && !cancellation.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_lookEvery, _time, cancellation);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            end = IsKept() ? Ledger.Judge() : ShareEnd.Stopped;
        }

        if (end != ShareEnd.None)
        {
            foreach (var visitor in _visitors.Values)
                await visitor.EndAsync(end);
            _rendezvous.Send(RendezvousKind.Over, (byte)end);
            // It is said when the server has closed, or after a while in vain.
            await Task.WhenAny(Task.Delay(_lookEvery, _time, CancellationToken.None), meeting);
        }

        await ending.CancelAsync();
        await meeting;
        return end;
    }

    /// <summary>Ends the link for good: whoever comes later is told so. For a share that is not being served.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _stopping = ending;
        await _rendezvous.RunAsync(ending.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var visitor in _visitors.Values)
            await visitor.DisposeAsync();
        Keys.Dispose();
        _key.Dispose();
    }

    internal void Say(uint visitor, ReadOnlySpan<byte> visit, ShareWord word)
    {
        if (word is { Kind: "offer", Sdp: { } sdp })
        {
            byte[] signature;
            lock (_key)
                signature = _key.SignData(ShareKeys.Signed(visit, sdp), HashAlgorithmName.SHA256);
            word = word with { Key = Convert.ToBase64String(_publicKey), Signature = Convert.ToBase64String(signature) };
        }

        _rendezvous.Send(RendezvousKind.Message, [.. Number(visitor), .. Keys.Seal(fromSender: true, visit, word.Write())]);
    }

    internal RtcPathParts Parts => _parts;

    internal Task<IceServerAddresses> ServersAsync(CancellationToken cancellation) => Rendezvous.ServersAsync(Volatile.Read(ref _servers), _time, cancellation);

    internal ulong NextPath() => Interlocked.Increment(ref _paths);

    /// <summary>A use goes on by another connection: the one before it, whose end was perhaps not noticed yet, is over.</summary>
    internal void Replace(string receipt, ShareVisitor by)
    {
        foreach (var visitor in _visitors.Values.Where(one => one != by))
            visitor.YieldTo(receipt);
    }

    /// <summary>A visitor's connection is gone.</summary>
    internal void Forget(uint number)
    {
        if (_visitors.TryRemove(number, out var visitor))
            _ = visitor.DisposeAsync().AsTask();
        _rendezvous.Send(RendezvousKind.Gone, Number(number));
    }

    private static byte[] Number(uint visitor)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, visitor);
        return bytes;
    }

    private void Take(RendezvousKind kind, byte[] body)
    {
        switch (kind)
        {
            case RendezvousKind.Serve when _stopping is { } stopping:
                _rendezvous.Send(RendezvousKind.Over, (byte)ShareEnd.Stopped);
                stopping.CancelAfter(_lookEvery);
                break;
            case RendezvousKind.Servers:
                Volatile.Write(ref _servers, body);
                break;
            case RendezvousKind.Message when body.Length > 4:
                Take(BinaryPrimitives.ReadUInt32BigEndian(body), body.AsSpan(4));
                break;
            case RendezvousKind.Gone when body.Length == 4 && _visitors.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(body), out var left):
                left.LeftRendezvous();
                break;
        }
    }

    private void Take(uint number, ReadOnlySpan<byte> box)
    {
        if (_visitors.TryGetValue(number, out var known))
        {
            if (Keys.Open(fromSender: false, known.Visit, box) is { } plain && ShareWord.TryRead(plain) is { } word)
                known.Take(word);
            return;
        }

        if (box.Length <= ShareKeys.VisitBytes)
            return;
        var visit = box[..ShareKeys.VisitBytes].ToArray();
        if (Keys.Open(fromSender: false, visit, box[ShareKeys.VisitBytes..]) is not { } first || ShareWord.TryRead(first) is not { Kind: "hello" })
            return;
        if (_visitors.Count >= MostVisitors)
        {
            Say(number, visit, new ShareWord("over") { Why = "busy" });
            return;
        }

        var visitor = new ShareVisitor(this, number, visit);
        _visitors[number] = visitor;
        visitor.Start();
    }
}
