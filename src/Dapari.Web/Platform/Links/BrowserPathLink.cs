using System.Text;
using System.Text.Encodings.Web;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>Direct paths over the browser's RTCPeerConnection.</summary>
internal sealed class BrowserPathLink : IPathLink, IDisposable
{
    // Chromium closes a channel that holds 16 MiB; a healthy path drains far below this.
    private const int MostBuffered = 4 * 1024 * 1024;
    private readonly Dictionary<int, ulong> _paths = [];
    private readonly Dictionary<ulong, int> _ids = [];
    private readonly TimeProvider _time;
    private int _last;

    public BrowserPathLink(TimeProvider time)
    {
        _time = time;
        PathEvents.Listener = this;
        PageEvents.NetworkListener = () => NetworkChanged?.Invoke();
    }

    /// <inheritdoc/>
    public event Action<ulong, Signal>? SignalMade;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? Opened;

    /// <inheritdoc/>
    public event Action<ulong, PathFacts>? FactsChanged;

    /// <inheritdoc/>
    public event Action<ulong>? Closed;

    /// <inheritdoc/>
    public event Action<ulong, byte[]>? Received;

    /// <inheritdoc/>
    public event Action? NetworkChanged;

    /// <inheritdoc/>
    public bool IsSupported { get; } = PathModule.IsSupported();

    /// <inheritdoc/>
    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
        Close(path);
        var id = ++_last;
        _paths[id] = path;
        _ids[path] = id;
        if (!PathModule.Open(id, offerer, polite, ToJson(iceServers)))
            _time.CreateTimer(_ => OnClosed(id), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Accept(ulong path, Signal signal)
    {
        if (!_ids.TryGetValue(path, out var id)) return;
        switch (signal.PartCase)
        {
            case Signal.PartOneofCase.OfferSdp:
                PathModule.DescribeRemote(id, true, signal.OfferSdp);
                break;
            case Signal.PartOneofCase.AnswerSdp:
                PathModule.DescribeRemote(id, false, signal.AnswerSdp);
                break;
            case Signal.PartOneofCase.Candidate:
                var candidate = signal.Candidate;
                PathModule.AddCandidate(id, candidate.Candidate_, candidate.SdpMid, (int)candidate.SdpMLineIndex, candidate.UsernameFragment);
                break;
            case Signal.PartOneofCase.EndOfCandidates:
                PathModule.EndCandidates(id);
                break;
        }
    }

    /// <inheritdoc/>
    public void Restart(ulong path)
    {
        if (_ids.TryGetValue(path, out var id)) PathModule.Restart(id);
    }

    /// <inheritdoc/>
    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) =>
        _ids.TryGetValue(path, out var id) && PathModule.Send(id, message.ToArray(), MostBuffered);

    /// <inheritdoc/>
    public void Close(ulong path)
    {
        if (!_ids.Remove(path, out var id)) return;
        _paths.Remove(id);
        PathModule.Close(id);
    }

    /// <summary>Closes all; nothing is raised any more.</summary>
    public void Dispose()
    {
        foreach (var path in _ids.Keys.ToList())
            Close(path);
        if (PathEvents.Listener == this) PathEvents.Listener = null;
        PageEvents.NetworkListener = null;
    }

    public void OnDescribed(int id, bool offer, string sdp) => Say(id, offer ? new Signal { OfferSdp = sdp } : new Signal { AnswerSdp = sdp });

    public void OnCandidate(int id, string candidate, string mid, int line, string fragment) =>
        Say(id, new Signal
        {
            Candidate = new Candidate { Candidate_ = candidate, SdpMid = mid, SdpMLineIndex = (uint)Math.Max(0, line), UsernameFragment = fragment },
        });

    public void OnCandidatesEnded(int id) => Say(id, new Signal { EndOfCandidates = true });

    public void OnOpened(int id, string facts)
    {
        if (_paths.TryGetValue(id, out var path)) Opened?.Invoke(path, SettledPair.Read(facts));
    }

    public void OnFacts(int id, string facts)
    {
        if (_paths.TryGetValue(id, out var path)) FactsChanged?.Invoke(path, SettledPair.Read(facts));
    }

    public void OnReceived(int id, byte[] bytes)
    {
        if (_paths.TryGetValue(id, out var path)) Received?.Invoke(path, bytes);
    }

    public void OnClosed(int id)
    {
        if (!_paths.Remove(id, out var path)) return;
        _ids.Remove(path);
        Closed?.Invoke(path);
    }

    private void Say(int id, Signal signal)
    {
        if (_paths.TryGetValue(id, out var path)) SignalMade?.Invoke(path, signal);
    }

    private static string ToJson(IReadOnlyList<IceServer> servers)
    {
        var json = new StringBuilder("[");
        foreach (var server in servers)
        {
            if (json.Length > 1) json.Append(',');
            json.Append("{\"urls\":[").AppendJoin(',', server.Urls.Select(Quote)).Append(']');
            if (server.Username.Length > 0) json.Append(",\"username\":").Append(Quote(server.Username));
            if (server.Credential.Length > 0) json.Append(",\"credential\":").Append(Quote(server.Credential));
            json.Append('}');
        }

        return json.Append(']').ToString();
    }

    private static string Quote(string text) => $"\"{JavaScriptEncoder.Default.Encode(text)}\"";
}
