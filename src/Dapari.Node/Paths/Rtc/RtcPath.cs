using Dapari.Peer.Hosting;
using Dapari.Rtc;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sockets.Peers;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths.Rtc;

/// <summary>
/// One attempt at a path by WebRTC, and the path that comes of it: a connection with the channel "dapari", as browsers have it (docs/protocol/routes.md). What is
/// told of it comes on its driver's thread. Safe for threads.
/// </summary>
internal sealed partial class RtcPath : IRtcListener, IAsyncDisposable
{
    /// <summary>The channel of envelopes.</summary>
    public const string Label = "dapari";

    // As browsers hold it here: four envelopes.
    private const int MostBuffered = 256 * 1024;
    private static readonly TimeSpan _factsEvery = TimeSpan.FromSeconds(5);
    private readonly RtcDriver _driver;
    private readonly DtlsCertificate _certificate;
    private readonly RtcPathParts _parts;
    private readonly string _label;
    private readonly ulong _session = Entropy.System.Next();
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private volatile RtcChannel? _channel;
    private bool _opened;
    private bool _over;
    private long _buffered;

    /// <param name="id">As the engine names it.</param>
    /// <param name="offerer">Whether this end makes the channel and the first offer.</param>
    /// <param name="polite">Whether this end yields in a collision of offers.</param>
    /// <param name="servers">For addresses from outside.</param>
    /// <param name="parts">What all paths share.</param>
    /// <param name="label">The channel's.</param>
    public RtcPath(ulong id, bool offerer, bool polite, IceServerAddresses servers, RtcPathParts parts, string label = Label)
    {
        (Id, _offerer, _polite, _parts, _label) = (id, offerer, polite, parts, label);
        _certificate = DtlsCertificate.Create(parts.Time.GetUtcNow());
        _driver = new RtcDriver(
            new RtcDriverOptions
            {
                Peer = new RtcPeerOptions { Offerer = offerer, Certificate = _certificate },
                Addresses = parts.Addresses.Count > 0 ? parts.Addresses : null,
                StunServers = servers.Stun,
                TurnServers = servers.Turn,
                Judge = parts.Judge,
                Mapper = parts.Mapper,
            },
            this, Entropy.System);
        _timer = parts.Time.CreateTimer(_ => _driver.Do((peer, _) => TellFacts(peer)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>As the engine names it.</summary>
    public ulong Id { get; }

    /// <summary>To be carried to the other end.</summary>
    public required Action<RtcPath, Signal> SignalMade { get; init; }

    /// <summary>Told once: messages may go.</summary>
    public required Action<RtcPath, PathFacts> Opened { get; init; }

    /// <summary>The way changed, or was measured anew.</summary>
    public required Action<RtcPath, PathFacts> FactsChanged { get; init; }

    /// <summary>A message; the bytes are the listener's.</summary>
    public required Action<RtcPath, byte[]> Received { get; init; }

    /// <summary>Told once: it is gone, or will never be.</summary>
    public required Action<RtcPath> Ended { get; init; }

    /// <summary>The way as it is now; null: it does not stand.</summary>
    public async Task<WayFacts?> FactsAsync(CancellationToken cancellation)
    {
        try
        {
            return await _driver.AskAsync<WayFacts?>((peer, _) =>
            {
                if (!_opened || _over || peer.SelectedPair is not { } pair)
                    return null;
                var round = peer.RoundTripUs > 0 ? peer.RoundTripUs : pair.RoundTripMs * 1_000;
                var relay = pair.LocalType == CandidateType.Relayed ? _driver.TransportTo(pair.Local) : null;
                return WayFacts.OfPair(pair, relay, round > 0 ? (uint)Math.Min(round, uint.MaxValue) : null, peer.SentBytes, peer.ReceivedBytes, [.. _theirKinds.Order(StringComparer.Ordinal)]);
            }, cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Begins; signals are made from now on.</summary>
    public void Start()
    {
        if (_offerer)
        {
            _driver.Do((peer, now) =>
            {
                peer.OpenChannel(_label, "", ChannelReliability.Reliable, ordered: true);
                Offer(peer);
            });
        }

        _driver.Start();
    }

    /// <summary>A signal from the other end; one that is malformed changes nothing, and the attempt ends by its deadline.</summary>
    public void Accept(Signal signal) => _driver.Do((peer, now) => Take(peer, signal, now));

    /// <summary>Looks for the way anew.</summary>
    public void Restart() => _driver.Do((peer, now) =>
    {
        if (_described && !_over)
        {
            peer.Restart(now);
            Offer(peer);
        }
    });

    /// <summary>Sends a message; false: there is no channel, or too much waits.</summary>
    public bool TrySend(ReadOnlyMemory<byte> message)
    {
        if (_channel is not { } channel || (Interlocked.Read(ref _buffered) is > 0 and var waits && waits + message.Length > MostBuffered))
            return false;
        Interlocked.Add(ref _buffered, message.Length);
        _ = SendAsync(channel, message);
        return true;
    }

    /// <summary>Sends a message and completes when the connection has taken it, so that the path's pace is the sender's; false: there is no channel any more.</summary>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> message) => _channel is { } channel && await _driver.SendAsync(channel, message, text: false) == SendResult.Accepted;

    /// <summary>Closes the connection, tells the other end, and frees what it has.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _timer.DisposeAsync();
        await _driver.DisposeAsync();
        _certificate.Dispose();
    }

    bool IRtcListener.Takes => _files?.IsFull != true;

    void IRtcListener.Happened(RtcPeer peer, in RtcEvent told, long nowUs)
    {
        switch (told.Kind)
        {
            case RtcEventKind.CandidateFound:
                Tell(told.Candidate!);
                break;
            case RtcEventKind.GatheringDone:
                TellEnd();
                break;
            case RtcEventKind.NameToResolve:
                _ = ResolveAsync(told.Candidate!);
                break;
            case RtcEventKind.PairSelected or RtcEventKind.Reconnected:
                TellFacts(peer);
                break;
            // A router between them may have forgotten its mapping, which the end behind it cannot see: whoever hears nothing looks anew.
            case RtcEventKind.Disconnected:
                Restart();
                break;
            case RtcEventKind.ChannelOpened:
                Adopt(peer, told.Channel!, nowUs);
                break;
            case RtcEventKind.ChannelClosed when told.Channel == _channel:
            case RtcEventKind.Failed:
            case RtcEventKind.Closed:
                End();
                break;
            case RtcEventKind.ChannelClosed:
                FilesClosed(told.Channel);
                break;
        }
    }

    void IRtcListener.Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs)
    {
        if (channel == _channel && !text && !_over)
            Received(this, message.ToArray());
        else if (channel == _files?.Data && !text)
            _files.Take(message);
    }

    void IRtcListener.Failed(Exception fault) => End();

    private void Adopt(RtcPeer peer, RtcChannel channel, long now)
    {
        if (_over)
            return;
        if (channel.Label == _label && channel.IsOrdered && _channel is null && channel.IsOurs == _offerer)
        {
            _channel = channel;
            _opened = true;
            Opened(this, RtcFacts.Of(peer));
            _timer.Change(_factsEvery, _factsEvery);
        }
        else if (!TryAdoptFiles(channel))
            peer.CloseChannel(channel, now);
    }

    private void TellFacts(RtcPeer peer)
    {
        if (_opened && !_over)
            FactsChanged(this, RtcFacts.Of(peer));
    }

    private void End()
    {
        if (_over)
            return;
        _over = true;
        _channel = null;
        EndFiles();
        Ended(this);
    }

    private async Task SendAsync(RtcChannel channel, ReadOnlyMemory<byte> message)
    {
        await _driver.SendAsync(channel, message, text: false);
        Interlocked.Add(ref _buffered, -message.Length);
    }
}
