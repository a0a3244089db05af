using System.Runtime.InteropServices.JavaScript;
using System.Text;
using System.Text.Json;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>Direct paths over RTCPeerConnection. JavaScript knows them by small numbers, the engine by attempt ids.</summary>
internal sealed partial class PathLink : IPathLink
{
    // RFC 8831 §6.6 leaves message sizes to both ends; an envelope is far smaller than what browsers take. A high-water mark of four envelopes.
    private const int MostBuffered = 256 * 1024;

    private readonly Dictionary<ulong, int> _ids = [];
    private readonly Dictionary<int, ulong> _paths = [];
    private int _last;

    public PathLink()
    {
        PathEvents.OnDescribed = (id, offer, sdp) => Made(id, offer ? new Signal { OfferSdp = sdp } : new Signal { AnswerSdp = sdp });
        PathEvents.OnCandidate = (id, candidate, mid, line, fragment) => Made(id, new Signal
        {
            Candidate = new Candidate { Candidate_ = candidate, SdpMid = mid, SdpMLineIndex = (uint)Math.Max(line, 0), UsernameFragment = fragment },
        });
        PathEvents.OnCandidatesEnded = id => Made(id, new Signal { EndOfCandidates = true });
        PathEvents.OnOpened = (id, facts) =>
        {
            if (_paths.TryGetValue(id, out var path)) Opened?.Invoke(path, PathFactsText.Read(facts));
        };
        PathEvents.OnFacts = (id, facts) =>
        {
            if (_paths.TryGetValue(id, out var path)) FactsChanged?.Invoke(path, PathFactsText.Read(facts));
        };
        PathEvents.OnReceived = (id, bytes) =>
        {
            if (_paths.TryGetValue(id, out var path)) Received?.Invoke(path, bytes);
        };
        PathEvents.OnClosed = id =>
        {
            if (!_paths.Remove(id, out var path)) return;
            _ids.Remove(path);
            Closed?.Invoke(path);
        };
        PageEvents.OnNetworkChanged = () => NetworkChanged?.Invoke();
    }

    public event Action<ulong, Signal>? SignalMade;

    public event Action<ulong, PathFacts>? Opened;

    public event Action<ulong, PathFacts>? FactsChanged;

    public event Action<ulong>? Closed;

    public event Action<ulong, byte[]>? Received;

    public event Action? NetworkChanged;

    public bool IsSupported => Js.IsSupported();

    /// <summary>The number by which JavaScript knows a path, or -1.</summary>
    public int NumberOf(ulong path) => _ids.GetValueOrDefault(path, -1);

    public void Open(ulong path, bool offerer, bool polite, IReadOnlyList<IceServer> iceServers)
    {
        Close(path);
        var id = ++_last;
        _ids[path] = id;
        _paths[id] = path;
        if (Js.Open(id, offerer, polite, Json(iceServers))) return;
        _ids.Remove(path);
        _paths.Remove(id);
        Closed?.Invoke(path);
    }

    public void Accept(ulong path, Signal signal)
    {
        if (!_ids.TryGetValue(path, out var id)) return;
        switch (signal.PartCase)
        {
            case Signal.PartOneofCase.OfferSdp when SessionDescription.IsData(signal.OfferSdp):
                Js.DescribeRemote(id, true, signal.OfferSdp);
                break;
            case Signal.PartOneofCase.AnswerSdp when SessionDescription.IsData(signal.AnswerSdp):
                Js.DescribeRemote(id, false, signal.AnswerSdp);
                break;
            case Signal.PartOneofCase.Candidate:
                var candidate = signal.Candidate;
                Js.AddCandidate(id, candidate.Candidate_, candidate.SdpMid, (int)Math.Min(candidate.SdpMLineIndex, 255), candidate.UsernameFragment);
                break;
            case Signal.PartOneofCase.EndOfCandidates:
                Js.EndCandidates(id);
                break;
        }
    }

    public void Restart(ulong path)
    {
        if (_ids.TryGetValue(path, out var id)) Js.Restart(id);
    }

    public bool TrySend(ulong path, ReadOnlyMemory<byte> message) => _ids.TryGetValue(path, out var id) && Js.Send(id, message.ToArray(), MostBuffered);

    public void Close(ulong path)
    {
        if (!_ids.Remove(path, out var id)) return;
        _paths.Remove(id);
        Js.Close(id);
    }

    private void Made(int id, Signal signal)
    {
        if (_paths.TryGetValue(id, out var path)) SignalMade?.Invoke(path, signal);
    }

    internal static string Json(IReadOnlyList<IceServer> servers)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var server in servers)
            {
                json.WriteStartObject();
                json.WriteStartArray("urls");
                foreach (var url in server.Urls) json.WriteStringValue(url);
                json.WriteEndArray();
                if (server.Username.Length != 0) json.WriteString("username", server.Username);
                if (server.Credential.Length != 0) json.WriteString("credential", server.Credential);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static partial class Js
    {
        [JSImport("isSupported", "path")]
        internal static partial bool IsSupported();

        [JSImport("open", "path")]
        internal static partial bool Open(int id, bool offerer, bool polite, string iceServers);

        [JSImport("describeRemote", "path")]
        internal static partial void DescribeRemote(int id, bool offer, string sdp);

        [JSImport("addCandidate", "path")]
        internal static partial void AddCandidate(int id, string candidate, string mid, int line, string fragment);

        [JSImport("endCandidates", "path")]
        internal static partial void EndCandidates(int id);

        [JSImport("restart", "path")]
        internal static partial void Restart(int id);

        [JSImport("send", "path")]
        internal static partial bool Send(int id, byte[] bytes, int limit);

        [JSImport("close", "path")]
        internal static partial void Close(int id);
    }
}
