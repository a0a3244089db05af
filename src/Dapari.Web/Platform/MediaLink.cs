using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>The media of calls over RTCPeerConnection. JavaScript knows legs by small numbers, the engine by their ids.</summary>
internal sealed partial class MediaLink : IMediaLink
{
    private const int FingerprintCharacters = 64;

    private readonly Dictionary<ulong, int> _ids = [];
    private readonly Dictionary<int, ulong> _legs = [];
    private int _last;

    public MediaLink()
    {
        CallEvents.OnDescribed = (id, offer, sdp) => Made(id, offer ? new Signal { OfferSdp = sdp } : new Signal { AnswerSdp = sdp });
        CallEvents.OnCandidate = (id, candidate, mid, line, fragment) => Made(id, new Signal
        {
            Candidate = new Candidate { Candidate_ = candidate, SdpMid = mid, SdpMLineIndex = (uint)Math.Max(line, 0), UsernameFragment = fragment },
        });
        CallEvents.OnCandidatesEnded = id => Made(id, new Signal { EndOfCandidates = true });
        CallEvents.OnFacts = (id, facts) =>
        {
            if (_legs.TryGetValue(id, out var leg)) FactsChanged?.Invoke(leg, Read(facts));
        };
        CallEvents.OnMeasured = (id, quality) =>
        {
            if (_legs.TryGetValue(id, out var leg) && LegQuality.Read(quality) is { } read) Measured?.Invoke(leg, read);
        };
        CallEvents.OnClosed = id =>
        {
            if (!_legs.Remove(id, out var leg)) return;
            _ids.Remove(leg);
            Closed?.Invoke(leg);
        };
    }

    public event Action<ulong, Signal>? SignalMade;

    public event Action<ulong, LegFacts>? FactsChanged;

    public event Action<ulong>? Closed;

    /// <summary>How a leg goes, about once a second.</summary>
    public event Action<ulong, LegQuality>? Measured;

    /// <summary>A leg has, or has no longer, a number here: pictures of it can be shown, or no longer.</summary>
    public event Action<ulong, int>? Numbered;

    public bool IsSupported => Js.IsSupported() && BrowserPage.CameraIsSupported();

    /// <summary>The number by which JavaScript knows a leg, or -1.</summary>
    public int NumberOf(ulong leg) => _ids.GetValueOrDefault(leg, -1);

    public void Open(ulong leg, bool offerer, bool polite, bool relayOnly, IReadOnlyList<IceServer> iceServers)
    {
        Close(leg);
        var id = ++_last;
        _ids[leg] = id;
        _legs[id] = leg;
        var servers = PathLink.Json(iceServers);
        CallModules.Run(() =>
        {
            // It may have been closed while the modules were loaded.
            if (!_legs.ContainsKey(id)) return;
            if (Js.Open(id, offerer, polite, relayOnly, servers))
            {
                Numbered?.Invoke(leg, id);
                return;
            }

            _ids.Remove(leg);
            _legs.Remove(id);
            Closed?.Invoke(leg);
        });
    }

    public void Accept(ulong leg, Signal signal)
    {
        if (!_ids.TryGetValue(leg, out var id)) return;
        CallModules.Run(() =>
        {
            switch (signal.PartCase)
            {
                case Signal.PartOneofCase.OfferSdp:
                    Js.DescribeRemote(id, true, signal.OfferSdp);
                    break;
                case Signal.PartOneofCase.AnswerSdp:
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
        });
    }

    public void Restart(ulong leg, bool relayOnly, IReadOnlyList<IceServer> iceServers)
    {
        if (!_ids.TryGetValue(leg, out var id)) return;
        var servers = PathLink.Json(iceServers);
        CallModules.Run(() => Js.Restart(id, relayOnly, servers));
    }

    public void Close(ulong leg)
    {
        if (!_ids.Remove(leg, out var id)) return;
        _legs.Remove(id);
        CallModules.Run(() => Js.Close(id));
        Numbered?.Invoke(leg, -1);
    }

    private void Made(int id, Signal signal)
    {
        if (_legs.TryGetValue(id, out var leg)) SignalMade?.Invoke(leg, signal);
    }

    // "state|fingerprint|speaks|" and the pair, as call.js writes it.
    private static LegFacts Read(string facts)
    {
        var parts = facts.Split('|', 4);
        if (parts.Length != 4) return default;
        var state = parts[0] switch { "1" => LegState.Connected, "2" => LegState.Interrupted, _ => LegState.Opening };
        var fingerprint = parts[1].Length == FingerprintCharacters ? Convert.FromHexString(parts[1]) : [];
        return new LegFacts(state, PathFactsText.Read(parts[3]), fingerprint, parts[2] == "1");
    }

    private static partial class Js
    {
        [JSImport("isSupported", "path")]
        internal static partial bool IsSupported();

        [JSImport("open", "call")]
        internal static partial bool Open(int id, bool offerer, bool polite, bool relayOnly, string iceServers);

        [JSImport("describeRemote", "call")]
        internal static partial void DescribeRemote(int id, bool offer, string sdp);

        [JSImport("addCandidate", "call")]
        internal static partial void AddCandidate(int id, string candidate, string mid, int line, string fragment);

        [JSImport("endCandidates", "call")]
        internal static partial void EndCandidates(int id);

        [JSImport("restart", "call")]
        internal static partial void Restart(int id, bool relayOnly, string iceServers);

        [JSImport("close", "call")]
        internal static partial void Close(int id);
    }
}
