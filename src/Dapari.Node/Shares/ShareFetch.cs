using System.Security.Cryptography;
using System.Threading.Channels;
using Dapari.Node.Links;
using Dapari.Node.Paths.Rtc;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Shares;

/// <summary>How fetching stands.</summary>
internal enum FetchState
{
    /// <summary>The sender is not there; it is waited for.</summary>
    Waiting,

    /// <summary>A connection is being made.</summary>
    Connecting,

    /// <summary>The connection was lost; another is made.</summary>
    Lost,

    /// <summary>Bytes come.</summary>
    Moving,
}

/// <summary>How fetching ended.</summary>
internal enum FetchEnd
{
    /// <summary>Everything is here.</summary>
    Done,

    /// <summary>The link's time is over.</summary>
    Time,

    /// <summary>It was used as often as it may be.</summary>
    UsedUp,

    /// <summary>Its sender ended it.</summary>
    Stopped,

    /// <summary>A file changed at its sender.</summary>
    SourceLost,

    /// <summary>The disk is full, or failed.</summary>
    Disk,
}

/// <summary>The visitor's end of a share in a terminal: meets the sender, makes connections until everything is here (docs/protocol/shares.md).</summary>
internal sealed class ShareFetch : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);
    private readonly ShareKeys _keys;
    private readonly Origin _origin;
    private readonly FetchStore _store;
    private readonly Authorities _authorities;
    private readonly RtcPathParts _parts;
    private readonly Channel<(RendezvousKind Kind, byte[] Body)> _heard = Channel.CreateBounded<(RendezvousKind, byte[])>(512);
    private ulong _paths;

    /// <param name="origin">The link's server.</param>
    /// <param name="secret">The link's.</param>
    /// <param name="folder">Where files go.</param>
    /// <param name="authorities">Whose certificates count.</param>
    /// <param name="parts">For connections.</param>
    public ShareFetch(Origin origin, ReadOnlySpan<byte> secret, string folder, Authorities authorities, RtcPathParts parts)
    {
        (_origin, _authorities, _parts) = (origin, authorities, parts);
        _keys = new ShareKeys(secret);
        _store = new FetchStore(folder, Convert.ToHexStringLower(_keys.Id));
    }

    /// <summary>How it stands; any thread.</summary>
    public Action<FetchState> Told { get; init; } = _ => { };

    /// <summary>Verified bytes and how many there are in all, after each chunk.</summary>
    public Action<long, long, Network> Moved { get; init; } = (_, _, _) => { };

    /// <summary>What came: full paths.</summary>
    public IReadOnlyList<string> Saved => _store.Saved;

    /// <summary>Fetches everything, as long as it takes.</summary>
    public async Task<FetchEnd> RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var rendezvous = new Rendezvous(_origin, _authorities, [(byte)RendezvousKind.Visit, .. _keys.Id], _parts.Time)
        {
            Received = (kind, body) => _heard.Writer.TryWrite((kind, body)),
            Lost = () => _heard.Writer.TryWrite((RendezvousKind.Away, [])),
        };
        var meeting = rendezvous.RunAsync(ending.Token);
        try
        {
            byte[]? servers = null;
            while (true)
            {
                var (kind, body) = await _heard.Reader.ReadAsync(cancellation);
                switch (kind)
                {
                    case RendezvousKind.Away:
                        Told(FetchState.Waiting);
                        break;
                    case RendezvousKind.Over when body.Length == 1:
                        return (ShareEnd)body[0] switch { ShareEnd.Time => FetchEnd.Time, ShareEnd.UsedUp => FetchEnd.UsedUp, _ => FetchEnd.Stopped };
                    case RendezvousKind.Servers:
                        servers = body;
                        break;
                    case RendezvousKind.Serve:
                        if (await VisitAsync(rendezvous, servers, cancellation) is { } end)
                            return end;
                        // A connection was lost or not made: the next visit is by a new meeting.
                        Told(FetchState.Lost);
                        await Task.Delay(_pause, _parts.Time, cancellation);
                        rendezvous.Leave();
                        break;
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await meeting;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _keys.Dispose();
    }

    private async Task<FetchEnd?> VisitAsync(Rendezvous rendezvous, byte[]? servers, CancellationToken cancellation)
    {
        Told(FetchState.Connecting);
        var visit = RandomNumberGenerator.GetBytes(ShareKeys.VisitBytes);
        var transfer = new FetchTransfer(_store, _keys.Id) { Moved = Moved };
        await using var path = new RtcPath(++_paths, offerer: false, polite: true, await Rendezvous.ServersAsync(servers, _parts.Time, cancellation), _parts, ShareVisitor.Label)
        {
            SignalMade = (_, signal) =>
            {
                if (ShareWord.Of(signal) is { } word)
                    rendezvous.Send(RendezvousKind.Message, _keys.Seal(fromSender: false, visit, word.Write()));
            },
            Opened = (_, facts) => transfer.Open(facts),
            FactsChanged = (_, facts) => transfer.Change(facts),
            Received = (_, message) => transfer.Hear(message),
            Ended = _ => transfer.End(),
        };
        path.Start();
        rendezvous.Send(RendezvousKind.Message, [.. visit, .. _keys.Seal(fromSender: false, visit, new ShareWord("hello") { Version = 1 }.Write())]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var moving = transfer.RunAsync(path, () => Told(FetchState.Moving), _parts.Time, stop.Token);
        while (!moving.IsCompleted)
        {
            var next = _heard.Reader.WaitToReadAsync(cancellation).AsTask();
            if (await Task.WhenAny(moving, next) == moving)
                break;
            while (!moving.IsCompleted && _heard.Reader.TryRead(out var heard))
            {
                if (heard.Kind == RendezvousKind.Away && !transfer.IsOpen)
                    transfer.End();
                if (heard.Kind == RendezvousKind.Over && !transfer.IsOpen && heard.Body.Length == 1)
                    transfer.Over(ShareVisitor.Name((ShareEnd)heard.Body[0]));
                if (heard.Kind == RendezvousKind.Message && _keys.Open(fromSender: true, visit, heard.Body) is { } plain && ShareWord.TryRead(plain) is { } word)
                    Take(path, transfer, visit, word);
            }
        }

        var end = await moving;
        if (end is not null)
            await stop.CancelAsync();
        return end;
    }

    private void Take(RtcPath path, FetchTransfer transfer, byte[] visit, ShareWord word)
    {
        switch (word.Kind)
        {
            case "over":
                transfer.Over(word.Why ?? "");
                break;
            case "offer" when word is { Sdp: { } sdp, Key: { } key, Signature: { } signature } && IsGenuine(visit, sdp, key, signature):
                path.Accept(new Signal { OfferSdp = sdp });
                break;
            case "candidate" when word.ToSignal() is { } signal:
                path.Accept(signal);
                break;
        }
    }

    private bool IsGenuine(byte[] visit, string sdp, string key, string signature)
    {
        Span<byte> keyBytes = stackalloc byte[72];
        Span<byte> signatureBytes = stackalloc byte[72];
        return Convert.TryFromBase64String(key, keyBytes, out var keyLength) && Convert.TryFromBase64String(signature, signatureBytes, out var signatureLength)
            && _keys.IsGenuine(visit, sdp, keyBytes[..keyLength], signatureBytes[..signatureLength]);
    }
}
